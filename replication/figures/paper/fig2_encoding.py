"""Figure 2: do the points of a class share one binary code?"""

from collections.abc import Sequence

import plotly.graph_objects as go

from binenc_core.metrics.names import column
from replication.figures.common import captions, wording
from replication.figures.common.curves import Curves, Row, curve_data, draw
from replication.runs.store import Run


def rows(split: str, definitions: str = "described") -> tuple[Row, ...]:
    """The text's reading of "same encoding", and the released code's."""
    return (
        Row("whole_code_agreement", split, "whole-code agreement"),
        Row(column("bit_agreement", definitions), split, "per-bit agreement"),
    )


def data(runs: Sequence[Run], split: str = "train") -> Curves:
    """Both agreements by epoch; the runs' `metrics` choose the label that makes a class."""
    definitions = captions.definitions(runs)
    label = "predicted label" if definitions == "released" else "true label"
    what = (
        f"The paper's figure 2 ({split} set). Top, as its text reads: points with their class's "
        f"whole code. Bottom, as the released code counts: agreement per bit, by {label}."
    )
    return curve_data(runs, rows(split, definitions), what)


def figure(curves: Curves) -> go.Figure:
    """Curves of whole-code agreement, and below it of per-bit agreement."""
    alt = (
        "Whole-code and per-bit agreement within the classes against the epoch, "
        "for the four architectures."
    )
    return draw(curves, figure, alt)


def findings(curves: Curves) -> str:
    """The measured numbers, as Markdown."""
    return wording.evidence(curves, lambda d: wording.last_epoch(curves, d))
