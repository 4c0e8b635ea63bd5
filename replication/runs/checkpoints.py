"""A training after some of its epochs, as a file from which it goes on, and where it does so."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from binenc_core.config import RunConfig
from binenc_core.training.state import Checkpoint
from replication.base.files import whole_file
from replication.base.progress import Say
from replication.runs import store
from replication.runs.logged import ARRAYS

STATE = "state/"
# What the file holds as JSON beside the tensors.
TEXTS = ("epochs", "records", "seconds", "origin")


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write a checkpoint to a safetensors file, whole or not at all; raises OSError."""
    tensors = {STATE + name: tensor.contiguous() for name, tensor in checkpoint.state.items()}
    for name, values in checkpoint.arrays.items():
        tensors[ARRAYS + name] = torch.from_numpy(np.ascontiguousarray(values))
    texts = {name: json.dumps(getattr(checkpoint, name)) for name in TEXTS}
    with whole_file(path) as draft:
        try:
            save_file(tensors, draft, metadata=texts)
        except SafetensorError as error:  # as which it tells of a full disk
            raise OSError(f"cannot write {path}: {error}") from error


def load(path: Path) -> Checkpoint:
    """Read a checkpoint; raises ValueError for a file that is none, OSError where it is not there.

    All tensors are on the CPU.
    """
    state, arrays = {}, {}
    try:
        with safe_open(path, framework="pt") as file:
            texts = file.metadata()
            for name in file.keys():  # noqa: SIM118 (the file is no dict)
                kind, _, own = name.partition("/")
                if kind == "state":
                    state[own] = file.get_tensor(name)
                else:
                    arrays[own] = file.get_tensor(name).numpy()
        return Checkpoint(
            state=state, arrays=arrays, **{name: json.loads(texts[name]) for name in TEXTS}
        )
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no checkpoint: {error}") from error


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
        return load(path)
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
