"""Runs with chosen curves and tables of a single claim, so that every verdict is known."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from replication.claims.table import Claim, Margin, Setting, Table
from replication.data.recipes import recipe
from replication.runs.store import Run

ARMS = {head: {"head": head} for head in ("binary", "linear", "nonlinear", "none")}
SETTING = Setting("mnist", "mnist", "described", 3)
MARGIN = Margin({"value": 0.1}, "A reason.")
NO_ARRAYS = Path(tempfile.mkdtemp()) / "none.npz"
np.savez(NO_ARRAYS)


def claim(**changes) -> Claim:
    """A contrast of the test accuracy of binary encoding with the linear layer's."""
    own = {
        "id": "some",
        "group": "figure 3",
        "source": "paper",
        "text": "It is so",
        "kind": "contrast",
        "measure": "accuracy",
        "split": "test",
        "arms": ("binary", "linear"),
        "settings": ("mnist",),
        "direction": "higher",
        "margin": "some",
    }
    return Claim(**own | changes)


def table(own: Claim, arms=ARMS, setting: Setting = SETTING) -> Table:
    return Table([own], arms, {setting.name: setting}, {"some": MARGIN})


def run(
    head: str,
    seed: int,
    curve,
    measure: str = "accuracy",
    split: str = "test",
    diverged: int | None = None,
    folder: Path | None = None,
    arrays: dict | None = None,
    **changes,
) -> Run:
    """A run that logged each epoch of a curve; `arrays` are kept in `folder`."""
    curve = np.atleast_1d(curve)
    config = recipe("mnist", head=head, seed=seed, **{"epochs": len(curve)} | changes)
    history = pd.DataFrame({"epoch": range(len(curve)), "split": split, measure: curve})
    path = NO_ARRAYS
    if folder:
        path = folder / f"{config.id}.npz"
        np.savez(path, **arrays)
    return Run(config.id, config, history, {"diverged_epoch": diverged}, path)


def runs(values: dict[str, list], first: int = 10, **changes) -> list[Run]:
    """Runs of several heads, one for each value or curve, with the seeds from `first` on."""
    return [
        run(head, first + k, curve, **changes)
        for head, curves in values.items()
        for k, curve in enumerate(curves)
    ]
