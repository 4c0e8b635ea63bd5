"""Do the points of a class point to a vertex of the hypercube, and more than chance would?"""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from scipy.special import gammaln

from binenc_core.config import LINEAR_HEADS
from replication.figures.common.curves import Curves, Row, curve_data, draw
from replication.runs.store import Run

MEANS, POINTS = (
    Row("vertex_means", "train", "vertex cosine, class means"),
    Row("vertex_cosine", "train", "vertex cosine, points"),
)


def chance(dimensions: int) -> float:
    """Mean cosine of a Gaussian direction in P dimensions to its nearest vertex.

    E‖g‖₁/(√P‖g‖₂) = Γ(P/2)·√P / (√π·Γ((P+1)/2)), as direction and length are independent; √(2/π)
    for many dimensions.
    """
    half = dimensions / 2
    ratio = np.exp(gammaln(half) - gammaln(half + 0.5))
    return float(ratio * np.sqrt(dimensions / np.pi))


def data(runs: Sequence[Run]) -> Curves:
    """The vertex cosine of class means and of points, of runs with a linear penultimate layer."""
    what = (
        "Mean cosine of the class means and of the training points to their nearest vertex "
        "(±1, …, ±1), 1 on a vertex. Dotted: chance, a random direction."
    )
    return curve_data([r for r in runs if r.config.head in LINEAR_HEADS], (MEANS, POINTS), what)


def figure(curves: Curves, runs: Sequence[Run]) -> go.Figure:
    """The curves of `data` with the chance level of each dataset's P."""
    alt = (
        "Cosine of class means and points to their nearest hypercube vertex against the epoch, for "
        "the binary-encoding and the linear-penultimate architectures, with its chance level."
    )
    fig = draw(curves, figure, alt)
    sizes = {run.config.dataset: run.config.latent_dim for run in runs}
    for column, dataset in enumerate(curves.datasets, start=1):
        level = chance(sizes[dataset])
        for row in range(1, len(curves.rows) + 1):
            fig.add_hline(
                level,
                line={"dash": "dot", "width": 1.5},
                annotation={"text": f"chance {level:.3f}", "font": {"size": 11}},
                annotation_position="bottom right",
                row=row,
                col=column,
            )
    return fig
