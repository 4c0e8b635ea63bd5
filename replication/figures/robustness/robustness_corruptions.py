"""Accuracy on corrupted images, which no attack has chosen."""

from collections.abc import Sequence

import plotly.graph_objects as go

from binenc_core.robustness import CORRUPTIONS
from replication.figures.common import assessed
from replication.figures.common.assessed import Group, Measured
from replication.figures.common.drawing import described, grid
from replication.figures.common.sliders import add_group_slider
from replication.figures.common.style import HEAD_STYLES
from replication.studies.assessments import Assessment
from replication.studies.robustness_numbers import accuracies, corrupted_images

PANEL_HEIGHT = 270


def data(found: Sequence[Assessment]) -> Measured:
    """The curves of every network.

    `table`: a line for each dataset, protocol, head, seed, corruption and severity, with the
    accuracy; severities are in the order of the study, from weak to strong.
    """
    return assessed.measured(found, accuracies)


def figure(found: Measured) -> go.Figure:
    """A panel for each corruption, and a slider that goes through the datasets and protocols."""
    names = list(dict.fromkeys(found.table["corruption"]))
    heads = assessed.heads(found.groups)
    titles = [CORRUPTIONS[name].title for name in names]
    fig, places = grid(titles, apart=0.4, shared_yaxes="all")
    for name, where in zip(names, places, strict=True):
        for head in heads:
            fig.add_trace(_curve(found, found.groups[0], name, head), **where)
        severities = found.table.loc[found.table["corruption"] == name, "severity"]
        room = 0.04 * (severities.max() - severities.min())
        ends = [severities.min() - room, severities.max() + room]
        fig.update_xaxes(range=ends, zeroline=False, title_text=CORRUPTIONS[name].unit, **where)
    add_group_slider(
        fig,
        found.groups,
        lambda group: [_curve(found, group, name, head) for name in names for head in heads],
    )
    fig.update_yaxes(range=[0, 1.02], tickformat=".0%")
    fig.update_yaxes(title_text="accuracy", col=1)
    own = [assessment for group in found.groups for assessment in group.found]
    return described(
        fig,
        figure,
        alt="Accuracy of the four architectures against the severity of "
        f"{', '.join(names)}, one dataset and protocol at a time.",
        caption="Accuracy on test images corrupted more and more, each corruption in its own unit; "
        f"means over seeds, {assessed.images(own, corrupted_images)} The slider goes through "
        "datasets and protocols.",
        table=found.table.round(4),
        setting=assessed.setting(found.groups, corrupted_images),
        height=PANEL_HEIGHT * places[-1]["row"] + 60,
    )


def _curve(found: Measured, group: Group, name: str, head: str) -> go.Scatter:
    """One architecture's accuracies under one corruption: the mean over seeds."""
    look = HEAD_STYLES[head]
    own = group.select(found.table, head=head, corruption=name)
    mean = own.groupby("severity")["accuracy"].mean()
    return go.Scatter(
        x=mean.index.to_numpy("f4"),
        y=mean.to_numpy("f4"),
        mode="lines+markers",
        line={"color": look.color, "dash": look.dash, "width": 2.5},
        marker={"symbol": look.symbol, "size": 7},
        name=look.name,
        legendgroup=head,
        hovertemplate="%{fullData.name}<br>severity %{x:.3g}: %{y:.1%}<extra></extra>",
    )
