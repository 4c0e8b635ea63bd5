"""Do the scores find images of another dataset? AUROC by architecture."""

from collections.abc import Sequence

import plotly.graph_objects as go

from replication.data.datasets import DATASETS
from replication.figures.common import assessed
from replication.figures.common.describing import described
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
    return Detection(numbers, shown, table)


def figure(outside: Detection) -> go.Figure | None:
    """A panel for each dataset and protocol, a line in it for each score; None without any."""
    if not outside.groups:
        return None
    pairs = [
        f"{DATASETS[DATASETS[name].foreign].title} for networks of {DATASETS[name].title}"
        for name in dict.fromkeys(group.dataset for group in outside.groups)
    ]
    return described(
        reliability_drawing.draw(outside.numbers, outside.groups, TASK),
        figure,
        alt="AUROC with bootstrap intervals for telling images of another dataset from a network's "
        "own by four scores, for the four architectures.",
        caption="AUROC of each score for telling another dataset's test images from the network's "
        f"own: {', '.join(pairs)}, as many of each. Small: each seed, 95 % bootstrap interval; "
        "large: mean over seeds.",
        table=outside.table.round(5),
        setting=assessed.setting(outside.groups),
    )
