"""A grid of learning curves: a row for each quantity, a column for each dataset."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from binenc_core.figures import captions
from binenc_core.figures.style import DATASET_NAMES, LOOKS
from binenc_core.store import Run

PANEL_HEIGHT = 250
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


def check_split(name: str) -> None:
    """Raise ValueError, naming what is allowed, for what is neither train nor test."""
    if name not in SPLITS:
        raise ValueError(f"split is {name!r}; allowed: {', '.join(SPLITS)}")


def curve_data(runs: Sequence[Run], rows: Sequence[Row], what: str) -> Curves:
    """The values behind a grid of curves; `what` begins the caption.

    A head that lacks a row's metric is left out of that row. Raises ValueError for a row's split
    other than train and test, and for a metric that no run has.
    """
    for row in rows:
        check_split(row.split)
    points = [_points(run, row) for run in runs for row in rows]
    table = pd.concat([p for p in points if len(p)] or [pd.DataFrame(columns=COLUMNS)])
    stops = [
        (r.config.dataset, r.config.head, r.config.seed, r.info["diverged_epoch"])
        for r in runs
        if r.info["diverged_epoch"] is not None
    ]
    if absent := [row.metric for row in rows if row.metric not in set(table["metric"])]:
        raise ValueError(f"no run has values of {', '.join(absent)}")
    shown = [run for run in runs if run.config.head in set(table["head"])]
    caption = " ".join([what, captions.mean_and_seeds(shown), captions.setting(shown)])
    return Curves(
        rows=tuple(rows),
        datasets=captions.datasets(runs),
        table=table.reset_index(drop=True),
        stops=pd.DataFrame(stops, columns=["dataset", "head", "seed", "diverged_epoch"]),
        caption=caption + captions.diverged(runs),
    )


COLUMNS = ["dataset", "head", "seed", "epoch", "split", "metric", "value"]


def _points(run: Run, row: Row) -> pd.DataFrame:
    if row.metric not in run.history:
        return pd.DataFrame(columns=COLUMNS)
    chosen = run.history[run.history["split"] == row.split].dropna(subset=row.metric)
    return pd.DataFrame(
        {
            "dataset": run.config.dataset,
            "head": run.config.head,
            "seed": run.config.seed,
            "epoch": chosen["epoch"],
            "split": row.split,
            "metric": row.metric,
            "value": chosen[row.metric].astype(float),
        }
    )


def draw(curves: Curves, name: str, alt: str) -> go.Figure:
    """The interactive figure; `name` is the stem of its downloads, `alt` describes it in words.

    `layout.meta` holds name, alt, the caption and the plotted values as CSV.
    """
    rows, columns = len(curves.rows), len(curves.datasets)
    fig = make_subplots(
        rows=rows,
        cols=columns,
        shared_xaxes="columns",
        column_titles=[DATASET_NAMES[d] for d in curves.datasets],
        vertical_spacing=0.16 / rows,
        horizontal_spacing=0.1,
    )
    named: set[str] = set()
    for i, row in enumerate(curves.rows, start=1):
        for j, dataset in enumerate(curves.datasets, start=1):
            for head in LOOKS:
                for trace in _traces(curves, row, dataset, head, legend=head not in named):
                    fig.add_trace(trace, row=i, col=j)
                    named.add(head)
            if row.log and (tick := _log_tick(curves, dataset, row)):
                fig.update_yaxes(type="log", dtick=tick, exponentformat="power", row=i, col=j)
        fig.update_yaxes(title_text=row.title, row=i, col=1)
    fig.update_xaxes(title_text="epoch", row=rows)
    fig.update_layout(
        height=PANEL_HEIGHT * rows + 90,
        meta={
            "name": name,
            "alt": alt,
            "caption": curves.caption,
            "csv": curves.table.to_csv(index=False),
        },
    )
    return fig


def _log_tick(curves: Curves, dataset: str, row: Row) -> float | str | None:
    """Plotly's `dtick` of a logarithmic axis, or None where the values span no power of ten.

    A number of powers of ten, or "D2": ticks at 1, 2 and 5.
    """
    values = _panel(curves, dataset, row)["value"]
    values = values[values > 0]
    span = math.log10(values.max() / values.min()) if len(values) else 0
    if span < 1:
        return None
    return max(1, span // 4) if span > 2 else "D2"


def _traces(curves: Curves, row: Row, dataset: str, head: str, legend: bool) -> list[go.Scatter]:
    """The lines of one architecture in one panel: each seed thin, and their mean."""
    points = _panel(curves, dataset, row)
    own = points[points["head"] == head]
    if own.empty:
        return []
    look = LOOKS[head]
    common = {"legendgroup": head, "name": look.name}
    by_seed = own.pivot(index="epoch", columns="seed", values="value")
    seeds = list(by_seed.columns)
    traces = [
        go.Scatter(
            x=by_seed.index,
            y=by_seed[seed],
            mode="lines",
            line={"color": look.color, "dash": look.dash, "width": 1},
            opacity=0.45,
            showlegend=False,
            hovertemplate=f"seed {seed}: %{{y:.4g}}<extra></extra>",
            **common,
        )
        for seed in (seeds if len(seeds) > 1 else [])
    ]
    spread = by_seed.std(axis=1, ddof=1).fillna(0)
    note = "<br>± %{customdata:.2g} over " + f"{len(seeds)} seeds" if len(seeds) > 1 else ""
    traces.append(
        go.Scatter(
            x=by_seed.index,
            y=by_seed.mean(axis=1),
            customdata=spread if note else None,
            mode="lines+markers",
            line={"color": look.color, "dash": look.dash, "width": 2.5},
            marker={"size": 6},
            showlegend=legend,
            hovertemplate=f"{look.name}<br>epoch %{{x}}: %{{y:.4g}}{note}<extra></extra>",
            **common,
        )
    )
    return traces + _stop_marks(curves, by_seed, dataset, head, common)


def _stop_marks(curves: Curves, by_seed: pd.DataFrame, dataset: str, head: str, common) -> list:
    """A cross on the last value of each diverged run."""
    stops = curves.stops
    marks = []
    for stop in stops[(stops["dataset"] == dataset) & (stops["head"] == head)].itertuples():
        if stop.seed in by_seed:
            last = by_seed[stop.seed].dropna()
            text = f"seed {stop.seed} diverged in epoch {stop.diverged_epoch}"
            marks.append(
                go.Scatter(
                    x=last.index[-1:],
                    y=last[-1:],
                    mode="markers",
                    marker={"symbol": "x", "size": 11, "color": LOOKS[head].color},
                    showlegend=False,
                    hovertemplate=text + "<extra></extra>",
                    **common,
                )
            )
    return marks


def _panel(curves: Curves, dataset: str, row: Row) -> pd.DataFrame:
    """The points of one panel."""
    table = curves.table
    return table[
        (table["dataset"] == dataset)
        & (table["metric"] == row.metric)
        & (table["split"] == row.split)
    ]


def values_at(curves: Curves, dataset: str, row: Row, last: bool = True) -> pd.DataFrame:
    """A row's values at the last (or first) logged epoch: a line for each seed, a column per head.

    A run that diverged before that epoch has nan.
    """
    own = _panel(curves, dataset, row)
    epoch = own["epoch"].max() if last else own["epoch"].min()
    then = own[own["epoch"] == epoch].pivot(index="seed", columns="head", values="value")
    return then.reindex(columns=own["head"].unique())


def paired(curves: Curves, dataset: str, row: Row) -> pd.DataFrame:
    """`values_at` the last epoch, of the seeds in which every architecture went through."""
    return values_at(curves, dataset, row).dropna()


def change(curves: Curves, dataset: str, row: Row) -> pd.DataFrame:
    """A row's values at the last logged epoch less those at the first, shaped as `paired`.

    Without a line where only one epoch was logged: nothing has changed yet.
    """
    difference = values_at(curves, dataset, row) - values_at(curves, dataset, row, last=False)
    logged = _panel(curves, dataset, row)["epoch"].nunique()
    return difference.dropna() if logged > 1 else difference[:0]
