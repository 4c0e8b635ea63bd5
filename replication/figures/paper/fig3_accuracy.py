"""Figure 3: does binary encoding raise the accuracy?"""

from collections.abc import Sequence

import plotly.graph_objects as go

from replication.figures.common import wording
from replication.figures.common.curves import Curves, Row, curve_data, draw
from replication.runs.store import Run

ROWS = (
    Row("accuracy", "train", "train accuracy"),
    Row("accuracy", "test", "test accuracy"),
)


def data(runs: Sequence[Run]) -> Curves:
    """Accuracy by epoch on both splits."""
    what = "The paper's figure 3: accuracy on the train set (top) and on the test set (bottom)."
    return curve_data(runs, ROWS, what)


def figure(curves: Curves) -> go.Figure:
    """Curves of train accuracy, and below it of test accuracy."""
    alt = "Train and test accuracy against the epoch, for the four architectures."
    return draw(curves, figure, alt)


def findings(curves: Curves) -> str:
    """Accuracies, and binary encoding's lead seed by seed, as Markdown."""

    def quantities(dataset: str) -> list[wording.Quantity]:
        found = []
        accuracies = wording.last_epoch(curves, dataset)
        for row, accuracy in zip(curves.rows, accuracies, strict=True):
            own = accuracy.values
            lead = -own.drop(columns="binary").sub(own["binary"], axis=0)
            name = f"{row.split} lead of binary encoding"
            found += [accuracy, wording.Quantity(name, lead, wording.points)]
        return found

    return wording.evidence(curves, quantities)
