"""What is right if only the images are kept of which a network is surest: risk by coverage."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from binenc_core.reliability import SCORES
from replication.figures.common import assessed
from replication.figures.common.assessed import Group, Measured
from replication.figures.common.drawing import described
from replication.figures.common.sliders import add_group_slider
from replication.figures.common.style import HEAD_STYLES, NEUTRAL
from replication.figures.common.tables import stacked
from replication.figures.reliability import reliability_numbers
from replication.figures.reliability.reliability_numbers import NETWORK
from replication.studies.assessments import Assessment

TASK = "misclassified"
SHOWN = ("mahalanobis", "msp")
PANEL_HEIGHT = 270
LEFT = 70
# What the axes of each curve show, by its array; chance is known of "roc".
AXES = {"roc": ("false positives", "errors found"), "risk": ("coverage", "error rate")}


def data(found: Sequence[Assessment]) -> Measured:
    """The ROC and the risk–coverage curve of two scores for every network.

    `table`: a line for each dataset, protocol, head, seed, score, curve ("roc" or "risk") and
    point, `across` and `value`, with the controls that the score `failed` there.
    """
    numbers = reliability_numbers.data(found).table
    auroc = numbers[(numbers["task"] == TASK) & (numbers["metric"] == "auroc")]
    shown, table = assessed.measured(found, _curves)
    key = [*NETWORK, "score"]
    return Measured(shown, table.merge(auroc[[*key, "failed"]], how="left", on=key))


def _curves(found: Assessment) -> pd.DataFrame:
    arrays = found.arrays()
    return stacked(
        {
            "score": score,
            "curve": curve,
            "across": arrays["grid"],
            "value": arrays[curve][list(SCORES).index(score)],
        }
        for curve in AXES
        for score in SHOWN
    )


def figure(curves: Measured) -> go.Figure:
    """A row of ROC curves and one of risks, a column per score, and a slider for the groups."""
    fig = make_subplots(
        rows=len(AXES),
        cols=len(SHOWN),
        shared_yaxes=True,
        subplot_titles=[SCORES[score] for score in SHOWN],
        horizontal_spacing=0.1,
        vertical_spacing=0.2,
    )
    panels = [
        (curve, score, {"row": row, "col": col})
        for row, curve in enumerate(AXES, start=1)
        for col, score in enumerate(SHOWN, start=1)
    ]
    heads = assessed.heads(curves.groups)
    sound = curves.table[curves.table["failed"] == ""]

    def traces_of(group: Group) -> list[go.Scatter]:
        return [_mean(sound, group, curve, s, head) for curve, s, _ in panels for head in heads]

    places = [where for _, _, where in panels for _ in heads]
    for trace, where in zip(traces_of(curves.groups[0]), places, strict=True):
        fig.add_trace(trace, **where)
    for curve, _, where in panels:
        if curve == "roc":
            fig.add_trace(diagonal(), **where)
        fig.update_xaxes(title_text=AXES[curve][0], tickformat=".0%", **where)
        fig.update_yaxes(tickformat=".0%" if curve == "roc" else ".1%", **where)
        if where["col"] == 1:
            fig.update_yaxes(title_text=AXES[curve][1], **where)

    def layout_of(group: Group) -> dict:
        own = group.select(sound, curve="risk")
        shown = {"range": [-0.03 * own["value"].max(), 1.05 * own["value"].max()]}
        axes = [
            fig.get_subplot(w["row"], w["col"]).yaxis for curve, _, w in panels if curve == "risk"
        ]
        return {axis.plotly_name: shown for axis in axes}

    add_group_slider(fig, curves.groups, traces_of, layout_of)
    # Labels of another width would move the panels, but not what is drawn in them.
    fig.update_yaxes(automargin=False)
    return described(
        fig,
        figure,
        alt="ROC and risk–coverage curves for the misclassified test images by Mahalanobis "
        "distance and by maximum softmax probability, for the four architectures, one dataset "
        "and protocol at a time.",
        caption="Misclassified test images by two scores chosen beforehand, means over seeds. Top: "
        "ROC, chance dotted. Bottom: error rate among the images kept, the surest first. The "
        "slider goes through datasets and protocols.",
        table=curves.table.round(5),
        setting=assessed.setting(curves.groups),
        height=PANEL_HEIGHT * len(AXES) + 90,
        margin={"l": LEFT},
    )


def _mean(sound: pd.DataFrame, group: Group, curve: str, score: str, head: str) -> go.Scatter:
    """The mean over the seeds, of rows that did not fail; without points where there is none."""
    look = HEAD_STYLES[head]
    own = group.select(sound, head=head, score=score, curve=curve)
    by_seed = own.pivot(index="across", columns="seed", values="value")
    return go.Scatter(
        **_points(by_seed.mean(axis=1, skipna=False)),
        mode="lines",
        line={"color": look.color, "dash": look.dash, "width": 2.5},
        name=look.name,
        legendgroup=head,
        hovertemplate="%{fullData.name}<br>%{x:.0%}: %{y:.2%}<extra></extra>",
    )


def _points(values: pd.Series) -> dict:
    """x and y of values at equal distances, in few bytes."""
    return {"x0": 0, "dx": 1 / max(len(values) - 1, 1), "y": values.to_numpy(np.float32)}


def diagonal() -> go.Scatter:
    """The line of equal axes: chance, or a network that is right as often as it says."""
    return go.Scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": NEUTRAL, "dash": "dot", "width": 1.5},
        showlegend=False,
        hoverinfo="skip",
    )
