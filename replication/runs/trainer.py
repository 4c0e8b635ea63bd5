"""One run: found on disk, or trained from its last checkpoint on, and kept."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from binenc_core.config import DEVICES, RunConfig, known
from replication.base import progress, provenance
from replication.base.files import check_writable
from replication.base.progress import Say
from replication.runs import pytorch, store
from replication.runs.store import Run

# Who asks whether a run is busy holds its lock for a moment.
LOCK_SECONDS = 1


class BusyError(RuntimeError):
    """Another process is training the run."""


def get_or_train(
    config: RunConfig,
    device: str = "auto",
    say: Say = print,
    wait: bool = True,
    frozen: Mapping[str, Run] | None = None,
) -> Run:
    """The run of a configuration: found on disk, or trained now and kept.

    Says which of the two, and how long a training will take. A training that was cut off goes on
    from its last logged epoch, and one of more epochs from the end of a shorter one. Two processes
    do not train the same run: the second waits for the first, or raises BusyError where `wait` is
    false. `frozen` is as in `store.find`. Raises, before any work, ValueError for a device that is
    not there, OSError for a runs folder that cannot be written, and RuntimeError for a missing run
    where PyTorch is not installed.
    """
    check_device(device)
    if found := store.find(config, frozen):
        return _hit(found, say)
    pytorch.check([config])
    from replication.base.devices import resolve_device

    target = resolve_device(device)
    check_writable(store.runs_folder(), "BINENC_RUNS")
    with _locked(config, say if wait else None):
        if found := store.find(config, frozen):
            return _hit(found, say)
        return _train(config, target, say)


def check_device(name: str) -> None:
    """Raise ValueError for what is no name of a device; whether it is there, training finds out."""
    known("device", DEVICES, name)


def is_busy(config: RunConfig) -> bool:
    """Whether a process, on this machine or on another that shares the disk, trains the run."""
    if not _hidden(config, "lock").exists():
        return False
    try:
        with _lock(config).acquire(timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # which `get_or_train` tells
        return False


def progress_of(config: RunConfig) -> progress.Progress | None:
    """How far the training of a busy run is; None before it has begun."""
    return progress.read(_hidden(config, "progress"))


def checkpoint_of(config: RunConfig) -> Path:
    """The file with the last checkpoint of a training that has not ended; it may be missing."""
    return _hidden(config, "checkpoint")


def _hit(found: Run, say: Say) -> Run:
    say(f"hit: {found.config.label} ({found.id}) is in {found.place}")
    return found


def _hidden(config: RunConfig, kind: str) -> Path:
    """A file beside the run's folder: its lock, checkpoint or progress."""
    return store.runs_folder() / f".{config.id}.{kind}"


def _lock(config: RunConfig) -> FileLock:
    return FileLock(_hidden(config, "lock"))


@contextmanager
def _locked(config: RunConfig, say: Say | None) -> Iterator[None]:
    """Hold the run's lock; where another process has it, say so and wait, or raise BusyError."""
    # The system gives up a lock when its process ends, however it ends.
    lock = _lock(config)
    try:
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout:
        text = f"another process is training {config.label} ({config.id})"
        if say is None:
            raise BusyError(text) from None
        say(f"waiting: {text}")
        lock.acquire()
    except PermissionError as error:
        raise RuntimeError(
            f"{config.label} ({config.id}) is locked by somebody else: {lock.lock_file}: "
            f"{error.strerror}"
        ) from error
    except OSError as error:
        raise OSError(
            f"cannot lock {lock.lock_file}: {error.strerror}; BINENC_RUNS chooses a folder on "
            "another disk"
        ) from error
    try:
        yield
    finally:
        lock.release()


def _train(config: RunConfig, device: Any, say: Say) -> Run:
    from tqdm.auto import tqdm

    from binenc_core.training.loop import EpochSums, steps_per_epoch, train
    from binenc_core.training.state import Checkpoint
    from replication.data.load import load
    from replication.runs import checkpoints
    from replication.runs.timing import estimated_seconds

    _remove_drafts(config)
    unfinished = checkpoint_of(config)
    start = checkpoints.find_start(config, unfinished, say)
    places = _all_origins(provenance.origin(device), start.origin if start else {})
    done = start.epochs if start else 0
    expected = estimated_seconds(config, device, done)
    after = f" from epoch {done}" if done else ""
    time = progress.duration(expected)
    say(f"miss: training {config.label} ({config.id}){after}, about {time} on {device.type}")
    data = load(config.dataset)
    reporter = progress.Reporter(_hidden(config, "progress"), done, config.epochs, expected)

    def on_checkpoint(checkpoint: Checkpoint) -> None:
        checkpoints.save(checkpoint._replace(origin=places), unfinished)

    steps = steps_per_epoch(config, data)
    try:
        # Without a bar where the environment variable TQDM_DISABLE is 1.
        with tqdm(
            total=config.epochs * steps, desc=config.label, unit="batch", mininterval=1
        ) as bar:
            bar.update(done * steps)
            bar.set_postfix_str(f"epoch {done}/{config.epochs}")

            def on_epoch(epochs: int, sums: EpochSums) -> None:
                reporter(epochs)
                bar.set_postfix_str(
                    f"epoch {epochs}/{config.epochs}, loss {sums.loss:.4g}, "
                    f"accuracy {sums.accuracy:.4f}"
                )

            outcome = train(config, device, data, start, on_checkpoint, on_epoch, bar.update)
    finally:
        reporter.path.unlink(missing_ok=True)
    if outcome.diverged_epoch is not None:
        say(f"diverged: the loss of {config.label} is not finite in epoch {outcome.diverged_epoch}")
    ended = {"diverged_epoch": outcome.diverged_epoch, "seconds": round(outcome.seconds, 1)}
    run = store.keep(config, outcome.records, outcome.arrays, ended | places, unfinished)
    unfinished.unlink(missing_ok=True)
    return run


def _all_origins(here: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    """Where a training takes place, after the earlier places of one that goes on."""
    return {key: _joined(before.get(key, value), value) for key, value in here.items()}


def _joined(earlier: Any, value: Any) -> Any:
    """A value, or the distinct ones with semicolons between them."""
    return earlier if str(value) in str(earlier).split("; ") else f"{earlier}; {value}"


def _remove_drafts(config: RunConfig) -> None:
    """Remove what a killed process left of files and folders that it was writing."""
    for path in store.runs_folder().glob(f".{config.id}*-*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
