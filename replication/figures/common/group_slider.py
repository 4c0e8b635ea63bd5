"""A slider that takes a figure through the datasets and protocols, one group after the other."""

import json
from collections.abc import Callable, Sequence

import plotly.graph_objects as go
from plotly.utils import PlotlyJSONEncoder

from replication.figures.common.assessed import Group
from replication.figures.common.frame_slider import add_frame_slider

# What may differ between the traces of two groups.
VARYING = ("x", "y", "customdata", "error_x", "marker")


def add_slider(
    fig: go.Figure,
    groups: Sequence[Group],
    traces_of: Callable[[Group], Sequence[go.Scatter]],
    layout_of: Callable[[Group], dict] = lambda group: {},
) -> None:
    """Add a slider where there are several groups.

    `traces_of` gives a group's traces, as many and in the same order for each. The figure's first
    traces are those of the first group; others, which come after them, stay as they are.
    `layout_of` gives the ranges of axes that are not the same for all: Plotly finds none anew.
    """
    fig.update_layout(layout_of(groups[0]))
    if len(groups) < 2:
        return
    values = [[_values(trace) for trace in traces_of(group)] for group in groups]
    # A frame changes what is drawn, whichever group that is: it says all that is not common to all.
    differing = [
        [key for key in VARYING if len({_text(trace.get(key)) for trace in same}) > 1]
        for same in zip(*values, strict=True)
    ]
    fig.frames = [
        go.Frame(
            name=group.title,
            data=[
                go.Scatter({key: trace[key] for key in keys})
                for trace, keys in zip(own, differing, strict=True)
            ],
            traces=list(range(len(own))),
            layout=layout_of(group),
        )
        for group, own in zip(groups, values, strict=True)
    ]
    add_frame_slider(fig, "networks")


def _values(trace: go.Scatter) -> dict:
    return {key: value for key, value in trace.to_plotly_json().items() if key in VARYING}


def _text(value) -> str:
    return json.dumps(value, cls=PlotlyJSONEncoder)
