"""What a process of a campaign does: train one run after another."""

import multiprocessing
import os
import threading
from multiprocessing.context import BaseContext

from binenc_core.config import RunConfig
from replication.base.progress import Say


def train_one(config: RunConfig, device: str, threads: int, say: Say = print) -> None:
    """Train a run with so many CPU threads and keep it, from its last checkpoint on.

    Returns at once where the run is in the runs folder or another process is training it; whoever
    asks for it has looked in results/. Raises as `trainer.get_or_train` does.
    """
    # What is slow to load comes before the run is locked: who waits for it sees where it fails.
    import sklearn.datasets  # noqa: F401
    import torch

    from replication.runs.trainer import BusyError, get_or_train

    torch.set_num_threads(threads)
    try:
        get_or_train(config, device, say, wait=False, frozen={})
    except BusyError as busy:
        say(str(busy))


def silent(text: str) -> None:
    """Say nothing."""


def spawning() -> BaseContext:
    """How processes of a campaign are made; raises OSError where the system lets none be made.

    A forked process could inherit a lock that some thread holds.
    """
    context = multiprocessing.get_context("spawn")
    try:
        context.Lock()
    except OSError as error:
        reason = f"{error.strerror}: is /dev/shm there, and can it be written?"
        raise OSError(f"processes side by side need shared memory: {reason}") from error
    return context


def begin() -> None:
    """Prepare a process of a campaign on this machine."""
    os.environ["TQDM_DISABLE"] = "1"  # the campaign has a table of its own
    from tqdm import tqdm  # which reads the variable when it is imported

    # Its own lock is a semaphore, of which the end of this process may leave something behind.
    tqdm.set_lock(threading.RLock())
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End this process when its parent does, even if that was killed; checkpoints are whole."""
    multiprocessing.parent_process().join()
    os._exit(1)
