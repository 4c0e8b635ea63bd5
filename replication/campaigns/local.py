"""Trains the runs of a campaign in processes of this machine."""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from multiprocessing import resource_tracker

from pebble import ProcessExpired, ProcessPool

from binenc_core.config import RunConfig
from replication.campaigns import workers
from replication.runs import trainer

# A process that has not begun to train in this time never will: a library that finds too little
# memory may try for ever. On a machine that is busy with other work it may take minutes.
START_SECONDS = 300


class LocalJob:
    """One run that a process has been given; it fails where the process does not begin."""

    def __init__(self, future: Future, config: RunConfig):
        self.future, self.config = future, config
        self._begun, self._waited, self._asked = False, 0.0, time.monotonic()

    def done(self) -> bool:
        """Whether it has ended, whichever way."""
        if not self._begun and not self.future.done():
            self._begun = trainer.is_busy(self.config)
            now = time.monotonic()
            # No more than a second each time: the whole campaign may have been stopped meanwhile.
            self._waited += min(1, now - self._asked)
            self._asked = now
            if self._waited > START_SECONDS and not self._begun:
                self.future.cancel()
        return self.future.done()

    def failure(self) -> str | None:
        """Why it failed, in one line, once it is done; None if it did not."""
        if self.future.cancelled():
            return f"its process did not begin within {START_SECONDS} s: is the memory short?"
        error = self.future.exception()
        return None if error is None else reason(error)


def reason(error: BaseException) -> str:
    """Why work in a process failed, in one line."""
    if isinstance(error, ProcessExpired):
        return f"its process was killed (exit code {error.exitcode})"
    first = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first}".rstrip(": ")


class LocalExecutor:
    """Processes of some threads each, which train one run at a time, or do other work.

    Two processes of one thread are faster than one of two. A process that dies takes only its run
    with it.
    """

    def __init__(self, processes: int, threads: int = 1, device: str = "auto"):
        self.processes, self.threads, self.device = processes, threads, device
        self.pool = self._new_pool()

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(self.processes, initializer=workers.begin, context=workers.spawning())

    def room(self, running: int) -> int:
        """How many more runs may be submitted while so many are."""
        return self.processes - running

    def submit(self, configs: Sequence[RunConfig]) -> list[LocalJob]:
        """Let free processes train these runs."""
        how = (self.device, self.threads, workers.silent)
        futures = self.schedule(workers.train_one, [(config, *how) for config in configs])
        return [LocalJob(*pair) for pair in zip(futures, configs, strict=True)]

    def schedule(self, work: Callable, arguments: Iterable[tuple]) -> list[Future]:
        """Let free processes do some work, once with each tuple of arguments."""
        with _deaf_to_interrupts():
            if not self.pool.active:  # a process that dies before its first run breaks the pool
                self.stop()
                self.pool = self._new_pool()
            return [self.pool.schedule(work, args=own) for own in arguments]

    def stop(self) -> None:
        """End every process at once."""
        self.pool.stop()
        self.pool.join()


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes and threads that begin within never get Ctrl-C; this one gets it at the end.

    It reaches every process of a terminal, and the campaign alone answers it.
    """
    resource_tracker.ensure_running()  # its start would let Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def default_processes(device: str, threads: int = 1) -> int:
    """As many processes of some threads as this process may use cores; one on a GPU.

    Raises ValueError for a device that is not there.
    """
    from replication.base.devices import (
        resolve_device,  # loads PyTorch, which a live panel does without
    )

    if resolve_device(device).type != "cpu":
        return 1
    on_linux = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if on_linux else os.cpu_count()
    return max(1, cores // threads)
