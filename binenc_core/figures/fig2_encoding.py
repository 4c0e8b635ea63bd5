"""Figure 2: do the points of a class share one binary code?"""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from binenc_core.config import HEADS
from binenc_core.figures import captions, wording
from binenc_core.figures.curves import Curves, Row, curve_data, paired, values_at
from binenc_core.figures.drawing import draw
from binenc_core.metrics.names import column
from binenc_core.store import Run

# The encoding counts as shared when this fraction of all points has its class's whole code.
SHARED = 0.95


def rows(split: str, definitions: str = "described") -> tuple[Row, ...]:
    """The text's reading of "same encoding", and the released code's."""
    return (
        Row("whole_code_agreement", split, "whole-code agreement"),
        Row(column("bit_agreement", definitions), split, "per-bit agreement"),
    )


def data(runs: Sequence[Run], split: str = "train") -> Curves:
    """What the figure shows; the runs' `metrics` choose the label that makes a class."""
    definitions = captions.definitions(runs)
    label = "predicted label" if definitions == "released" else "true label"
    what = (
        f"Points of a class that share one encoding ({split} set). Top, as the text reads: "
        "fraction of points whose whole code is their class's. Bottom, as the released code "
        f"counts: agreement per bit, which is never below 0.5, classes by {label}."
    )
    return curve_data(runs, rows(split, definitions), what)


def figure(curves: Curves) -> go.Figure:
    """The figure of `data`."""
    alt = (
        "Whole-code and per-bit agreement within the classes against the epoch, "
        "for the four architectures."
    )
    return draw(curves, figure, alt)


def claims(curves: Curves, dataset: str) -> dict[str, pd.Series]:
    """The paper's statements on this figure, and in which seeds each is seen."""
    agreement = paired(curves, dataset, curves.rows[0])
    return {
        f"With binary encoding, ≥ {SHARED:.0%} of the points have their class's whole code": (
            agreement["binary"] >= SHARED
        ),
        f"No other architecture reaches {SHARED:.0%}": (
            (agreement.drop(columns="binary") < SHARED).all(axis=1)
        ),
    }


def findings(curves: Curves) -> str:
    """The claims with their measured numbers, as Markdown."""

    def evidence(dataset: str) -> list[wording.Quantity]:
        return [
            wording.Quantity(
                f"{row.title}, last epoch", values_at(curves, dataset, row), wording.percent
            )
            for row in curves.rows
        ]

    return wording.findings(curves, HEADS, claims, evidence)
