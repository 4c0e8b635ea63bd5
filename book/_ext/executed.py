"""Executed copies of the notebooks: where they lie, and whether they are current."""

import hashlib
import json
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from replication.runs import pytorch

FOLDER = Path("_build", "executed")
# Key of our record in an executed copy's metadata.
RECORD = "binenc_book"
# What a notebook's numbers depend on besides its own code.
INPUTS = (
    "binenc_core/**/*.py",
    "replication/**/*.py",
    "results/**/*",
    "requirements.txt",
    "requirements-book.txt",
)


def copy_of(root: Path, page: str) -> Path:
    """Path of the executed copy of a page."""
    return root / FOLDER / f"{page}.ipynb"


def is_injected(cell: NotebookNode) -> bool:
    """Whether papermill wrote this cell, to set parameters."""
    return "injected-parameters" in cell.metadata.get("tags", [])


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells that the author wrote."""
    return [c for c in notebook.cells if c.cell_type == "code" and not is_injected(c)]


def inputs_digest(root: Path) -> str:
    """SHA-256, in hexadecimal, of the names and bytes of all files that match `INPUTS`.

    Whether PyTorch is installed counts too: with it the quick start trains.
    """
    files = {path for pattern in INPUTS for path in root.glob(pattern) if path.is_file()}
    digest = hashlib.sha256(str(pytorch.is_installed()).encode())
    for path in sorted(files):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def stamp(notebook: NotebookNode, parameters: dict[str, Any], inputs: str) -> str:
    """Identify what a run of a notebook depends on, as a SHA-256 in hexadecimal.

    It depends on the code of the clean notebook, not its prose, on the values given to papermill,
    and on `inputs`, the result of `inputs_digest`.
    """
    parts = [[cell.source for cell in code_cells(notebook)], parameters, inputs]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def write_record(
    executed: NotebookNode, parameters: dict[str, Any], stamp: str, seconds: float
) -> None:
    """Note in an executed copy what it was made from, and how long that took."""
    executed.metadata[RECORD] = {"parameters": parameters, "stamp": stamp, "seconds": seconds}


def read_record(executed: NotebookNode) -> dict[str, Any]:
    """What an executed copy was made from: `parameters` and `stamp`, empty when not noted."""
    return executed.metadata.get(RECORD, {"parameters": {}, "stamp": ""})


def is_current(executed: NotebookNode, clean: NotebookNode, inputs: str) -> bool:
    """Whether an executed copy is what a run with its own parameters would give now."""
    record = read_record(executed)
    return record["stamp"] == stamp(clean, record["parameters"], inputs)
