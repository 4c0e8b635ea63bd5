"""Figure 1: does each latent dimension take one of two values?"""

from collections.abc import Sequence

import plotly.graph_objects as go

from binenc_core.config import LINEAR_HEADS
from replication.figures.common import wording
from replication.figures.common.curves import Curves, Row, curve_data, draw, values_at
from replication.runs.store import Run

HEADS = LINEAR_HEADS


def rows(split: str) -> tuple[Row, ...]:
    """The paper's two rows, and a scale-free third."""
    return (
        Row("gmm_score", split, "log-likelihood score"),
        Row("gmm_std", split, "standard deviation", log=True),
        Row("peak_separation", split, "peak separation", log=True),
    )


def data(runs: Sequence[Run], split: str = "train") -> Curves:
    """The mixtures' three numbers by epoch, of runs with a linear penultimate layer."""
    what = (
        f"The paper's figure 1 ({split} set): two Gaussians fitted to each penultimate dimension, "
        "averaged over dimensions. Third row: the distance of their means in standard deviations."
    )
    return curve_data(runs, rows(split), what)


def figure(curves: Curves) -> go.Figure:
    """Curves of the score, the standard deviation and the peak separation, a row for each."""
    alt = (
        "Log-likelihood score, standard deviation and peak separation of two-component mixtures "
        "against the epoch, for the binary-encoding and the linear-penultimate architectures."
    )
    return draw(curves, figure, alt)


def findings(curves: Curves) -> str:
    """The measured numbers, as Markdown."""

    def quantities(dataset: str) -> list[wording.Quantity]:
        return [
            wording.Quantity(
                f"{row.title}, {'last' if last else 'first'} logged epoch",
                values_at(curves, dataset, row, last),
                wording.value,
            )
            for row in curves.rows
            for last in (False, True)
        ]

    return wording.evidence(curves, quantities)
