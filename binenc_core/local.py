"""Trains the runs of a campaign in processes of this machine."""

import multiprocessing
import os
from collections.abc import Sequence
from concurrent.futures import Future

from pebble import ProcessExpired, ProcessPool

from binenc_core import workers
from binenc_core.config import RunConfig
from binenc_core.devices import resolve_device


class LocalJob:
    """One run that a process has been given."""

    def __init__(self, future: Future):
        self.future = future

    def done(self) -> bool:
        """Whether it has ended, whichever way."""
        return self.future.done()

    def failure(self) -> str | None:
        """Why it failed, in one line, once it is done; None if it did not."""
        error = self.future.exception()
        if error is None:
            return None
        if isinstance(error, ProcessExpired):
            return f"its process was killed (exit code {error.exitcode})"
        first = str(error).partition("\n")[0]
        return f"{type(error).__name__}: {first}"


class LocalExecutor:
    """Processes of some threads each, which train one run at a time.

    Two processes of one thread are faster than one of two. A process that dies takes only its run
    with it.
    """

    def __init__(self, processes: int, threads: int = 1, device: str = "auto"):
        self.processes, self.threads, self.device = processes, threads, device
        # A forked process could inherit a lock that some thread holds.
        context = multiprocessing.get_context("spawn")
        self.pool = ProcessPool(processes, initializer=workers.begin, context=context)

    def room(self, running: int) -> int:
        """How many more runs may be submitted while so many are."""
        return self.processes - running

    def submit(self, configs: Sequence[RunConfig]) -> list[LocalJob]:
        """Let free processes train these runs."""
        how = (self.device, self.threads, workers.silent)
        futures = [self.pool.schedule(workers.train_one, args=[c, *how]) for c in configs]
        return [LocalJob(future) for future in futures]

    def stop(self) -> None:
        """End every process at once."""
        self.pool.stop()
        self.pool.join()


def default_processes(device: str, threads: int = 1) -> int:
    """As many processes of some threads as this process may use cores; one on a GPU.

    Raises ValueError for a device that is not there.
    """
    if resolve_device(device).type != "cpu":
        return 1
    on_linux = hasattr(os, "sched_getaffinity")
    cores = len(os.sched_getaffinity(0)) if on_linux else os.cpu_count()
    return max(1, cores // threads)
