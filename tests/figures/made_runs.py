"""Runs with made-up histories, so that a figure's every number is known."""

import io
from pathlib import Path

import numpy as np
import pandas as pd

from binenc_core.config import HEADS
from binenc_core.metrics.names import RELEASED
from replication.data.recipes import recipe
from replication.runs.store import Run

EPOCHS = (0, 5, 9)
METRICS = (
    "accuracy",
    "whole_code_agreement",
    "within_covariance",
    *RELEASED,
    *RELEASED.values(),
)
BINARITY = ("gmm_score", "gmm_std", "peak_separation")


def made_run(
    dataset: str = "mnist",
    head: str = "binary",
    seed: int = 0,
    values: dict | None = None,
    diverged: int | None = None,
    arrays_path: Path = Path("none.npz"),
    **changes,
) -> Run:
    """A run of ten epochs, logged at EPOCHS, whose metrics rise by 0.1 from each to the next.

    `values` gives other values of metrics, one for each logged epoch or one for all. A run that
    diverged has only the epochs before.
    """
    config = recipe(dataset, head=head, seed=seed, **{"epochs": 10} | changes)
    names = METRICS + (BINARITY if head in ("binary", "linear") else ())
    start = 0.5 + 0.01 * HEADS.index(head) + 0.001 * seed
    rows = [
        {"epoch": epoch, "split": split}
        | dict.fromkeys(names, start + 0.1 * place)
        | {name: np.broadcast_to(v, 3)[place] for name, v in (values or {}).items()}
        for place, epoch in enumerate(EPOCHS)
        for split in ("train", "test")
        if diverged is None or epoch < diverged
    ]
    history = pd.DataFrame(rows, columns=None if rows else ["epoch", "split"])
    return Run(config.id, config, history, {"diverged_epoch": diverged}, arrays_path)


def made_runs(dataset: str = "mnist", seeds: int = 2, **changes) -> list[Run]:
    """Runs of the four architectures with several seeds."""
    return [made_run(dataset, head, seed, **changes) for head in HEADS for seed in range(seeds)]


def csv_of(fig) -> pd.DataFrame:
    """The table that a figure gives as its data."""
    return pd.read_csv(io.StringIO(fig.layout.meta["csv"]))
