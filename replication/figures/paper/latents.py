"""Histograms of single latent dimensions, one dimension after another under a slider."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from binenc_core.metrics.names import HISTOGRAM_RANGE
from replication.data.datasets import DATASETS
from replication.figures.common import captions
from replication.figures.common.drawing import described
from replication.figures.common.sliders import add_slider
from replication.figures.common.style import HEAD_STYLES
from replication.figures.common.tables import in_order, stacked
from replication.runs.store import Run


class Latents(NamedTuple):
    """Fractions of the training points in each bin, by panel (head): (P, bins); bin centers."""

    runs: tuple[Run, ...]
    fractions: tuple[NDArray, ...]
    centers: NDArray


def data(runs: Sequence[Run]) -> Latents:
    """The last epoch's histograms of the first dataset: of each head the first seed that has them.

    Raises ValueError where no run has any.
    """
    dataset = captions.datasets(runs)[0]
    own = [run for run in runs if run.config.dataset == dataset]
    counts: dict[str, tuple[Run, NDArray]] = {}
    for run in in_order(own):
        histogram = run.arrays().get("latent_histogram", ())
        if len(histogram):  # a run that diverged at once has none
            counts.setdefault(run.config.head, (run, histogram[-1]))
    if not counts:
        raise ValueError("no run has histograms; those with a linear penultimate layer have them")
    shown, last = zip(*counts.values(), strict=True)
    edges = np.linspace(*HISTOGRAM_RANGE, last[0].shape[1] + 1)
    return Latents(
        runs=shown,
        fractions=tuple(part / part.sum(axis=1, keepdims=True) for part in last),
        centers=(edges[:-1] + edges[1:]) / 2,
    )


def figure(latents: Latents) -> go.Figure:
    """A panel for each head, and a slider that goes through the latent dimensions."""
    heads = [run.config.head for run in latents.runs]
    fig = make_subplots(cols=len(heads), column_titles=[HEAD_STYLES[h].name for h in heads])
    for panel in range(len(heads)):
        fig.add_trace(_bars(latents, panel), row=1, col=panel + 1)
    dimensions = min(len(part) for part in latents.fractions)
    frames = {
        str(j): [go.Bar(y=_heights(latents, panel, j)) for panel in range(len(heads))]
        for j in range(dimensions)
    }
    add_slider(fig, "latent dimension", frames)
    fig.update_xaxes(title_text="x, standardized", range=HISTOGRAM_RANGE)
    # Frames do not rescale the axes, so they must hold every dimension's bars.
    top = max(float(part.max()) for part in latents.fractions)
    fig.update_yaxes(range=[0, 1.05 * top])
    fig.update_yaxes(title_text="fraction of points", row=1, col=1)
    seeds = " or ".join(sorted({str(run.config.seed) for run in latents.runs}))
    return described(
        fig,
        figure,
        alt="Histograms of one latent dimension at a time, for the binary-encoding and the "
        "linear-penultimate architectures.",
        caption=f"{DATASETS[latents.runs[0].config.dataset].title}, seed {seeds}: the training "
        "points' values of one penultimate dimension at the last epoch, standardized. The outer "
        "bins hold what lies beyond.",
        table=_table(latents),
        setting=captions.setting(latents.runs),
        height=380,
        bargap=0,
        showlegend=False,
    )


def _heights(latents: Latents, panel: int, dimension: int) -> NDArray[np.float32]:
    return latents.fractions[panel][dimension].astype("f4")


def _bars(latents: Latents, panel: int) -> go.Bar:
    """The bars of the first dimension; those of the others are the same but for their heights."""
    look = HEAD_STYLES[latents.runs[panel].config.head]
    return go.Bar(
        x=latents.centers.astype("f4"),
        y=_heights(latents, panel, dimension=0),
        marker={"color": look.color, "line": {"width": 0}},
        name=look.name,
        hovertemplate="x %{x:.2f}: %{y:.3f} of the points<extra></extra>",
    )


def _table(latents: Latents) -> pd.DataFrame:
    def columns(run: Run, fractions: NDArray) -> dict[str, Any]:
        dimension, bin_index = np.indices(fractions.shape)
        return {
            "dataset": DATASETS[run.config.dataset].title,
            "head": run.config.head,
            "dimension": dimension.ravel(),
            "x": latents.centers[bin_index.ravel()].round(3),
            "fraction": fractions.ravel().round(6),
        }

    return stacked(map(columns, latents.runs, latents.fractions))
