"""A training after some of its epochs, as one file from which it goes on to the bit."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from binenc_core.training.checkpoint import Checkpoint
from replication.base.files import whole_file
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
