"""Do the scores find images of another dataset? AUROC by architecture."""

from collections.abc import Sequence

import plotly.graph_objects as go

from replication.data.datasets import DATASETS
from replication.figures.common import assessed
from replication.figures.common.figure_meta import figure_meta
from replication.figures.reliability import reliability_drawing, reliability_numbers
from replication.figures.reliability.reliability_detection import Detection
from replication.studies.assessments import Assessment

TASK = "outside"
MISSING = "No images of another dataset: these networks' own has no counterpart here."


def data(found: Sequence[Assessment]) -> Detection:
    """How well each score tells another dataset's test images from the network's own."""
    numbers = reliability_numbers.data(found)
    shown = [group for group in numbers.groups if DATASETS[group.dataset].foreign]
    table = numbers.table[numbers.table["task"] == TASK].drop(columns="task")
    pairs = [
        f"{DATASETS[DATASETS[name].foreign].title} for networks of {DATASETS[name].title}"
        for name in dict.fromkeys(group.dataset for group in shown)
    ]
    caption = (
        "AUROC for telling the test images of another dataset from the network's own: "
        f"{', '.join(pairs)}, as many of each. Small: each seed with its 95 % bootstrap interval "
        "over the images; large: mean over the seeds. "
        f"{reliability_numbers.control_outcome(numbers, TASK)} {assessed.setting(shown)}"
    )
    return Detection(numbers, shown, table, caption)


def figure(outside: Detection) -> go.Figure | None:
    """A panel for each dataset and protocol, a line in it for each score; None without any."""
    if not outside.groups:
        return None
    fig = reliability_drawing.draw(outside.numbers, outside.groups, TASK)
    fig.layout.meta = figure_meta(
        figure,
        alt="AUROC with bootstrap intervals for telling images of another dataset from a network's "
        "own by four scores, for the four architectures.",
        caption=outside.caption,
        table=outside.table.round(5),
    )
    return fig
