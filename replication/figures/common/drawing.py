"""Draws a grid of learning curves."""

import math
from collections.abc import Callable

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from replication.data.datasets import DATASETS
from replication.figures.common.curves import Curves, Row, panel
from replication.figures.common.describing import described
from replication.figures.common.panels import name_once
from replication.figures.common.style import HEAD_STYLES
from replication.figures.common.tables import select

PANEL_HEIGHT = 250


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
    name_once(fig)
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
