"""Sliders: through frames of any kind, and through the datasets and protocols of a study."""

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest

import plotly.graph_objects as go
from plotly.basedatatypes import BaseTraceType
from plotly.utils import PlotlyJSONEncoder

from replication.figures.common.assessed import Group

# What may differ between the traces of two groups.
VARYING = ("x", "y", "customdata", "error_x", "marker")


def add_slider(
    fig: go.Figure,
    name: str,
    frames: Mapping[str, Sequence[BaseTraceType]],
    active: int = 0,
    layouts: Sequence[dict] = (),
) -> None:
    """Add a slider called `name` with a step for each of several frames, labeled with its name.

    A frame has what changes of the figure's first traces, in their order, and of `layouts` its own.
    `active` is the one that the figure shows at first. Sliders of one name move together.
    """
    if len(frames) < 2:
        return
    fig.frames = [
        go.Frame(name=label, data=traces, traces=list(range(len(traces))), layout=layout)
        for (label, traces), layout in zip_longest(frames.items(), layouts)
    ]
    now = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}}
    steps = [{"label": label, "method": "animate", "args": [[label], now]} for label in frames]
    prefix = {"prefix": f"{name}: "}
    fig.update_layout(
        sliders=[{"name": name, "active": active, "currentvalue": prefix, "steps": steps}]
    )


def add_group_slider(
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
    values = [[_values(trace) for trace in traces_of(group)] for group in groups]
    # A frame changes what is drawn, whichever group that is: it says all that is not common to all.
    differing = [
        [key for key in VARYING if len({_text(trace.get(key)) for trace in same}) > 1]
        for same in zip(*values, strict=True)
    ]
    frames = {
        group.title: [
            go.Scatter({key: trace[key] for key in keys})
            for trace, keys in zip(own, differing, strict=True)
        ]
        for group, own in zip(groups, values, strict=True)
    }
    add_slider(fig, "networks", frames, layouts=[layout_of(group) for group in groups])


def _values(trace: go.Scatter) -> dict:
    return {key: value for key, value in trace.to_plotly_json().items() if key in VARYING}


def _text(value) -> str:
    return json.dumps(value, cls=PlotlyJSONEncoder)
