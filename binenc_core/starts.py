"""Where a training begins: at its own last checkpoint, at the end of a shorter one, or anew."""

from collections.abc import Iterator
from pathlib import Path

from binenc_core import checkpoints, store
from binenc_core.checkpoints import Checkpoint
from binenc_core.config import RunConfig
from binenc_core.progress import Say


def find_start(config: RunConfig, unfinished: Path, say: Say) -> Checkpoint | None:
    """The checkpoint from which a training goes on, or None where it begins anew.

    `unfinished` is the file of the training's own checkpoints. A damaged file is told and passed
    over.
    """
    for path in [unfinished, *_shorter(config)]:
        if path.exists():
            try:
                return checkpoints.load(path)
            except ValueError:
                say(f"damaged: {path} is passed over; {config.label} starts from an earlier epoch")
    return None


def _shorter(config: RunConfig) -> Iterator[Path]:
    """The last checkpoints of the finished trainings that this one continues, longest first."""
    found = [
        (other.epochs, folder / store.CHECKPOINT)
        for other, folder in store.stored_configs()
        if _continues(config, other)
    ]
    for _, path in sorted(found, reverse=True):
        yield path


def _continues(config: RunConfig, shorter: RunConfig) -> bool:
    """Whether a training passes through the end of a shorter one that logged all it must log."""
    needed = {epoch for epoch in config.logged_epochs() if epoch < shorter.epochs}
    return (
        shorter.epochs < config.epochs
        and shorter.trajectory == config.trajectory
        and needed <= set(shorter.logged_epochs())
    )
