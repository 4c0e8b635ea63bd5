"""What trainings cost: measured times of one step, kept in results/costs, and what follows."""

import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from binenc_core.config import LINEAR_HEADS, RunConfig
from replication.base.files import whole_folder
from replication.data.datasets import DATASETS
from replication.runs import store

# What both mixture fits of an evaluation take for each value, s, on a core of 2024.
FIT_SECONDS = 4e-7

FIELDS = {
    "dataset": "whose campaign in campaigns/ was timed",
    "precision": "arithmetic of the backbone",
    "device": "cpu, cuda or mps",
    "processor": "name of the processor or the GPU",
    "threads": "CPU threads",
    "backbone": "network that gives the representation h",
    "parameters": "number of weights",
    "batch_size": "images in a step",
    "operations": "additions and multiplications of matrix products and convolutions in a step",
    "step_seconds": "time of a training step, s",
    "versions": "Python and packages",
    "commit": "commit of the code",
}
# What tells two measurements apart.
KEY = ["dataset", "precision", "device", "processor", "threads"]


def run_seconds(config: RunConfig, step_seconds: float, done: int = 0) -> float:
    """Expected time, s, of a training after `done` epochs, whose steps take `step_seconds`.

    Evaluations count as a third of an epoch each, plus the mixture fits of the linear heads.
    """
    count = DATASETS[config.dataset].train_images
    epoch = step_seconds * math.ceil(count / config.batch_size)
    fits = FIT_SECONDS * count * config.latent_dim if config.head in LINEAR_HEADS else 0
    evaluations = sum(logged >= done for logged in config.logged_epochs())
    return (config.epochs - done) * epoch + evaluations * (epoch / 3 + fits)


def folder() -> Path:
    """Where the measurements are."""
    return store.RESULTS / "costs"


def read() -> pd.DataFrame:
    """The measurements, a row each with the columns of FIELDS; none where there are no files.

    Raises RuntimeError for a damaged file.
    """
    path = folder() / "steps.csv"
    if not path.exists():
        return pd.DataFrame(columns=list(FIELDS))
    try:
        return pd.read_csv(path, dtype={"commit": str})[list(FIELDS)]
    except (KeyError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise RuntimeError(f"{path} is damaged: {error}") from error


def add(rows: Sequence[dict]) -> Path:
    """Write measurements, with the columns of FIELDS, beside those there, and return the folder.

    One of the same dataset, precision, device, processor and threads is replaced.
    """
    table = pd.concat([read(), pd.DataFrame(rows)])[list(FIELDS)]
    table = table.drop_duplicates(KEY, keep="last").sort_values(KEY)
    columns = "".join(f"- `{name}`: {text}\n" for name, text in FIELDS.items())
    with whole_folder(folder()) as draft:
        table.to_csv(draft / "steps.csv", index=False)
        (draft / "README.md").write_text(
            "# Times of one training step\n\n"
            "`steps.csv` is what `python -m replication costs` measured, on made-up images of each "
            "dataset's shape; run it on another machine or with `--device cuda`, and its rows join "
            f"these.\n\n{columns}",
            encoding="utf8",
        )
    return folder()
