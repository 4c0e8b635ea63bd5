"""The panel's figure: the curves of several runs, and the latent space of the one in view."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from binenc_core.metrics.names import HISTOGRAM_RANGE
from replication.figures.common.curves import Row
from replication.figures.common.style import HEAD_STYLES, HeadStyle
from replication.runs.labels import labels
from replication.widgets.controller import MOST_KEPT
from replication.widgets.shown import Shown

ROWS = (
    Row("accuracy", "train", "train accuracy"),
    Row("accuracy", "test", "test accuracy"),
    Row("whole_code_agreement", "train", "whole-code agreement"),
)
MOST_RUNS = MOST_KEPT + 1
# For runs whose architecture's own look another run has (Okabe and Ito's other colors, and gray).
FURTHER_LOOKS = (
    HeadStyle("", "#cc79a7", "longdash", "star"),
    HeadStyle("", "#56b4e9", "longdashdot", "hexagon"),
    HeadStyle("", "#8c8c8c", "2px,3px", "x"),
)
# Reads on white and on the dark gray of JupyterLab, whose own color the panel's style sheet takes.
INK, GRID = "#767676", "rgba(128, 128, 128, 0.3)"
# Bit 0 orange, bit 1 blue, and where a class is not of one mind pale.
BITS = [[0, "#e69f00"], [0.5, "#f0f0f0"], [1, "#0072b2"]]


def empty() -> go.Figure:
    """The figure without a run: three panels of curves, a histogram and the class codes."""
    fig = make_subplots(
        rows=2,
        cols=3,
        specs=[[{}, {}, {}], [{}, {"colspan": 2}, None]],
        horizontal_spacing=0.09,
        vertical_spacing=0.2,
    )
    for column, row in enumerate(ROWS, start=1):
        for _ in range(MOST_RUNS):
            curve = go.Scatter(mode="lines+markers", visible=False, showlegend=column == 1)
            fig.add_trace(curve, row=1, col=column)
        fig.update_yaxes(title_text=row.title, row=1, col=column)
        fig.update_xaxes(title_text="epoch", row=1, col=column)
    histogram = go.Bar(hovertemplate="x %{x:.2f}: %{y:.3f} of the points<extra></extra>")
    codes = go.Heatmap(
        zmin=0,
        zmax=1,
        colorscale=BITS,
        colorbar={"title": {"text": "bit 1", "side": "right"}, "len": 0.42, "y": 0.2},
        hovertemplate="class %{y}, dimension %{x}: bit 1 in %{z:.3f} of the points<extra></extra>",
    )
    fig.add_trace(histogram, row=2, col=1)
    fig.add_trace(codes, row=2, col=2)
    fig.update_xaxes(range=HISTOGRAM_RANGE, row=2, col=1)
    fig.update_yaxes(title_text="fraction of points", rangemode="tozero", row=2, col=1)
    fig.update_xaxes(title_text="latent dimension", row=2, col=2)
    fig.update_yaxes(title_text="class", dtick=1, row=2, col=2)
    fig.update_xaxes(gridcolor=GRID, zerolinecolor=GRID)
    fig.update_yaxes(gridcolor=GRID, zerolinecolor=GRID)
    fig.update_layout(
        template="none",
        autosize=True,
        height=560,
        margin={"l": 60, "r": 10, "t": 10, "b": 50},
        bargap=0,
        legend={"orientation": "h", "y": 1.03, "yanchor": "bottom"},
        font={"color": INK},
        paper_bgcolor="rgba(0, 0, 0, 0)",
        plot_bgcolor="rgba(0, 0, 0, 0)",
        uirevision="kept",  # a zoom outlives the next epoch
        meta={
            "alt": "Accuracy and whole-code agreement of runs against the epoch, the histogram "
            "of a latent dimension, and the class codes."
        },
    )
    return fig


def draw(fig: go.Figure, runs: Sequence[Shown], now: Shown | None, dimension: int) -> None:
    """Let a figure that `empty` gave show runs, and of the one in view a latent dimension.

    A live figure sends its front end one message.
    """
    with fig.batch_update():
        for i, row in enumerate(ROWS):
            traces = fig.data[i * MOST_RUNS : (i + 1) * MOST_RUNS]
            for trace in traces[len(runs) :]:
                trace.visible = False
            names = run_names(runs)
            for trace, run, name, look in zip(traces, runs, names, looks(runs), strict=False):
                _set_curve(trace, run, row, name, look)
        bars, codes = fig.data[-2:]
        _set_histogram(fig, bars, now, dimension)
        _set_codes(codes, now)


def run_names(runs: Sequence[Shown]) -> list[str]:
    """What tells the runs apart; how often they were evaluated does not."""
    configs = [run.config.change(log_every=1) for run in runs]
    names = labels(configs)
    return [names[config] for config in configs]


def looks(runs: Sequence[Shown]) -> list[HeadStyle]:
    """A line for each run: its architecture's for the first of each, another one for the others."""
    free = [*FURTHER_LOOKS]
    heads = [run.config.head for run in runs]
    free += [look for head, look in HEAD_STYLES.items() if head not in heads]
    first = {head: heads.index(head) for head in heads}
    return [HEAD_STYLES[h] if first[h] == i else free.pop(0) for i, h in enumerate(heads)]


def _set_curve(trace: go.Scatter, run: Shown, row: Row, name: str, look: HeadStyle) -> None:
    table = run.run.history
    own = table[table["split"] == row.split]
    trace.update(
        x=own["epoch"].to_numpy(),
        y=own[row.metric].to_numpy(),
        name=name,
        legendgroup=name,
        line={"color": look.color, "dash": look.dash, "width": 2},
        marker={"symbol": look.symbol, "size": 6},
        hovertemplate=f"{name}<br>epoch %{{x}}: %{{y:.4f}}<extra></extra>",
        visible=True,
    )


def _set_histogram(fig: go.Figure, bars: go.Bar, now: Shown | None, dimension: int) -> None:
    counts = now.arrays.get("latent_histogram") if now else None
    if counts is None or not len(counts):
        bars.update(x=[], y=[])
        why = "no histogram" if now else ""
        fig.update_xaxes(title_text=why, row=2, col=1)
        return
    own = counts[-1, min(dimension, counts.shape[1] - 1)]
    edges = np.linspace(*HISTOGRAM_RANGE, len(own) + 1)
    bars.update(
        x=(edges[:-1] + edges[1:]) / 2,
        y=own / own.sum(),
        marker={"color": HEAD_STYLES[now.config.head].color, "line": {"width": 0}},
        showlegend=False,
    )
    fig.update_xaxes(title_text=f"x of dimension {dimension}, standardized", row=2, col=1)


def _set_codes(codes: go.Heatmap, now: Shown | None) -> None:
    fractions = now.arrays.get("positive_fractions") if now else None
    codes.z = fractions[-1] if fractions is not None and len(fractions) else [[]]
