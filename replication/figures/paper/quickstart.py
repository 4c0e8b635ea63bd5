"""The quick start's figure: four architectures on the digits, accuracy beside shared encoding."""

from collections.abc import Sequence

import plotly.graph_objects as go

from replication.figures.common import wording
from replication.figures.common.curves import Curves, Row, curve_data, draw
from replication.runs.store import Run

ROWS = (
    Row("accuracy", "test", "test accuracy"),
    Row("whole_code_agreement", "train", "whole-code agreement"),
)


def data(runs: Sequence[Run]) -> Curves:
    """Test accuracy and whole-code agreement by epoch."""
    what = "Test accuracy, and the fraction of training points whose whole code is their class's."
    return curve_data(runs, ROWS, what)


def figure(curves: Curves) -> go.Figure:
    """Curves of test accuracy, and below it of whole-code agreement."""
    alt = "Test accuracy and whole-code agreement against the epoch, for the four architectures."
    return draw(curves, figure, alt)


def findings(curves: Curves) -> str:
    """The last epoch's numbers, as a Markdown table."""
    return wording.table([q for name in curves.datasets for q in wording.last_epoch(curves, name)])
