"""What is right if only the images are kept of which a network is surest: risk by coverage."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from binenc_core.assessments import Assessment
from binenc_core.figures import assessed, reliability_numbers
from binenc_core.figures.assessed import Group
from binenc_core.figures.describing import described
from binenc_core.figures.reliability_drawing import diagonal
from binenc_core.figures.reliability_numbers import by_head
from binenc_core.figures.style import LOOKS
from binenc_core.reliability import SCORES

TASK = "misclassified"
SHOWN = ("mahalanobis", "msp")
PANEL_HEIGHT = 270


class Kind(NamedTuple):
    """A kind of curve: its array, what its axes show, and the curve of chance if it is known."""

    array: str
    across: str
    up: str
    chance: bool


KINDS = (
    Kind("roc", "false positives", "errors found", True),
    Kind("risk", "coverage", "error rate", False),
)


class Curves(NamedTuple):
    """What the figure shows.

    `table`: a line for each dataset, protocol, head, seed, score, curve ("roc" or "risk") and
    point, `across` and `value`, with the controls that the score `failed` there.
    """

    groups: list[Group]
    table: pd.DataFrame
    caption: str


def data(found: Sequence[Assessment]) -> Curves:
    """The ROC and the risk–coverage curve of two scores for every network."""
    numbers = reliability_numbers.data(found)
    places = [list(SCORES).index(score) for score in SHOWN]
    parts = []
    for group in numbers.groups:
        failed = {s: by_head(numbers, group, TASK, s, "auroc", "failed") for s in SHOWN}
        for a in group.found:
            arrays = a.arrays()
            for kind in KINDS:
                for score, place in zip(SHOWN, places, strict=True):
                    own = {"across": arrays["grid"], "value": arrays[kind.array][place]}
                    parts.append(
                        pd.DataFrame(own).assign(
                            **{"dataset": group.dataset, "protocol": group.protocol},
                            **{"head": a.config.head, "seed": a.config.seed},
                            **{"score": score, "curve": kind.array},
                            failed=failed[score].loc[a.config.seed, a.config.head],
                        )
                    )
    columns = ["dataset", "protocol", "head", "seed", "score", "curve", "across", "value"]
    columns.append("failed")
    outcome = reliability_numbers.control_outcome(numbers, TASK, drawn="left out")
    caption = (
        "Misclassified test images and two scores that were chosen beforehand. Upper row of each "
        "pair: ROC curve, with chance dotted. Lower row: error rate among the images that are "
        "kept, those with the lowest scores, by the fraction that is kept; at coverage 1 it is the "
        "network's error rate. Mean over the seeds; thin: each seed. "
        f"{reliability_numbers.misclassified(numbers)} {outcome} "
        f"{assessed.setting(numbers.groups)}"
    )
    return Curves(numbers.groups, pd.concat(parts, ignore_index=True)[columns], caption)


def figure(curves: Curves) -> go.Figure:
    """For each dataset and protocol a row of ROC curves and one of risks, a column per score."""
    rows = len(KINDS) * len(curves.groups)
    titles = [
        f"{group.title}:<br>{SCORES[score]}" if kind.array == "roc" else ""
        for group in curves.groups
        for kind in KINDS
        for score in SHOWN
    ]
    fig = make_subplots(
        rows=rows,
        cols=len(SHOWN),
        shared_yaxes=True,
        subplot_titles=titles,
        horizontal_spacing=0.1,
        vertical_spacing=0.4 / rows,
    )
    key = ["dataset", "protocol", "score", "curve"]
    sound = curves.table[curves.table["failed"] == ""]
    named: set[str] = set()
    row = 0
    for group in curves.groups:
        for kind in KINDS:
            row += 1
            for col, score in enumerate(SHOWN, start=1):
                if kind.chance:
                    fig.add_trace(diagonal(), row=row, col=col)
                place = [group.dataset, group.protocol, score, kind.array]
                own = sound[(sound[key] == place).all(axis=1)]
                for head in group.heads:
                    part = own[own["head"] == head].pivot(
                        index="across", columns="seed", values="value"
                    )
                    if part.empty:
                        continue
                    for trace in _lines(part, head, legend=head not in named):
                        fig.add_trace(trace, row=row, col=col)
                        named.add(head)
                fig.update_xaxes(title_text=kind.across, tickformat=".0%", row=row, col=col)
            fig.update_yaxes(title_text=kind.up, row=row, col=1)
            fig.update_yaxes(tickformat=".0%" if kind.chance else ".1%", row=row)
    fig.update_layout(
        height=PANEL_HEIGHT * rows + 90,
        meta=described(
            figure,
            alt="ROC and risk–coverage curves for the misclassified test images by Mahalanobis "
            "distance and by maximum softmax probability, for the four architectures.",
            caption=curves.caption,
            table=curves.table.round(5),
        ),
    )
    return fig


def _lines(by_seed: pd.DataFrame, head: str, legend: bool) -> list[go.Scatter]:
    """The mean over the seeds, and below it each seed where there are several."""
    look = LOOKS[head]
    values = [by_seed[seed] for seed in by_seed] if by_seed.shape[1] > 1 else []
    line = {"color": look.color, "dash": look.dash}
    shared = {"mode": "lines", "name": look.name, "legendgroup": head}
    thin = [
        go.Scatter(
            **_points(own),
            **shared,
            line=line | {"width": 0.8},
            opacity=0.5,
            showlegend=False,
            hoverinfo="skip",
        )
        for own in values
    ]
    mean = go.Scatter(
        **_points(by_seed.mean(axis=1, skipna=False)),
        **shared,
        line=line | {"width": 2.5},
        showlegend=legend,
        hovertemplate=f"{look.name}<br>%{{x:.0%}}: %{{y:.2%}}<extra></extra>",
    )
    return [*thin, mean]


def _points(values: pd.Series) -> dict:
    """x and y of values at equal distances, in few bytes."""
    return {"x0": 0, "dx": 1 / (len(values) - 1), "y": values.to_numpy(np.float32)}
