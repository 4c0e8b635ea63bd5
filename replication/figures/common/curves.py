"""The data of a grid of learning curves: a row for each quantity, a column for each dataset."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from replication.figures.common import captions
from replication.figures.common.tables import run_columns, select
from replication.runs.store import Run

SPLITS = ("train", "test")


class Row(NamedTuple):
    """One row of panels: a metric of a split, its axis title, and if a wide span is logarithmic."""

    metric: str
    split: str
    title: str
    log: bool = False


class Curves(NamedTuple):
    """What a grid of curves shows.

    `table`: a line for each point, with the columns dataset, head, seed, epoch, split, metric and
    value. `stops`: a line for each diverged run: dataset, head, seed and diverged_epoch.
    """

    rows: tuple[Row, ...]
    datasets: list[str]
    table: pd.DataFrame
    stops: pd.DataFrame
    caption: str
    setting: str


def check_split(name: str) -> None:
    """Raise ValueError, naming what is allowed, for what is neither train nor test."""
    if name not in SPLITS:
        raise ValueError(f"split is {name!r}; allowed: {', '.join(SPLITS)}")


def curve_data(runs: Sequence[Run], rows: Sequence[Row], what: str) -> Curves:
    """The values behind a grid of curves; `what` begins the caption.

    A head that lacks a row's metric is left out of that row, and a row that no run has is named in
    the caption instead of drawn. Raises ValueError for a row's split other than train and test, and
    where no row is left.
    """
    for row in rows:
        check_split(row.split)
    points = [_points(run, row) for run in runs for row in rows]
    table = pd.concat([p for p in points if len(p)] or [pd.DataFrame(columns=COLUMNS)])
    stops = [
        run_columns(run) | {"diverged_epoch": run.info["diverged_epoch"]}
        for run in runs
        if run.info["diverged_epoch"] is not None
    ]
    absent = [row for row in rows if row.metric not in set(table["metric"])]
    if len(absent) == len(rows):
        raise ValueError(f"no run has values of {', '.join(row.metric for row in absent)}")
    shown = [run for run in runs if run.config.head in set(table["head"])]
    parts = [what, captions.mean_and_seeds(shown)]
    if stops:
        parts.append("A cross: this run diverged.")
    if absent:
        names = ", ".join(f"{row.metric} ({row.split})" for row in absent)
        parts.append(f"Not drawn, since these runs did not record it: {names}.")
    return Curves(
        rows=tuple(row for row in rows if row not in absent),
        datasets=captions.datasets(runs),
        table=table.reset_index(drop=True),
        stops=pd.DataFrame(stops, columns=["dataset", "head", "seed", "diverged_epoch"]),
        caption=" ".join(parts),
        setting=captions.setting(runs),
    )


COLUMNS = ["dataset", "head", "seed", "epoch", "split", "metric", "value"]


def _points(run: Run, row: Row) -> pd.DataFrame:
    if row.metric not in run.history:
        return pd.DataFrame(columns=COLUMNS)
    chosen = run.history[run.history["split"] == row.split].dropna(subset=row.metric)
    return pd.DataFrame(
        {
            **run_columns(run),
            "epoch": chosen["epoch"],
            "split": row.split,
            "metric": row.metric,
            "value": chosen[row.metric].astype(float),
        }
    )


def panel(curves: Curves, dataset: str, row: Row) -> pd.DataFrame:
    """The lines of `curves.table` behind one panel."""
    return select(curves.table, dataset=dataset, metric=row.metric, split=row.split)


def values_at(curves: Curves, dataset: str, row: Row, last: bool = True) -> pd.DataFrame:
    """A row's values at the last (or first) logged epoch: a line for each seed, a column per head.

    A run that diverged before that epoch has nan.
    """
    own = panel(curves, dataset, row)
    epoch = own["epoch"].max() if last else own["epoch"].min()
    then = own[own["epoch"] == epoch].pivot(index="seed", columns="head", values="value")
    return then.reindex(columns=own["head"].unique())
