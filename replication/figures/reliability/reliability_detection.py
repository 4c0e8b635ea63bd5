"""Do the scores find the misclassified test images, and those of another dataset? AUROC."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pandas as pd
import plotly.graph_objects as go

from replication.data.datasets import DATASETS
from replication.figures.common import assessed
from replication.figures.common.assessed import Group
from replication.figures.common.describing import described
from replication.figures.reliability import reliability_drawing, reliability_numbers
from replication.figures.reliability.reliability_numbers import FEW, Numbers
from replication.studies.assessments import Assessment

MISSING = "No images of another dataset: these networks' own has no counterpart here."


class Detection(NamedTuple):
    """What the figure of a task shows, of the groups that have it.

    `table`: a line for each dataset, protocol, head, seed, score and metric
    (`reliability.METRICS`), with its value, its 95 % interval and what it failed.
    """

    numbers: Numbers
    groups: list[Group]
    table: pd.DataFrame


def data(found: Sequence[Assessment], task: str = "misclassified") -> Detection:
    """How well each score tells misclassified (or "outside") images from the others."""
    numbers = reliability_numbers.data(found)
    table = numbers.table[numbers.table["task"] == task].drop(columns="task")
    shown = [g for g in numbers.groups if task != "outside" or DATASETS[g.dataset].foreign]
    return Detection(numbers, shown, table)


def figure(detection: Detection) -> go.Figure:
    """A panel for each dataset and protocol, a line in it for each score: misclassified images."""
    return _drawn(
        *(detection, "misclassified", figure),
        alt="AUROC with bootstrap intervals for finding misclassified test images by four scores, "
        "for the four architectures.",
        caption="AUROC of each score for telling misclassified test images from the others; larger "
        "is better. Small: each seed, 95 % bootstrap interval over the images; large: mean over "
        f"seeds. Hollow: fewer than {FEW} misclassified, too few to say.",
    )


def outside_figure(outside: Detection) -> go.Figure | None:
    """The same for images of another dataset; None where no dataset has one."""
    if not outside.groups:
        return None
    pairs = [
        f"{DATASETS[DATASETS[name].foreign].title} for networks of {DATASETS[name].title}"
        for name in dict.fromkeys(group.dataset for group in outside.groups)
    ]
    return _drawn(
        *(outside, "outside", outside_figure),
        alt="AUROC with bootstrap intervals for telling images of another dataset from a network's "
        "own by four scores, for the four architectures.",
        caption="AUROC of each score for telling another dataset's test images from the network's "
        f"own: {', '.join(pairs)}, as many of each. Small: each seed, 95 % bootstrap interval; "
        "large: mean over seeds.",
    )


def _drawn(
    detection: Detection, task: str, draw: Callable[..., Any], alt: str, caption: str
) -> go.Figure:
    """The figure of a task, which `draw` gives, as it says of itself."""
    return described(
        reliability_drawing.draw(detection.numbers, detection.groups, task),
        draw,
        alt=alt,
        caption=caption,
        table=detection.table.round(5),
        setting=assessed.setting(detection.groups),
    )
