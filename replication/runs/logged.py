"""What an unfinished training has logged, read from its checkpoint without PyTorch."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

ARRAYS = "arrays/"  # stands before the names of these among the tensors of a checkpoint


class Logged(NamedTuple):
    """A training after `epochs` epochs: `records` and `arrays` as in `checkpoints.Checkpoint`."""

    epochs: int
    records: list[dict[str, Any]]
    arrays: dict[str, NDArray]


def read(path: Path) -> Logged | None:
    """What a checkpoint's file holds but for the weights; None where there is no whole one."""
    try:
        with safe_open(path, framework="numpy") as file:
            texts = file.metadata()
            names = [name for name in file.keys() if name.startswith(ARRAYS)]  # noqa: SIM118
            arrays = {name.removeprefix(ARRAYS): file.get_tensor(name) for name in names}
        return Logged(json.loads(texts["epochs"]), json.loads(texts["records"]), arrays)
    except (OSError, SafetensorError, KeyError, TypeError):
        return None
