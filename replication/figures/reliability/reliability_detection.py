"""Do the scores find the misclassified test images? AUROC by architecture."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go

from replication.figures.common import assessed
from replication.figures.common.assessed import Group
from replication.figures.common.describing import described
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


def data(found: Sequence[Assessment]) -> Detection:
    """How well each score tells misclassified test images from the others."""
    numbers = reliability_numbers.data(found)
    table = numbers.table[numbers.table["task"] == TASK].drop(columns="task")
    return Detection(numbers, numbers.groups, table)


def figure(detection: Detection) -> go.Figure:
    """A panel for each dataset and protocol, a line in it for each score."""
    return described(
        reliability_drawing.draw(detection.numbers, detection.groups, TASK),
        figure,
        alt="AUROC with bootstrap intervals for finding misclassified test images by four scores, "
        "for the four architectures.",
        caption="AUROC of each score for telling misclassified test images from the others; larger "
        "is better. Small: each seed, 95 % bootstrap interval over the images; large: mean over "
        f"seeds. Hollow: fewer than {FEW} misclassified, too few to say.",
        table=detection.table.round(5),
        setting=assessed.setting(detection.groups),
    )
