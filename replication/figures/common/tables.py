"""Runs in order, and tables of what is plotted: made from runs, and asked for lines."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from replication.figures.common.style import HEAD_STYLES
from replication.runs.store import Trained


def in_order(runs: Iterable[Trained]) -> list:
    """The runs by head, in HEAD_STYLES' order, and seed."""
    heads = list(HEAD_STYLES)
    return sorted(runs, key=lambda run: (heads.index(run.config.head), run.config.seed))


def run_columns(run: Trained) -> dict[str, Any]:
    """The columns that tell whose a line is: dataset, head and seed."""
    config = run.config
    return {"dataset": config.dataset, "head": config.head, "seed": config.seed}


def stacked(parts: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    """One table of the columns of several parts; of each some have one value for all its lines."""
    return pd.concat([pd.DataFrame({**part}) for part in parts], ignore_index=True)


def select(table: pd.DataFrame, **wanted: Any) -> pd.DataFrame:
    """The lines of a table that have these values in the columns so named."""
    return table[(table[list(wanted)] == list(wanted.values())).all(axis=1)]
