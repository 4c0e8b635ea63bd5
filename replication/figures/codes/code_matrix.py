"""The codes themselves: a matrix of classes and dimensions for each dataset and head."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from replication.data.datasets import DATASETS, class_names
from replication.figures.codes import code_books
from replication.figures.codes.code_books import Book, splits
from replication.figures.common.drawing import described
from replication.figures.common.style import HEAD_STYLES
from replication.figures.common.tables import run_columns

PANEL_HEIGHT, GAP = 150, 44
NAMED = 10  # classes for whose names there is room beside a panel
# Bits that a class agrees on are light and dark, on paper too; the others stand out by color.
COLORS = [[0, "#f6efdc"], [0.5, "#e69f00"], [1, "#0b4f86"]]


def data(books: Sequence[Book]) -> list[Book]:
    """What the figure shows: of each dataset and head the first seed."""
    return [own[0] for _, _, own in code_books.groups(books)]


def order(book: Book) -> NDArray:
    """The dimensions, sorted by the classes on the first class's side: equal splits are together.

    The first classes count most, so that each class halves the blocks of the one above it.
    """
    sides = splits(book.codes)
    return np.lexsort(~sides[::-1])


def signed(book: Book) -> NDArray:
    """The fractions (C, P) in that order, each dimension negated where class 0 has bit 0."""
    flipped = ~book.codes[0]
    return np.where(flipped, 1 - book.fractions, book.fractions)[:, order(book)]


def figure(shown: Sequence[Book]) -> go.Figure:
    """A panel for each code book: classes against sorted dimensions, colored by fraction."""
    titles = [
        f"{DATASETS[c.dataset].title}: {HEAD_STYLES[c.head].name.lower()}"
        for c in [book.run.config for book in shown]
    ]
    height = len(shown) * (PANEL_HEIGHT + GAP) + 110
    fig = make_subplots(
        rows=len(shown),
        subplot_titles=titles,
        vertical_spacing=GAP / (height - 150) if len(shown) > 1 else 0,
    )
    for row, book in enumerate(shown, start=1):
        fig.add_trace(_cells(book), row=row, col=1)
    fig.update_xaxes(type="category", showticklabels=False, ticks="", showgrid=False)
    fig.update_xaxes(title_text="latent dimension, sorted", row=len(shown), col=1)
    fig.update_yaxes(type="category", autorange="reversed", tickfont={"size": 11})
    for row, book in enumerate(shown, start=1):
        fig.update_yaxes(dtick=max(1, len(book.codes) // NAMED), row=row, col=1)
    return described(
        fig,
        figure,
        alt="Matrices of class codes, a row for each class and a column for each latent "
        "dimension, for the binary-encoding and the linear-penultimate architectures.",
        caption="Class codes of the first seed at the last epoch: fraction of a class's training "
        "points with bit 1. Light and dark: the class agrees; orange: undecided. Dimensions are "
        "sorted, and negated where the first class has bit 0.",
        table=table(shown),
        setting=code_books.setting(shown),
        height=height,
        margin={"b": 100},
        coloraxis={
            "colorscale": COLORS,
            "cmin": 0,
            "cmax": 100,
            "colorbar": {
                "orientation": "h",
                "title": {"text": "points of the class with bit 1", "side": "top"},
                **{"y": 0, "yref": "container", "yanchor": "bottom"},
                **{"len": 0.7, "thickness": 12, "ticksuffix": " %"},
            },
        },
    )


def _cells(book: Book) -> go.Heatmap:
    flipped = ~book.codes[0]
    return go.Heatmap(
        z=(100 * signed(book)).round().astype("u1"),
        x=[f"{j}, negated" if flipped[j] else str(j) for j in order(book)],
        y=class_names(book.run.config.dataset),
        coloraxis="coloraxis",
        ygap=1,
        hovertemplate="%{y}, dimension %{x}: %{z} % with bit 1<extra></extra>",
    )


def table(books: Sequence[Book]) -> pd.DataFrame:
    """The fractions as they were measured, in whole percent: a line for each class of a book.

    Columns dataset, head, seed, class, and one for each dimension by its number in the network.
    """
    parts = []
    for book in books:
        own = pd.DataFrame((100 * book.fractions).round()).astype("Int64")
        labels = {**run_columns(book.run), "class": class_names(book.run.config.dataset)}
        parts.append(pd.concat([pd.DataFrame(labels), own], axis=1))
    return pd.concat(parts)
