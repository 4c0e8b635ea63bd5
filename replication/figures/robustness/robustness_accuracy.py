"""Which share of the images is still classified correctly, under every perturbation of a size."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike, NDArray

from replication.figures.common import assessed
from replication.figures.common.assessed import Measured
from replication.figures.common.drawing import described, grid
from replication.figures.common.style import HEAD_STYLES, NEUTRAL
from replication.figures.robustness import robustness_sanity
from replication.studies.assessments import Assessment
from replication.studies.robustness_numbers import NUMBERS, relative

PANEL_HEIGHT = 270
STEPS = 40
# The budgets end where so few images are left under the smallest perturbation.
LEFT = 0.01
ALONE = "DeepFool alone"
# Of a curve that is no result every so many points are crossed out.
CROSSES = 10


def robust_accuracy(found: Assessment, attack: str, budgets: ArrayLike) -> NDArray[np.float64]:
    """Share of the images that are correct, and stay so within each budget of ‖r‖/‖x‖.

    An image on which the attack (a column of ‖r‖) does not succeed stays correct.
    """
    table = found.table.set_index("image")
    correct = table["predicted"] == table["label"]
    reach = np.sort(relative(found, attack)[correct].to_numpy())
    return (len(reach) - np.searchsorted(reach, budgets, side="right")) / len(table)


class RobustAccuracy(NamedTuple):
    """The curves of every network, and which of them are results.

    `measured`: a line for each dataset, protocol, head, seed and budget, with the robust accuracy
    by the smallest perturbation of all attacks (`smallest`) and by DeepFool alone (`deepfool`).
    `outcomes`: those of `robustness_sanity.data`.
    """

    measured: Measured
    outcomes: pd.DataFrame


def data(found: Sequence[Assessment]) -> RobustAccuracy:
    """The curves of every network, and what the sanity checks say of them."""
    budgets = np.linspace(0, largest_budget(found), STEPS + 1)

    def curves(own: Assessment) -> dict[str, NDArray]:
        by_number = {name: robust_accuracy(own, name, budgets) for name in NUMBERS}
        return {"budget": budgets, **by_number}

    measured = assessed.measured(found, curves)
    return RobustAccuracy(measured, robustness_sanity.data(measured.groups))


def largest_budget(found: Sequence[Assessment]) -> float:
    """A round budget at which almost no image is left in any network."""
    ends = []
    for own in found:
        sizes = relative(own, "smallest")
        ends.append(sizes[np.isfinite(sizes)].quantile(1 - LEFT))
    return float(np.ceil(np.nanmax(ends) * 20) / 20)


def figure(found: RobustAccuracy) -> go.Figure:
    """A panel for each dataset and protocol, and in it two curves for each architecture."""
    shown, table = found.measured
    titles = [group.title for group in shown]
    fig, places = grid(titles, apart=0.18, shared_xaxes="all", shared_yaxes="all")
    for group, where in zip(shown, places, strict=True):
        own = group.select(table)
        for head in group.heads:
            curves = own[own["head"] == head].groupby("budget")[list(NUMBERS)].mean()
            for number in NUMBERS:
                failed = robustness_sanity.failed(found.outcomes, group, head, number)
                curve = _curve(curves[number], head, number, failed)
                if number == "deepfool":
                    if all(trace.legendgroup != curve.legendgroup for trace in fig.data):
                        fig.add_trace(_legend_entry(curve), **where)
                    curve.showlegend = False
                fig.add_trace(curve, **where)
    fig.update_xaxes(range=[0, table["budget"].max()])
    fig.update_xaxes(title_text="budget of ‖r‖/‖x‖", row=places[-1]["row"])
    fig.update_yaxes(range=[0, 1.02], tickformat=".0%")
    fig.update_yaxes(title_text="robust accuracy", col=1)
    return described(
        fig,
        figure,
        alt="Share of the images that stay correctly classified against the size of the "
        "perturbations allowed, for the four architectures, by all attacks and by DeepFool.",
        caption="Share of the test images still classified correctly under every perturbation with "
        "‖r‖/‖x‖ up to the budget, mean over seeds. Thick: by the smallest found. Thin, dotted: "
        "what DeepFool alone would say. Crossed out: fails a sanity check.",
        table=table.round(4),
        setting=assessed.setting(shown),
        height=PANEL_HEIGHT * places[-1]["row"] + 60,
    )


def _curve(values: pd.Series, head: str, number: str, failed: str) -> go.Scatter:
    """One architecture's curve by one number, crossed out where that fails a sanity check."""
    look, alone = HEAD_STYLES[head], number == "deepfool"
    name = ALONE if alone else look.name
    if failed:
        name += " (fails a check)"
    own = {"dash": "dot", "width": 1} if alone else {"dash": look.dash, "width": 2.5}
    return go.Scatter(
        x0=0,
        dx=round(values.index[1], 6),
        y=values.to_numpy("f4"),
        mode="lines+markers" if failed else "lines",
        line={"color": look.color, **own},
        marker={"symbol": "x-thin-open", "size": 8, "maxdisplayed": STEPS // CROSSES},
        name=name,
        legendgroup=name,
        hovertemplate=(f"{look.name}: " if alone else "")
        + "%{fullData.name}<br>up to %{x:.3f}: %{y:.1%}"
        + (f"<br>fails {failed}" if failed else "")
        + "<extra></extra>",
    )


def _legend_entry(curve: go.Scatter) -> go.Scatter:
    """An empty curve that stands in the legend for those of all architectures."""
    entry = go.Scatter(curve).update(y=[None], x=[None], x0=None, dx=None, showlegend=True)
    return entry.update(line={"color": NEUTRAL}, marker={"color": NEUTRAL})
