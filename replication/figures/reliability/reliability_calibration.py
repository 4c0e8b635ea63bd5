"""Are the networks right as often as their probabilities say, before and after scaling?"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from replication.figures.common import assessed
from replication.figures.common.assessed import Group
from replication.figures.common.drawing import bars, described
from replication.figures.common.sliders import add_group_slider
from replication.figures.common.style import HEAD_STYLES
from replication.figures.common.tables import stacked
from replication.figures.reliability import reliability_numbers
from replication.figures.reliability.reliability_curves import diagonal
from replication.figures.reliability.reliability_numbers import rows
from replication.studies.assessments import Assessment

TASK, READING = "calibration", "logits"
STAGES = {"before": "before scaling", "after": "after scaling"}
DIAGRAM, ERRORS = 320, 190
# Bins of fewer images are not drawn.
DRAWN = 10
LANE = 0.22


class Calibration(NamedTuple):
    """How confidence and accuracy agree, before and after temperature scaling.

    `bins`: a line for each dataset, protocol, head, stage (before or after) and bin that is not
    empty, of all seeds together: `count`, mean `confidence` and `accuracy`. `errors`: a line for
    each dataset, protocol, head, stage and seed: `ece`, the calibration error, `low` and `high`.
    """

    groups: list[Group]
    bins: pd.DataFrame
    errors: pd.DataFrame


def data(found: Sequence[Assessment]) -> Calibration:
    """Reliability diagrams and calibration errors, before and after temperature scaling."""
    numbers = reliability_numbers.data(found)
    bins = stacked(
        {**group.place, "head": head, "stage": stage, **_pooled(group.of(head), place)}
        for group in numbers.groups
        for place, stage in enumerate(STAGES)
        for head in group.heads
    )
    errors = pd.concat(
        rows(numbers, group, TASK, READING, f"ece_{stage}").assign(stage=stage)
        for group in numbers.groups
        for stage in STAGES
    ).rename(columns={"value": "ece"})
    columns = ["dataset", "protocol", "head", "stage", "seed", "ece", "low", "high"]
    return Calibration(numbers.groups, bins, errors[columns])


def _pooled(found: Sequence[Assessment], place: int) -> dict[str, NDArray]:
    """The bins of several networks together, those that are not empty."""
    arrays = [a.arrays() for a in found]
    counts = np.array([own["bin_count"][place] for own in arrays], dtype=float)
    total = counts.sum(axis=0)
    full = total > 0
    means = {
        name: np.nansum(counts * [own[f"bin_{name}"][place] for own in arrays], axis=0)[full]
        / total[full]
        for name in ("confidence", "accuracy")
    }
    return {"bin": np.flatnonzero(full), "count": total[full].astype(int), **means}


def figure(calibration: Calibration) -> go.Figure:
    """The diagrams before and after, below them the errors, and a slider for the groups."""
    fig = make_subplots(
        rows=2,
        cols=2,
        specs=[[{}, {}], [{"colspan": 2}, None]],
        row_heights=[DIAGRAM, ERRORS],
        subplot_titles=[*(text.capitalize() for text in STAGES.values()), ""],
        horizontal_spacing=0.1,
        vertical_spacing=0.18,
    )
    heads = assessed.heads(calibration.groups)
    panels = [(stage, {"row": 1, "col": col}) for col, stage in enumerate(STAGES, start=1)]

    def traces_of(group: Group) -> list[go.Scatter]:
        made = []
        for stage, _ in panels:
            bins, errors = (
                group.select(table, stage=stage) for table in (calibration.bins, calibration.errors)
            )
            for head in heads:
                made.append(_diagram(bins[bins["head"] == head], head))
                made.append(_errors(errors[errors["head"] == head], head, stage))
        return made

    places = [p for _, where in panels for _ in heads for p in (where, {"row": 2, "col": 1})]
    for trace, where in zip(traces_of(calibration.groups[0]), places, strict=True):
        fig.add_trace(trace, **where)
    for _, where in panels:
        fig.add_trace(diagonal(), **where)
    fig.update_yaxes(range=[-0.03, 1.03], tickformat=".0%", row=1)
    fig.update_yaxes(title_text="accuracy", row=1, col=1)
    fig.update_xaxes(title_text="confidence", range=[0, 1.03], tickformat=".0%", row=1)
    fig.update_xaxes(
        title_text="expected calibration error",
        **{"tickformat": ".1~%", "row": 2, "col": 1},
    )
    fig.update_yaxes(
        **{"showticklabels": False, "ticks": "", "showgrid": False, "zeroline": False},
        **{"range": [-LANE * (len(HEAD_STYLES) - 0.5), 0.5 * LANE], "row": 2, "col": 1},
    )
    errors_axis = fig.get_subplot(2, 1).xaxis.plotly_name

    def layout_of(group: Group) -> dict:
        largest = max(
            group.select(calibration.errors, stage=stage)["high"].max() for stage in STAGES
        )
        return {errors_axis: {"range": [0, 1.05 * largest]}}

    add_group_slider(fig, calibration.groups, traces_of, layout_of)
    return described(
        fig,
        figure,
        alt="Reliability diagrams and expected calibration errors before and after temperature "
        "scaling, for the four architectures, one dataset and protocol at a time.",
        caption="Top: accuracy by confidence, all seeds; larger marks: more images; dotted: right "
        "as often as it says. Bottom: calibration error of each seed with its 95 % bootstrap "
        "interval, hollow before and filled after scaling.",
        table=pd.concat([calibration.bins, calibration.errors]).round(5),
        setting=assessed.setting(calibration.groups),
        height=DIAGRAM + ERRORS + 90,
    )


def _diagram(bins: pd.DataFrame, head: str) -> go.Scatter:
    look = HEAD_STYLES[head]
    own = bins[bins["count"] >= DRAWN]
    return go.Scatter(
        x=own["confidence"].to_numpy("f4"),
        y=own["accuracy"].to_numpy("f4"),
        customdata=own["count"].to_numpy("i4"),
        mode="lines+markers",
        line={"color": look.color, "dash": look.dash, "width": 1.5},
        marker={
            "symbol": look.symbol,
            "size": (4 + 2 * np.log10(own["count"])).to_numpy("f4"),
            "opacity": 0.9,
        },
        name=look.name,
        legendgroup=head,
        hovertemplate="%{fullData.name}<br>says %{x:.1%}, right in %{y:.1%} of "
        "%{customdata:,} images<extra></extra>",
    )


def _errors(errors: pd.DataFrame, head: str, stage: str) -> go.Scatter:
    look = HEAD_STYLES[head]
    places = errors["seed"].rank(method="dense")
    heights = -LANE * list(HEAD_STYLES).index(head) - 0.12 * LANE * (places - places.mean())
    return go.Scatter(
        x=errors["ece"].to_numpy("f4"),
        y=heights.to_numpy("f4"),
        error_x=bars(errors["ece"], errors["low"], errors["high"], look.color),
        customdata=errors[["seed", "low", "high"]].to_numpy("f4"),
        mode="markers",
        marker={
            "symbol": look.symbol if stage == "after" else f"{look.symbol}-open",
            **{"size": 7, "color": look.color},
        },
        name=look.name,
        legendgroup=head,
        hovertemplate=f"%{{fullData.name}}, seed %{{customdata[0]}}, {STAGES[stage]}<br>"
        "%{x:.2%} (%{customdata[1]:.2%} to %{customdata[2]:.2%})<extra></extra>",
    )
