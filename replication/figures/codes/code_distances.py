"""Hamming distances between class codes: each pair of classes, and all of them together."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from replication.data.datasets import DATASETS, class_names
from replication.figures.codes import code_books
from replication.figures.codes.code_books import Book, hamming, of_pairs
from replication.figures.codes.hypercube import simplex_distance
from replication.figures.common.drawing import described
from replication.figures.common.style import HEAD_STYLES, NEUTRAL
from replication.figures.common.tables import run_columns, stacked

ROW_HEIGHT = 330
READABLE = 10  # classes in a matrix whose cells have room for their number and lines for a name
NEAR, FAR = "#0b4f86", "#f6efdc"


def table(books: Sequence[Book]) -> pd.DataFrame:
    """A line for each run and pair of classes, with the columns dataset, head, seed, bits, first,
    second (labels of the classes) and distance (bits).
    """

    def pairs(book: Book) -> dict[str, Any]:
        classes, bits = book.codes.shape
        first, second = np.triu_indices(classes, 1)
        own = {"bits": bits, "first": first, "second": second}
        return run_columns(book.run) | own | {"distance": of_pairs(hamming(book.codes))}

    return stacked(map(pairs, books))


def figure(books: Sequence[Book]) -> go.Figure:
    """A row for each dataset: left the mean distance of each pair, right the distribution."""
    distances = table(books)
    named = list(distances["dataset"].unique())
    sides = ("bits apart", "fraction of pairs")
    titles = [f"{DATASETS[name].title}: {side}" for name in named for side in sides]
    fig = make_subplots(
        rows=len(named),
        cols=2,
        subplot_titles=titles,
        column_widths=[0.5, 0.5],
        horizontal_spacing=0.12,
        vertical_spacing=0.32 / len(named),
    )
    for row, name in enumerate(named, start=1):
        own = distances[distances["dataset"] == name]
        fig.add_trace(_matrix(own), row=row, col=1)
        every = max(1, DATASETS[name].classes // READABLE)
        ticks = {"type": "category", "dtick": every, "tickfont": {"size": 11}}
        fig.update_xaxes(**ticks, row=row, col=1)
        fig.update_yaxes(**ticks, autorange="reversed", row=row, col=1)
        for trace in _distribution(own):
            fig.add_trace(trace, row=row, col=2)
        fig.update_yaxes(tickformat=".0%", rangemode="tozero", row=row, col=2)
    fig.update_xaxes(title_text="Hamming distance, bits", col=2)
    lines = ["dataset", "head", "bits", "first", "second"]
    by_seed = distances.pivot(index=lines, columns="seed", values="distance").astype("Int64")
    return described(
        fig,
        figure,
        alt="Hamming distances between class codes: a matrix of the pairs of classes for each "
        "dataset, and the distribution over all pairs for the binary-encoding and the "
        "linear-penultimate architectures.",
        caption="Hamming distances between class codes at the last epoch. Left: mean over seeds "
        f"with {HEAD_STYLES[named_head(distances)].name.lower()}, dark where two codes are close. "
        "Right: all pairs of all seeds; dotted: the largest possible mean, the simplex ETF's.",
        table=by_seed.rename(columns="seed {}".format).reset_index(),
        setting=code_books.setting(books),
        height=ROW_HEIGHT * len(named) + 60,
    )


def named_head(distances: pd.DataFrame) -> str:
    """The head whose pairs are shown: the first of HEADS with values."""
    return next(head for head in code_books.HEADS if head in set(distances["head"]))


def mean_matrix(own: pd.DataFrame, head: str) -> NDArray:
    """Mean distance over the seeds of a dataset's pairs (C, C), nan on the diagonal."""
    means = own[own["head"] == head].groupby(["first", "second"])["distance"].mean()
    classes = own["second"].max() + 1
    matrix = np.full((classes, classes), np.nan)
    for (first, second), value in means.items():
        matrix[first, second] = matrix[second, first] = value
    return matrix


def _matrix(own: pd.DataFrame) -> go.Heatmap:
    names = class_names(own["dataset"].iloc[0])
    return go.Heatmap(
        z=mean_matrix(own, named_head(own)).astype("f4"),
        x=names,
        y=names,
        colorscale=[[0, NEAR], [1, FAR]],
        showscale=False,
        **{"xgap": 1, "ygap": 1},
        texttemplate="%{z:.0f}" if len(names) <= READABLE else None,
        textfont={"size": 10},
        hoverongaps=False,
        hovertemplate="%{y} and %{x}: %{z:.1f} bits<extra></extra>",
    )


def _distribution(own: pd.DataFrame) -> list[go.Scatter]:
    """The fraction of pairs in bins of distances for each head, and the largest mean."""
    bits = int(own["bits"].iloc[0])
    width = max(1, bits // 32)
    low, high = own["distance"].min(), own["distance"].max()
    edges = np.arange(low - width, high + 2 * width + 1, width) - 0.5
    traces, top = [], 0.0
    for head in code_books.HEADS:
        values = own.loc[own["head"] == head, "distance"]
        if values.empty:
            continue
        fractions = np.histogram(values, edges)[0] / len(values)
        top = max(top, fractions.max())
        look = HEAD_STYLES[head]
        traces.append(
            go.Scatter(
                x=(edges[:-1] + edges[1:]) / 2,
                y=fractions,
                mode="lines",
                line={"color": look.color, "dash": look.dash, "width": 2.5, "shape": "hvh"},
                name=look.name,
                legendgroup=head,
                hovertemplate=f"{look.name}<br>%{{x}} bits: %{{y:.1%}} of the pairs<extra></extra>",
            )
        )
    limit = simplex_distance(bits, DATASETS[own["dataset"].iloc[0]].classes)
    traces.append(
        go.Scatter(
            x=[limit, limit],
            y=[0, 1.05 * top],
            mode="lines",
            line={"color": NEUTRAL, "dash": "dot", "width": 2},
            name="Largest mean, simplex ETF",
            legendgroup="limit",
            hovertemplate=f"largest mean: {limit:.2f} bits<extra></extra>",
        )
    )
    return traces
