"""Do the scores find the misclassified test images, and those of another dataset? AUROC.

A panel for each dataset and protocol, in it every score and architecture.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from binenc_core.reliability import SCORES
from replication.data.datasets import DATASETS
from replication.figures.common import assessed
from replication.figures.common.assessed import Measured
from replication.figures.common.drawing import bars, described, name_lines
from replication.figures.common.style import HEAD_STYLES, NEUTRAL
from replication.figures.reliability import reliability_numbers
from replication.figures.reliability.reliability_numbers import FEW
from replication.studies.assessments import Assessment

MISSING = "No images of another dataset: these networks' own has no counterpart here."
PANEL_HEIGHT = 330
# Within a score's line: how far apart the architectures are, and how far all seeds of one.
LANE, SPREAD = 0.19, 0.12
LABELS = {
    "mahalanobis": "Mahalanobis",
    "msp": "maximum<br>softmax",
    "energy": "energy",
    "vertex": "nearest<br>vertex",
}
CHANCE = 0.5


def data(found: Sequence[Assessment], task: str = "misclassified") -> Measured:
    """How well each score tells misclassified (or "outside") images from the others.

    The groups that have the task; `table`: a line for each dataset, protocol, head, seed, score and
    metric (`reliability.METRICS`), with its value, its 95 % interval and what it failed.
    """
    numbers = reliability_numbers.data(found)
    table = numbers.table[numbers.table["task"] == task].drop(columns="task")
    shown = [g for g in numbers.groups if task != "outside" or DATASETS[g.dataset].foreign]
    return Measured(shown, table)


def figure(detection: Measured) -> go.Figure:
    """A panel for each dataset and protocol, a line in it for each score: misclassified images."""
    return _drawn(
        *(detection, figure),
        alt="AUROC with bootstrap intervals for finding misclassified test images by four scores, "
        "for the four architectures.",
        caption="AUROC of each score for telling misclassified test images from the others; larger "
        "is better. Small: each seed, 95 % bootstrap interval over the images; large: mean over "
        f"seeds. Hollow: fewer than {FEW} misclassified, too few to say.",
    )


def outside_figure(outside: Measured) -> go.Figure | None:
    """The same for images of another dataset; None where no dataset has one."""
    if not outside.groups:
        return None
    pairs = [
        f"{DATASETS[DATASETS[name].foreign].title} for networks of {DATASETS[name].title}"
        for name in dict.fromkeys(group.dataset for group in outside.groups)
    ]
    return _drawn(
        *(outside, outside_figure),
        alt="AUROC with bootstrap intervals for telling images of another dataset from a network's "
        "own by four scores, for the four architectures.",
        caption="AUROC of each score for telling another dataset's test images from the network's "
        f"own: {', '.join(pairs)}, as many of each. Small: each seed, 95 % bootstrap interval; "
        "large: mean over seeds.",
    )


def _drawn(detection: Measured, draw: Callable[..., Any], alt: str, caption: str) -> go.Figure:
    """The figure that `draw` gives: each network's AUROC with its interval, and the means."""
    shown = detection.groups
    fig = make_subplots(
        rows=len(shown),
        subplot_titles=[group.title for group in shown],
        shared_xaxes="all",
        vertical_spacing=0.22 / len(shown),
    )
    lowest = 1.0
    for row, group in enumerate(shown, start=1):
        parts = [group.select(detection.table, score=s, metric="auroc") for s in SCORES]
        auroc = pd.concat(parts)
        lowest = np.nanmin([lowest, *auroc["low"], *auroc["value"]])
        for head in group.heads:
            own = auroc[auroc["head"] == head].dropna(subset="value")
            for trace in _traces(own, head):
                fig.add_trace(trace, row=row, col=1)
    if lowest < CHANCE + 0.1:
        fig.add_vline(x=CHANCE, line={"color": NEUTRAL, "dash": "dot", "width": 1.5})
    name_lines(fig, [LABELS[score] for score in SCORES], down=-1)
    fig.update_xaxes(showticklabels=True)
    fig.update_xaxes(title_text="AUROC", row=len(shown), col=1)
    fig.update_layout(height=PANEL_HEIGHT * len(shown) + 70)
    return described(
        fig,
        draw,
        alt=alt,
        caption=caption,
        table=detection.table.round(5),
        setting=assessed.setting(shown),
    )


