"""Tables of what is plotted, a line for each point: made from runs, and asked for lines."""

from typing import Any

import pandas as pd

from replication.runs.store import Trained


def run_columns(run: Trained) -> dict[str, Any]:
    """The columns that tell whose a line is: dataset, head and seed."""
    config = run.config
    return {"dataset": config.dataset, "head": config.head, "seed": config.seed}


def select(table: pd.DataFrame, **wanted: Any) -> pd.DataFrame:
    """The lines of a table that have these values in the columns so named."""
    return table[(table[list(wanted)] == list(wanted.values())).all(axis=1)]
