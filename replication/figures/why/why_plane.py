"""x of test images in two dimensions, the classifier trained by Adam and by SGD, epoch by epoch."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from replication.data.datasets import DATASETS
from replication.figures.common import captions
from replication.figures.common.drawing import described
from replication.figures.common.sliders import add_slider
from replication.figures.common.style import NEUTRAL
from replication.figures.common.tables import stacked
from replication.figures.why.why_runs import end_value, title
from replication.runs.store import Run

# Of the images that a run keeps, so many are drawn: the page stays small.
IMAGES = 200
# Half the side of a panel, in root mean squares of x.
REACH = 2.2
COLORS = (
    *("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00"),
    *("#56b4e9", "#8c564b", "#7f7f7f", "#bcbd22", "#9467bd"),
)


class Plane(NamedTuple):
    """One run: the logged `epochs` (E,), `points` (E, N, 2) and `means` (E, C, 2), `labels` (N,).

    Points and means are in units of the root mean square of the points' coordinates.
    """

    run: Run
    epochs: NDArray
    points: NDArray
    means: NDArray
    labels: NDArray


def data(runs: Sequence[Run]) -> list[Plane]:
    """What the figure shows of the runs that kept x of test images in two dimensions."""
    return [_plane(run, run.arrays()) for run in runs if "test_latents" in run.arrays()]


def _plane(run: Run, arrays: dict[str, NDArray]) -> Plane:
    points = arrays["test_latents"].astype(float)
    scale = np.sqrt(np.square(points).mean(axis=(1, 2), keepdims=True))
    return Plane(
        run,
        arrays["epochs"],
        (points / scale)[:, :IMAGES],
        arrays["class_means"] / scale,
        arrays["test_labels"][:IMAGES].astype(int),
    )


def figure(planes: Sequence[Plane]) -> go.Figure:
    """A panel for each run, side by side, with a slider that goes through the epochs."""
    runs = [plane.run for plane in planes]
    fig = make_subplots(
        rows=1,
        cols=len(planes),
        horizontal_spacing=0.03,
        column_titles=[title(run.config) for run in runs],
    )
    for j, plane in enumerate(planes, start=1):
        for trace in _traces(plane, len(plane.epochs) - 1):
            fig.add_trace(trace, row=1, col=j)
        fig.update_xaxes(_axis(), row=1, col=j)
        anchor = {"scaleanchor": "x" if j == 1 else f"x{j}"}
        fig.update_yaxes(_axis() | anchor, row=1, col=j)
    epochs = planes[0].epochs
    frames = {
        str(epoch): [
            go.Scatter(x=trace.x, y=trace.y) for plane in planes for trace in _traces(plane, place)
        ]
        for place, epoch in enumerate(epochs)
    }
    add_slider(fig, "epoch", frames, active=len(epochs) - 1)
    accuracies = "; ".join(
        f"{title(run.config)} {100 * end_value(run, 'accuracy', 'test'):.0f} %" for run in runs
    )
    return described(
        fig,
        figure,
        alt="Two panels with test images as points in the plane of x. By Adam the classes end on "
        "the four corners of a square, by SGD in directions all around.",
        caption=f"x of {IMAGES} test images and class means (numbers), in units of the "
        f"root mean square. Test accuracy: {accuracies}. {captions.essentials(runs)}, P = "
        f"{runs[0].config.latent_dim}.",
        table=_table(planes),
        setting=captions.setting(runs),
        height=460,
        margin={"l": 10, "r": 10},
    )


def _axis() -> dict:
    return {"range": [-REACH, REACH], "zeroline": True, "showticklabels": False, "ticks": ""}


def _traces(plane: Plane, place: int) -> list[go.Scatter]:
    """The points and the class means of a logged epoch, and the diagonals on which vertices lie."""
    points = plane.points[place].astype("f4")
    means = plane.means[place].astype("f4")
    diagonal = [-REACH, REACH, None, -REACH, REACH]
    return [
        go.Scatter(
            x=diagonal,
            y=[-REACH, REACH, None, REACH, -REACH],
            mode="lines",
            line={"color": NEUTRAL, "dash": "dot", "width": 1},
            hoverinfo="skip",
            showlegend=False,
        ),
        go.Scatter(
            x=points[:, 0],
            y=points[:, 1],
            customdata=plane.labels,
            mode="markers",
            marker={"color": [COLORS[label] for label in plane.labels], "size": 5, "opacity": 0.7},
            hovertemplate="digit %{customdata}<extra></extra>",
            showlegend=False,
        ),
        go.Scatter(
            x=means[:, 0],
            y=means[:, 1],
            mode="text",
            text=[str(label) for label in range(len(means))],
            textfont={"size": 17, "color": list(COLORS[: len(means)])},
            hoverinfo="skip",
            showlegend=False,
        ),
    ]


def _table(planes: Sequence[Plane]) -> pd.DataFrame:
    """The class means at each logged epoch, a line for each."""

    def columns(plane: Plane) -> dict[str, Any]:
        epochs, classes, _ = plane.means.shape
        return {
            "dataset": DATASETS[plane.run.config.dataset].title,
            "optimizer": title(plane.run.config),
            "epoch": np.repeat(plane.epochs, classes),
            "class": np.tile(np.arange(classes), epochs),
            "x1": plane.means[:, :, 0].ravel(),
            "x2": plane.means[:, :, 1].ravel(),
        }

    return stacked(map(columns, planes))
