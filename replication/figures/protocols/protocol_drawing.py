"""Draws the effects of the switches: a panel for each quantity, a line for each setting."""

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from binenc_core.config import LINEAR_HEADS
from replication.claims import rules
from replication.figures.common.bars import bars
from replication.figures.common.describing import described
from replication.figures.common.style import HEAD_STYLES, NEUTRAL
from replication.figures.protocols.protocol_effects import Effects, changes, lead
from replication.figures.protocols.switches import TEXT

LINE_HEIGHT = 34
COLUMNS = 2
# Values at which an axis may have a tick.
TICKS = (-100, -50, -25, -10, -4, -1, 0, 1, 4, 10, 25, 50, 100)


class Mark(NamedTuple):
    """How one group of points looks: its name in the legend, color, symbol, and place in a line."""

    name: str
    color: str
    symbol: str
    offset: float


MARKS = {
    "binary": Mark(
        HEAD_STYLES["binary"].name, HEAD_STYLES["binary"].color, HEAD_STYLES["binary"].symbol, 0.17
    ),
    "linear": Mark(
        HEAD_STYLES["linear"].name, HEAD_STYLES["linear"].color, HEAD_STYLES["linear"].symbol, -0.17
    ),
    "lead": Mark("Binary less linear", "#cc79a7", "star", 0.0),
}


class Points(NamedTuple):
    """Values by seed of one group in one setting of a panel."""

    group: str
    setting: str
    values: pd.Series


class Panel(NamedTuple):
    """A panel's title, what its axis shows, and its points."""

    title: str
    unit: str
    points: list[Points]


def panels(effects: Effects) -> list[Panel]:
    """The changes of three quantities, and the lead in test accuracy."""
    leads = [Points("lead", s, 100 * lead(effects, s)) for s in effects.settings]
    return [
        _changes(effects, "test accuracy", 100, "change, points"),
        _changes(effects, "whole-code agreement", 100, "change, points"),
        _changes(effects, "peak separation", 1, "change, widths of a peak"),
        Panel("lead over linear", "test accuracy, points", leads),
    ]


def _changes(effects: Effects, quantity: str, scale: float, unit: str) -> Panel:
    points = [
        Points(head, setting, scale * changes(effects, setting, head, quantity))
        for setting in effects.settings
        if setting != TEXT
        for head in LINEAR_HEADS
    ]
    return Panel(quantity, unit, points)


def interval(values: pd.Series) -> float:
    """Half the width of the 95 % interval of a mean (Student's t); 0 for a single value."""
    return float(rules.interval(values).high - values.mean()) if len(values) > 1 else 0.0


def stretched(value: float) -> float:
    """Where a value lies on an axis: the root of its size, so that 0.3 is seen beside 30."""
    return math.copysign(math.sqrt(abs(value)), value)


def figure(effects: Effects) -> go.Figure:
    """A panel for each quantity and one for the lead, a line in each for every setting."""
    drawn = panels(effects)
    rows = -(-len(drawn) // COLUMNS)
    fig = make_subplots(
        rows=rows,
        cols=COLUMNS,
        shared_yaxes=True,
        subplot_titles=[panel.title for panel in drawn],
        horizontal_spacing=0.05,
        vertical_spacing=0.36 / rows,
    )
    heights = {name: -place for place, name in enumerate(effects.settings)}
    for place, panel in enumerate(drawn):
        where = {"row": place // COLUMNS + 1, "col": place % COLUMNS + 1}
        for group in MARKS:
            own = [p for p in panel.points if p.group == group and len(p.values)]
            legend = not any(trace.legendgroup == group for trace in fig.data)
            for trace in _traces(own, heights, legend):
                fig.add_trace(trace, **where)
        fig.update_xaxes(title_text=panel.unit, **_ticks(panel), **where)
    fig.update_xaxes(zeroline=True, tickangle=0, zerolinewidth=2, zerolinecolor=NEUTRAL)
    fig.update_yaxes(
        tickvals=list(heights.values()),
        ticktext=list(heights),
        range=[-len(heights) + 0.5, 0.5],
        zeroline=False,
    )
    several = effects.table["seed"].nunique() > 1
    return described(
        fig,
        figure,
        alt="Paired changes of test accuracy, whole-code agreement and peak separation by "
        "each switch and by all together, for the binary-encoding and the linear-penultimate "
        "architectures, and the lead of the first over the second in test accuracy.",
        caption="What each setting changes after the last epoch, against the same seed as "
        "described. Last panel: binary encoding's lead over the linear layer. Axes stretched "
        f"around zero. {'Small: seeds; large: mean, 95 % interval.' if several else 'One seed.'}",
        table=effects.table,
        setting=effects.setting,
        height=rows * (LINE_HEIGHT * len(heights) + 90) + 30,
    )


def _ticks(panel: Panel) -> dict[str, Any]:
    """Ticks and range of a stretched axis that holds zero, all seeds and all intervals."""
    ends = [0.0]
    for points in panel.points:
        mean, half = points.values.mean(), interval(points.values)
        ends += [*points.values, mean - half, mean + half]
    low, high = (stretched(end) for end in (np.nanmin(ends), np.nanmax(ends)))
    room = 0.06 * (high - low) or 1
    ticks = [t for t in TICKS if low - room <= stretched(t) <= high + room]
    return {
        "range": [low - room, high + room],
        "tickvals": [stretched(tick) for tick in ticks],
        "ticktext": [f"{tick:+g}".replace("-", "−") if tick else "0" for tick in ticks],
    }


def _traces(groups: list[Points], heights: dict[str, int], legend: bool) -> list[go.Scatter]:
    """One group in one panel: each seed small, and the means with their intervals."""
    if not groups:
        return []
    mark = MARKS[groups[0].group]
    seeds = [(p.setting, seed, value) for p in groups for seed, value in p.values.items()]
    means = [(p.setting, p.values.mean(), interval(p.values)) for p in groups]
    shared = {"name": mark.name, "legendgroup": groups[0].group, "mode": "markers"}
    look = {"color": mark.color, "symbol": mark.symbol}
    return [
        go.Scatter(
            **shared,
            x=[stretched(value) for _, _, value in seeds],
            y=[heights[setting] + mark.offset for setting, _, _ in seeds],
            customdata=[list(point) for point in seeds],
            marker={**look, "size": 5, "opacity": 0.7},
            showlegend=False,
            hovertemplate="%{customdata[0]}<br>seed %{customdata[1]}: %{customdata[2]:.3g}"
            "<extra></extra>",
        ),
        go.Scatter(
            **shared,
            x=[stretched(mean) for _, mean, _ in means],
            y=[heights[setting] + mark.offset for setting, _, _ in means],
            error_x=bars(
                [stretched(mean) for _, mean, _ in means],
                [stretched(mean - half) for _, mean, half in means],
                [stretched(mean + half) for _, mean, half in means],
                *(mark.color, 2.5, 4),
            ),
            customdata=[list(point) for point in means],
            marker={**look, "size": 10},
            showlegend=legend,
            hovertemplate="%{customdata[0]}<br>"
            + f"{mark.name}: "
            + "%{customdata[1]:.3g} ± %{customdata[2]:.2g}<extra></extra>",
        ),
    ]
