"""Where a training begins: at its own last checkpoint, at the end of a shorter one, or anew."""

from pathlib import Path

from binenc_core.config import RunConfig
from replication.base.progress import Say
from replication.runs import checkpoints, store
from replication.runs.checkpoints import Checkpoint


def find_start(config: RunConfig, unfinished: Path, say: Say) -> Checkpoint | None:
    """The furthest checkpoint from which a training goes on, or None where it begins anew.

    `unfinished` is the file of the training's own checkpoints. A damaged file is told and passed
    over.
    """
    own = _loaded(unfinished, config, say) if unfinished.exists() else None
    for epochs, path in _shorter(config):
        if own and own.epochs >= epochs:
            break
        if path.exists() and (found := _loaded(path, config, say)):
            return found
    return own


def _loaded(path: Path, config: RunConfig, say: Say) -> Checkpoint | None:
    try:
        return checkpoints.load(path)
    except ValueError:
        say(f"damaged: {path} is passed over; {config.label} starts from an earlier epoch")
        return None


def _shorter(config: RunConfig) -> list[tuple[int, Path]]:
    """The finished trainings that this one continues: epochs and last checkpoint, longest first."""
    found = [
        (other.epochs, folder / store.CHECKPOINT)
        for other, folder in store.stored_configs()
        if _continues(config, other)
    ]
    return sorted(found, reverse=True)


def _continues(config: RunConfig, shorter: RunConfig) -> bool:
    """Whether a training passes through the end of a shorter one that logged all it must log."""
    needed = {epoch for epoch in config.logged_epochs() if epoch < shorter.epochs}
    return (
        shorter.epochs < config.epochs
        and shorter.trajectory == config.trajectory
        and needed <= set(shorter.logged_epochs())
    )
