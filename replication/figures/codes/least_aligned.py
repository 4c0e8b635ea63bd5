"""Of each class the test image whose x points furthest away from its class's vertex."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from replication.data.datasets import DATASETS, class_names
from replication.figures.codes import code_books
from replication.figures.common import captions
from replication.figures.common.drawing import described
from replication.figures.common.style import HEAD_STYLES
from replication.figures.common.tables import in_order, run_columns, stacked
from replication.runs.store import Run

# Pixels of a row of images, and of the words above it.
IMAGE_HEIGHT, WORDS_HEIGHT = 56, 80
COLUMNS = 2  # as one panel on a phone, ten images would be too small
MOST = 10  # images in a row
INK = [[0, "#ffffff"], [1, "#000000"]]


class Images(NamedTuple):
    """A run's images: pixels uint8 (C, H, W), in color (C, H, W, 3), predicted classes and cosines
    to the vertex (C,).
    """

    run: Run
    pixels: NDArray
    predicted: NDArray
    cosines: NDArray

    @property
    def drawn(self) -> NDArray:
        """The classes whose images are drawn: all, or of many those with the least cosines."""
        return np.sort(np.argsort(self.cosines, kind="stable")[:MOST])


def data(runs: Sequence[Run]) -> list[Images]:
    """The last epoch's images of each dataset: of its first seed with the first of HEADS.

    Runs that did not record them are passed over.
    """
    found: dict[str, Images] = {}
    for run in in_order(run for run in runs if run.config.head in code_books.HEADS):
        if run.config.dataset in found:
            continue
        arrays = run.arrays()
        if len(arrays.get("furthest_image", ())):
            names = ("furthest_image", "furthest_predicted", "furthest_cosine")
            found[run.config.dataset] = Images(run, *(arrays[name][-1] for name in names))
    return [found[name] for name in captions.datasets(runs) if name in found]


def missing(shown: Sequence[Images], runs: Sequence[Run]) -> str:
    """A sentence on the datasets whose runs did not record the images, or nothing."""
    have = {images.run.config.dataset for images in shown}
    names = [DATASETS[name].title for name in captions.datasets(runs) if name not in have]
    text = f"No images of {' and '.join(names)}: these runs were trained before they were recorded."
    return text if names else ""


def figure(shown: Sequence[Images], runs: Sequence[Run]) -> go.Figure | None:
    """Up to ten images in a row for each dataset; None where no run has recorded them."""
    if not shown:
        return None
    inside = len(shown) * (IMAGE_HEIGHT + WORDS_HEIGHT) - WORDS_HEIGHT
    fig = make_subplots(
        rows=len(shown),
        cols=COLUMNS,
        horizontal_spacing=0.01,
        vertical_spacing=WORDS_HEIGHT / inside if len(shown) > 1 else 0,
    )
    for row, images in enumerate(shown, start=1):
        for column, labels in enumerate(np.array_split(images.drawn, COLUMNS), 1):
            for place, label in enumerate(labels):
                _add(fig, images, int(label), place, row, column)
    fig.update_xaxes(visible=False)
    fig.update_yaxes(visible=False)
    heads = dict.fromkeys(HEAD_STYLES[images.run.config.head].name.lower() for images in shown)
    caption = (
        "Of each class the test image whose penultimate output points furthest from the class's "
        f"vertex, with {' or '.join(heads)}, first seed. Above: class, ✓ or what it is taken for, "
        "cosine to the vertex."
    )
    if many := [images for images in shown if len(images.pixels) > MOST]:
        names = " and ".join(DATASETS[images.run.config.dataset].title for images in many)
        caption += f" Of {names} the {MOST} classes with the least cosines."
    return described(
        fig,
        figure,
        alt="Test images that lie furthest from their class's vertex, one of each class for each "
        "dataset, with true and predicted class.",
        caption=f"{caption} {missing(shown, runs)}".rstrip(),
        table=table(shown),
        setting=captions.setting([images.run for images in shown]),
        height=inside + WORDS_HEIGHT + 16,
        margin={"t": WORDS_HEIGHT, "b": 16, "l": 8, "r": 8},
        showlegend=False,
        coloraxis={"colorscale": INK, "cmin": 0, "cmax": 255, "showscale": False},
    )


def _add(fig: go.Figure, images: Images, label: int, place: int, row: int, column: int) -> None:
    """One image with its words above it, at its place in a panel."""
    height, width = images.pixels.shape[1:3]
    left = 1.25 * width * place
    names = class_names(images.run.config.dataset)
    cosine = f"{images.cosines[label]:.2f}".replace("-", "−")
    predicted = names[images.predicted[label]]
    said = "✓" if images.predicted[label] == label else predicted
    where = {"row": row, "col": column}
    drawing = {"z": images.pixels[label], "x0": left, "dx": 1} | {
        "hovertemplate": f"{names[label]}, predicted {predicted}, cosine {cosine}<extra></extra>"
    }
    if images.pixels.ndim == 4:
        fig.add_trace(go.Image(drawing), **where)
    else:
        fig.add_trace(go.Heatmap(drawing, coloraxis="coloraxis"), **where)
    words = {"showarrow": False, "yanchor": "bottom", "y": -0.5, "font": {"size": 10}}
    fig.add_annotation(
        text=f"{names[label]}<br>{said}<br>{cosine}", x=left + width / 2, **words, **where
    )
    if label == images.drawn[0]:
        title = f"<b>{DATASETS[images.run.config.dataset].title}</b>"
        fig.add_annotation(text=title, x=0, xanchor="left", yshift=44, **words, **where)
    if place == 0:
        axis = fig.get_subplot(row, column)
        # Square pixels, and the images of all panels at one height.
        square = {"scaleanchor": axis.yaxis.anchor, "constrain": "domain"}
        axis.yaxis.update(range=[height - 0.5, -0.5], constraintoward="top", **square)
        axis.xaxis.update(range=[-0.13 * width, 6.12 * width], constrain="domain")


def table(shown: Sequence[Images]) -> pd.DataFrame:
    """A line for each image: dataset, head, seed, class, predicted and cosine."""

    def columns(images: Images) -> dict[str, Any]:
        names = np.array(class_names(images.run.config.dataset))
        return run_columns(images.run) | {
            "class": names,
            "predicted": names[images.predicted],
            "cosine": images.cosines.round(4),
        }

    return stacked(map(columns, shown))
