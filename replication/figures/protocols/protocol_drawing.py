"""Draws the effects of the switches: a panel for each quantity, a line for each setting."""

import math
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from binenc_core.config import LINEAR_HEADS
from replication.claims import rules
from replication.data.datasets import DATASETS
from replication.figures.common import captions
from replication.figures.common.drawing import bars, described, grid, name_lines
from replication.figures.common.style import HEAD_STYLES, NEUTRAL, HeadStyle
from replication.figures.protocols.protocol_effects import Effects, changes, lead
from replication.figures.protocols.switches import TEXT

LINE_HEIGHT = 34
# Values at which an axis may have a tick.
TICKS = (-100, -50, -25, -10, -4, -1, 0, 1, 4, 10, 25, 50, 100)
LOOKS = {head: HEAD_STYLES[head] for head in LINEAR_HEADS} | {
    "lead": HeadStyle("Binary less linear", "#cc79a7", "solid", "star")
}
# Where each stands in a setting's line.
OFFSETS = {"binary": 0.17, "linear": -0.17, "lead": 0.0}


class Panel(NamedTuple):
    """A panel's title, what its axis shows, and values by seed, by group (LOOKS) and setting."""

    title: str
    unit: str
    values: dict[str, dict[str, pd.Series]]


def panels(effects: Effects) -> list[Panel]:
    """The changes of three quantities, and the lead in test accuracy."""
    changed = [setting for setting in effects.settings if setting != TEXT]
    three = (
        ("test accuracy", 100, "change, points"),
        ("whole-code agreement", 100, "change, points"),
        ("peak separation", 1, "change, widths of a peak"),
    )
    drawn = []
    for name, scale, unit in three:
        by_head = {
            head: {setting: scale * changes(effects, setting, head, name) for setting in changed}
            for head in LINEAR_HEADS
        }
        drawn.append(Panel(name, unit, by_head))
    leads = {setting: 100 * lead(effects, setting) for setting in effects.settings}
    return [*drawn, Panel("lead over linear", "test accuracy, points", {"lead": leads})]


def interval(values: pd.Series) -> float:
    """Half the width of the 95 % interval of a mean (Student's t); 0 for a single value."""
    return float(rules.interval(values).high - values.mean()) if len(values) > 1 else 0.0


def stretched(value: float) -> float:
    """Where a value lies on an axis: the root of its size, so that 0.3 is seen beside 30."""
    return math.copysign(math.sqrt(abs(value)), value)


def figure(effects: Effects) -> go.Figure | None:
    """A panel for each quantity and one for the lead, a line in each for every setting.

    None where there is no run.
    """
    if not effects.runs:
        return None
    drawn = panels(effects)
    fig, places = grid([panel.title for panel in drawn], apart=0.36, shared_yaxes=True)
    heights = {name: -place for place, name in enumerate(effects.settings)}
    for panel, where in zip(drawn, places, strict=True):
        for group, by_setting in panel.values.items():
            own = {setting: values for setting, values in by_setting.items() if len(values)}
            for trace in _traces(group, own, heights):
                fig.add_trace(trace, **where)
        fig.update_xaxes(title_text=panel.unit, **_ticks(panel), **where)
    fig.update_xaxes(zeroline=True, tickangle=0, zerolinewidth=2, zerolinecolor=NEUTRAL)
    name_lines(fig, list(heights), down=-1)
    several = effects.table["seed"].nunique() > 1
    title = DATASETS[effects.runs[0].config.dataset].title
    return described(
        fig,
        figure,
        alt="Paired changes of test accuracy, whole-code agreement and peak separation by "
        "each switch and by all together, for the binary-encoding and the linear-penultimate "
        "architectures, and the lead of the first over the second in test accuracy.",
        caption=f"{title}: what each setting changes at the end, against the same seed as "
        "described. Last panel: binary encoding's lead over the linear layer. Axes stretched "
        f"around zero. {'Small: seeds; large: mean, 95 % interval.' if several else 'One seed.'}",
        table=effects.table,
        setting=captions.setting(effects.runs),
        height=places[-1]["row"] * (LINE_HEIGHT * len(heights) + 90) + 30,
    )


def _ticks(panel: Panel) -> dict[str, Any]:
    """Ticks and range of a stretched axis that holds zero, all seeds and all intervals."""
    ends = [0.0]
    for values in [own for by_setting in panel.values.values() for own in by_setting.values()]:
        mean, half = values.mean(), interval(values)
        ends += [*values, mean - half, mean + half]
    low, high = (stretched(end) for end in (np.nanmin(ends), np.nanmax(ends)))
    room = 0.06 * (high - low) or 1
    ticks = [t for t in TICKS if low - room <= stretched(t) <= high + room]
    return {
        "range": [low - room, high + room],
        "tickvals": [stretched(tick) for tick in ticks],
        "ticktext": [f"{tick:+g}".replace("-", "−") if tick else "0" for tick in ticks],
    }


def _traces(group: str, own: dict[str, pd.Series], heights: dict[str, int]) -> list[go.Scatter]:
    """One group in one panel: each seed small, and the means with their intervals."""
    look = LOOKS[group]
    seeds = [(name, seed, value) for name, values in own.items() for seed, value in values.items()]
    means = [(name, values.mean(), interval(values)) for name, values in own.items()]

    def marks(points: list[tuple], at: int, size: int, **options) -> go.Scatter:
        return go.Scatter(
            x=[stretched(point[at]) for point in points],
            y=[heights[setting] + OFFSETS[group] for setting, *_ in points],
            customdata=[list(point) for point in points],
            mode="markers",
            marker={"color": look.color, "symbol": look.symbol, "size": size},
            name=look.name,
            legendgroup=group,
            **options,
        )

    return [
        marks(
            *(seeds, 2, 5),
            opacity=0.7,
            showlegend=False,
            hovertemplate="%{customdata[0]}<br>seed %{customdata[1]}: %{customdata[2]:.3g}"
            "<extra></extra>",
        ),
        marks(
            *(means, 1, 10),
            error_x=bars(
                [stretched(mean) for _, mean, _ in means],
                [stretched(mean - half) for _, mean, half in means],
                [stretched(mean + half) for _, mean, half in means],
                *(look.color, 2.5, 4),
            ),
            hovertemplate="%{customdata[0]}<br>"
            + f"{look.name}: "
            + "%{customdata[1]:.3g} ± %{customdata[2]:.2g}<extra></extra>",
        ),
    ]
