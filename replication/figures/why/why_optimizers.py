"""A code or none, by the optimizer of the classifier: the figure that decides."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from replication.data.datasets import DATASETS
from replication.figures.common import captions
from replication.figures.common.drawing import described
from replication.figures.common.style import NEUTRAL
from replication.figures.why.why_runs import BASE, CODE, NO_CODE, PENALTY_NAMES, chosen, table
from replication.runs.store import Run

# Whether an optimizer's steps know the axes: name, color, marker.
AXES_STYLES = {
    True: ("steps know the axes", "#0072b2", "circle"),
    False: ("steps know no axes", "#cc79a7", "diamond-open"),
}
LINE_HEIGHT = 29
NAMES = ("excess", "accuracy")


def data(runs: Sequence[Run]) -> pd.DataFrame:
    """`why_runs.table` of the runs that differ in the classifier's optimizer alone.

    The lines are sorted by dataset, then by the mean excess, the largest last.
    """
    own = chosen(runs)
    found = table([run for run in own if run.config.classifier_optimizer != "frozen"])
    order = found.groupby(["dataset", "optimizer"])["excess"].transform("mean")
    return found.assign(mean=order).sort_values(["dataset", "mean", "seed"], kind="stable")


def figure(found: pd.DataFrame, runs: Sequence[Run]) -> go.Figure:
    """Excess over chance and test accuracy, a line for each optimizer, a row for each dataset."""
    datasets = list(found["dataset"].unique())
    lines = [found.loc[found["dataset"] == name, "optimizer"].nunique() for name in datasets]
    fig = make_subplots(
        rows=len(datasets),
        cols=2,
        shared_yaxes="rows",
        row_heights=[count + 2 for count in lines],
        column_widths=[0.62, 0.38],
        horizontal_spacing=0.03,
        vertical_spacing=0.09,
        row_titles=[DATASETS[name].title for name in datasets],
        column_titles=["vertex cosine above chance", "test accuracy, %"],
    ).update_annotations(font_size=12)
    for i, dataset in enumerate(datasets, start=1):
        own = found[found["dataset"] == dataset]
        own = own.assign(accuracy=100 * own["accuracy"])
        order = list(own["optimizer"].unique())
        for j, name in enumerate(NAMES, start=1):
            for axes, (label, color, symbol) in AXES_STYLES.items():
                dots = own[own["axes"] == axes]
                trace = go.Scatter(
                    x=dots[name],
                    y=[order.index(optimizer) for optimizer in dots["optimizer"]],
                    text=dots["optimizer"],
                    customdata=dots["seed"],
                    mode="markers",
                    marker={"color": color, "symbol": symbol, "size": 9, "opacity": 0.75},
                    name=label,
                    legendgroup=label,
                    hovertemplate="%{text}<br>seed %{customdata}: %{x:.3f}<extra></extra>",
                )
                fig.add_trace(trace, row=i, col=j)
            room = 0.05 * (own[name].max() - own[name].min())
            span = [own[name].min() - room, own[name].max() + room]
            fig.update_xaxes(range=span, nticks=4, tickangle=0, row=i, col=j)
        left, _ = fig.get_subplot(i, 1).xaxis.range
        fig.add_trace(_names(order, left), row=i, col=1)
        lines_at = {"tickvals": list(range(len(order))), "showticklabels": False, "ticks": ""}
        fig.update_yaxes(lines_at, range=[-0.7, len(order)], zeroline=False, row=i)
        for level in (NO_CODE, CODE):
            fig.add_vline(level, line={"dash": "dot", "width": 1.5, "color": NEUTRAL}, row=i, col=1)
    return described(
        fig,
        figure,
        alt="Dots by seed, a line for each optimizer of the classifier: how far the class means' "
        "vertex cosine exceeds chance, and beside it the test accuracy.",
        caption="Only the last layer's optimizer differs, a dot for each seed. Left of "
        f"{NO_CODE:g} there is no code, right of {CODE:g} there is one. Penalty "
        f"{PENALTY_NAMES[BASE['penalty']]}, γ = {BASE['gamma']:g}, Gaussian start of W, all else "
        "by Adam.",
        table=found.drop(columns="mean"),
        setting=captions.setting(chosen(runs)),
        height=LINE_HEIGHT * sum(lines) + 110 * len(datasets) + 60,
        margin={"l": 10},
    )


def _names(order: Sequence[str], left: float) -> go.Scatter:
    """The optimizers' names, each above its line: beside it a phone has no room for them."""
    return go.Scatter(
        x=[left] * len(order),
        y=[place + 0.18 for place in range(len(order))],
        text=order,
        mode="text",
        textposition="top right",
        textfont={"size": 11},
        cliponaxis=False,
        hoverinfo="skip",
        showlegend=False,
    )
