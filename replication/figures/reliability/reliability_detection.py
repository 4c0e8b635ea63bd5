"""Do the scores find the misclassified test images? AUROC by architecture."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go

from replication.figures.common import assessed
from replication.figures.common.assessed import Group
from replication.figures.common.figure_meta import figure_meta
from replication.figures.reliability import reliability_drawing, reliability_numbers
from replication.figures.reliability.reliability_numbers import FEW, Numbers
from replication.studies.assessments import Assessment

TASK = "misclassified"


class Detection(NamedTuple):
    """What a figure of one task shows, of the groups that have it.

    `table`: a line for each dataset, protocol, head, seed, score and metric
    (`reliability.METRICS`), with its value, its 95 % interval and what it failed.
    """

    numbers: Numbers
    groups: list[Group]
    table: pd.DataFrame
    caption: str


def data(found: Sequence[Assessment]) -> Detection:
    """How well each score tells misclassified test images from the others."""
    numbers = reliability_numbers.data(found)
    table = numbers.table[numbers.table["task"] == TASK].drop(columns="task")
    caption = (
        "AUROC for telling misclassified test images from the others by each score; larger is "
        "better. Small: each seed with its 95 % bootstrap interval over the images; large: mean "
        f"over the seeds. Hollow: fewer than {FEW} misclassified images, too few to say. "
        f"{reliability_numbers.misclassified(numbers)} "
        f"{reliability_numbers.control_outcome(numbers, TASK)} {assessed.setting(numbers.groups)}"
    )
    return Detection(numbers, numbers.groups, table, caption)


def figure(detection: Detection) -> go.Figure:
    """A panel for each dataset and protocol, a line in it for each score."""
    fig = reliability_drawing.draw(detection.numbers, detection.groups, TASK)
    fig.layout.meta = figure_meta(
        figure,
        alt="AUROC with bootstrap intervals for finding misclassified test images by four scores, "
        "for the four architectures.",
        caption=detection.caption,
        table=detection.table.round(5),
    )
    return fig
