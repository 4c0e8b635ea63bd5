"""A grid of learning curves: a row for each quantity, a column for each dataset."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from binenc_core.config import known
from replication.data.datasets import DATASETS
from replication.figures.common import captions
from replication.figures.common.drawing import described
from replication.figures.common.style import HEAD_STYLES
from replication.figures.common.tables import run_columns, select
from replication.runs.store import Run

SPLITS = ("train", "test")
PANEL_HEIGHT = 250


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
    known("split", SPLITS, name)


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


def last_values(runs: Sequence[Run], row: Row) -> pd.DataFrame:
    """A row's values at the last logged epoch of runs of one dataset, as of `values_at`."""
    return values_at(curve_data(runs, [row], ""), runs[0].config.dataset, row)


def draw(curves: Curves, function: Callable[..., go.Figure], alt: str) -> go.Figure:
    """The interactive figure that `function` gives; `alt` describes it in words."""
    rows, columns = len(curves.rows), len(curves.datasets)
    fig = make_subplots(
        rows=rows,
        cols=columns,
        shared_xaxes="columns",
        column_titles=[DATASETS[d].title for d in curves.datasets],
        vertical_spacing=0.16 / rows,
        horizontal_spacing=0.1,
    )
    for i, row in enumerate(curves.rows, start=1):
        for j, dataset in enumerate(curves.datasets, start=1):
            for head in HEAD_STYLES:
                for trace in _traces(curves, row, dataset, head):
                    fig.add_trace(trace, row=i, col=j)
            if row.log and (tick := _log_tick(curves, dataset, row)):
                fig.update_yaxes(type="log", dtick=tick, exponentformat="power", row=i, col=j)
        fig.update_yaxes(title_text=row.title, row=i, col=1)
    fig.update_xaxes(title_text="epoch", row=rows)
    height = PANEL_HEIGHT * rows + 90
    return described(
        fig, function, alt, curves.caption, curves.table, curves.setting, height=height
    )


def _log_tick(curves: Curves, dataset: str, row: Row) -> float | str | None:
    """Plotly's `dtick` of a logarithmic axis, or None where the values span no power of ten.

    A number of powers of ten, or "D2": ticks at 1, 2 and 5.
    """
    values = panel(curves, dataset, row)["value"]
    values = values[values > 0]
    span = math.log10(values.max() / values.min()) if len(values) else 0
    if span < 1:
        return None
    return max(1, span // 4) if span > 2 else "D2"


def _traces(curves: Curves, row: Row, dataset: str, head: str) -> list[go.Scatter]:
    """One architecture in one panel: each seed thin, their mean, a cross where a run stops."""
    points = panel(curves, dataset, row)
    own = points[points["head"] == head]
    if own.empty:
        return []
    by_seed = own.pivot(index="epoch", columns="seed", values="value")
    seeds = _seed_lines(by_seed, head) if by_seed.shape[1] > 1 else []
    return [*seeds, _mean_line(by_seed, head), *_stop_marks(curves, by_seed, dataset, head)]


def _scatter(head: str, **options) -> go.Scatter:
    """A trace that the legend's entry of its architecture shows and hides."""
    return go.Scatter(name=HEAD_STYLES[head].name, legendgroup=head, **options)


def _line(head: str, width: float) -> dict:
    return {"color": HEAD_STYLES[head].color, "dash": HEAD_STYLES[head].dash, "width": width}


def _seed_lines(by_seed: pd.DataFrame, head: str) -> list[go.Scatter]:
    return [
        _scatter(
            head,
            x=by_seed.index,
            y=by_seed[seed],
            mode="lines",
            line=_line(head, 1),
            opacity=0.6,
            showlegend=False,
            hovertemplate=f"seed {seed}: %{{y:.4g}}<extra></extra>",
        )
        for seed in by_seed
    ]


def _mean_line(by_seed: pd.DataFrame, head: str) -> go.Scatter:
    """Mean over the seeds with their standard deviation under the cursor.

    It ends where the first of them does: a mean over the survivors would be another quantity.
    """
    seeds = by_seed.shape[1]
    note = f"<br>± %{{customdata:.2g}} over {seeds} seeds" if seeds > 1 else ""
    return _scatter(
        head,
        x=by_seed.index,
        y=by_seed.mean(axis=1, skipna=False),
        customdata=by_seed.std(axis=1, ddof=1, skipna=False) if seeds > 1 else None,
        mode="lines+markers",
        line=_line(head, 2.5),
        marker={"symbol": HEAD_STYLES[head].symbol, "size": 7},
        hovertemplate=f"{HEAD_STYLES[head].name}<br>epoch %{{x}}: %{{y:.4g}}{note}<extra></extra>",
    )


def _stop_marks(curves: Curves, by_seed: pd.DataFrame, dataset: str, head: str) -> list[go.Scatter]:
    """A cross on the last value of each diverged run."""
    marks = []
    for stop in select(curves.stops, dataset=dataset, head=head).itertuples():
        if stop.seed in by_seed:
            last = by_seed[stop.seed].dropna()
            text = f"seed {stop.seed} diverged in epoch {stop.diverged_epoch}"
            marks.append(
                _scatter(
                    head,
                    x=last.index[-1:],
                    y=last[-1:],
                    mode="markers",
                    marker={"symbol": "x", "size": 11, "color": HEAD_STYLES[head].color},
                    showlegend=False,
                    hovertemplate=text + "<extra></extra>",
                )
            )
    return marks