def _traces(own: pd.DataFrame, head: str) -> list[go.Scatter]:
    """One architecture in one panel: each seed with its interval, the means, and what failed."""
    sound, failed = own[own["failed"] == ""], own[own["failed"] != ""]
    traces = [_seeds(sound, head), _means(sound, head), _failed(failed, head)]
    legend = {"name": HEAD_STYLES[head].name, "legendgroup": head}
    return [trace.update(legend) for trace in traces if len(trace.x)]


def _height(score: str, head: str) -> float:
    """Where an architecture is in a panel."""
    return -list(SCORES).index(score) + LANE * (1.5 - list(HEAD_STYLES).index(head))


def _seeds(own: pd.DataFrame, head: str) -> go.Scatter:
    places = own["seed"].rank(method="dense") - 1
    moved = SPREAD * (0.5 - places / max(places.max(), 1)) if own["seed"].nunique() > 1 else 0
    heights = np.array([_height(score, head) for score in own["score"]]) + moved
    color = HEAD_STYLES[head].color
    return go.Scatter(
        x=own["value"].to_numpy("f4"),
        y=heights.astype("f4"),
        error_x=bars(own["value"], own["low"], own["high"], color),
        customdata=own[["seed", "low", "high", "positives", "negatives"]].to_numpy("f4"),
        mode="markers",
        marker={
            "symbol": _symbols("circle", own["positives"]),
            **{"size": 4, "color": color},
        },
        showlegend=False,
        hovertemplate="%{fullData.name}, seed %{customdata[0]}<br>"
        "%{x:.3f} (%{customdata[1]:.3f} to %{customdata[2]:.3f})<br>"
        "%{customdata[3]:,} positive, %{customdata[4]:,} negative images<extra></extra>",
    )


def _means(own: pd.DataFrame, head: str) -> go.Scatter:
    """Mean over the seeds, hollow where one of them has too few positive images."""
    by_score = own.groupby("score").agg(
        value=("value", "mean"), seeds=("seed", "count"), least=("positives", "min")
    )
    symbol = HEAD_STYLES[head].symbol
    return go.Scatter(
        x=by_score["value"].to_numpy("f4"),
        y=np.array([_height(score, head) for score in by_score.index], "f4"),
        customdata=by_score["seeds"],
        mode="markers",
        marker={
            "symbol": _symbols(symbol, by_score["least"]),
            **{"size": 11, "color": HEAD_STYLES[head].color, "line": {"width": 1.5}},
        },
        hovertemplate="%{fullData.name}<br>%{x:.3f}, seeds: %{customdata}<extra></extra>",
    )


def _symbols(symbol: str, positives: pd.Series) -> str | list[str]:
    """Hollow where there are too few positive images; one for all where none differs."""
    symbols = [f"{symbol}-open" if few else symbol for few in positives < FEW]
    return symbols[0] if len(set(symbols)) == 1 else symbols


def _failed(own: pd.DataFrame, head: str) -> go.Scatter:
    return go.Scatter(
        x=own["value"],
        y=[_height(score, head) for score in own["score"]],
        customdata=own[["seed", "failed"]],
        mode="markers+text",
        text="failed",
        textposition="middle left",
        marker={"symbol": "x-open", "size": 11, "color": HEAD_STYLES[head].color},
        showlegend=False,
        hovertemplate=f"{HEAD_STYLES[head].name}, seed %{{customdata[0]}}: failed with "
        "%{customdata[1]}<extra></extra>",
    )
