"""Do seeds find one code book, or each its own? Every pair of seeds against chance."""

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from replication.data.datasets import DATASETS
from replication.figures.codes import code_books
from replication.figures.codes.code_books import Book, mantel_correlation, matched_bits
from replication.figures.common import wording
from replication.figures.common.drawing import bars, described, name_lines
from replication.figures.common.style import HEAD_STYLES, NEUTRAL
from replication.figures.common.tables import select

# Two books are one where this fraction of their bits agrees.
SAME = 0.95
# How often the classes of one of two books are shuffled, and what counts as beyond that chance.
SHUFFLES, QUANTILES = 200, (0.025, 0.975)
# What two code books have in common, whatever the order and the signs of their dimensions.
MEASURES: dict[str, Callable[[NDArray, NDArray], float]] = {
    "bits that agree": matched_bits,
    "Mantel correlation": mantel_correlation,
}
LINE_HEIGHT = 46


def data(books: Sequence[Book]) -> pd.DataFrame:
    """Every pair of seeds of a dataset and head; no line where each has one seed.

    A line for each dataset, head, pair of seeds and measure. Columns dataset, head, first, second
    (seeds), measure, value, and chance_low, chance_middle and chance_high, quantiles of the measure
    with the classes of one book shuffled, over all pairs of seeds of the dataset and head.
    """
    parts = [_compared(own).assign(dataset=d, head=h) for d, h, own in _several(books)]
    columns = ["dataset", "head", "first", "second", "measure", "value", *CHANCE_COLUMNS]
    table = pd.concat(parts)[columns] if parts else pd.DataFrame(columns=columns)
    return table.reset_index(drop=True)


def _several(books: Sequence[Book]) -> list[tuple[str, str, list[Book]]]:
    """Each dataset and head of which there are several seeds, with its books."""
    return [group for group in code_books.groups(books) if len(group[2]) > 1]


CHANCE_COLUMNS = ["chance_low", "chance_middle", "chance_high"]


def _compared(books: Sequence[Book]) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    orders = [rng.permutation(len(books[0].codes)) for _ in range(SHUFFLES)]
    pairs = list(combinations(books, 2))
    parts = []
    for name, measure in MEASURES.items():
        shuffled = [measure(a.codes, b.codes[order]) for a, b in pairs for order in orders]
        quantiles = np.quantile(shuffled, [QUANTILES[0], 0.5, QUANTILES[1]])
        parts.append(
            pd.DataFrame(
                {
                    "first": [a.run.config.seed for a, _ in pairs],
                    "second": [b.run.config.seed for _, b in pairs],
                    "measure": name,
                    "value": [measure(a.codes, b.codes) for a, b in pairs],
                }
            ).assign(**dict(zip(CHANCE_COLUMNS, quantiles, strict=True)))
        )
    return pd.concat(parts)


def figure(table: pd.DataFrame, books: Sequence[Book]) -> go.Figure | None:
    """A panel for each measure, a line for each dataset and head; None where nothing is paired."""
    if table.empty:
        return None
    lines = list(dict.fromkeys(zip(table["dataset"], table["head"], strict=True)))
    fig = make_subplots(
        cols=len(MEASURES),
        shared_yaxes=True,
        subplot_titles=list(MEASURES),
        horizontal_spacing=0.06,
    )
    for column, measure in enumerate(MEASURES, start=1):
        own = table[table["measure"] == measure]
        fig.add_trace(_chance(own, lines), row=1, col=column)
        for head in code_books.HEADS:
            if (own["head"] == head).any():
                fig.add_trace(_marks(own, lines, head), row=1, col=column)
    fig.update_xaxes(tickformat=".0%", col=1)
    name_lines(fig, [f"{DATASETS[d].title},<br>{h}" for d, h in lines])
    return described(
        fig,
        figure,
        alt="How far the code books of two seeds agree, in bits and in the distances between "
        "classes, against chance, for binary-encoding and linear-penultimate architectures.",
        caption="Code books of two seeds, a mark for each pair. Left: bits that agree under the "
        "best order and signs. Right: correlation of their Hamming distances (Mantel test). Gray: "
        f"median and middle {wording.share(QUANTILES[1] - QUANTILES[0])} of {SHUFFLES} shuffles "
        "of classes.",
        table=table.round(4),
        setting=code_books.setting([book for _, _, own in _several(books) for book in own]),
        height=LINE_HEIGHT * len(lines) + 110,
    )


def _chance(own: pd.DataFrame, lines: list[tuple[str, str]]) -> go.Scatter:
    once = own.drop_duplicates(["dataset", "head"])
    middle = once["chance_middle"]
    return go.Scatter(
        x=middle,
        y=[lines.index(line) for line in zip(once["dataset"], once["head"], strict=True)],
        error_x=bars(middle, once["chance_low"], once["chance_high"], NEUTRAL, 3, 7),
        mode="markers",
        marker={"symbol": "line-ns-open", "size": 12, "color": NEUTRAL},
        name="Classes shuffled",
        legendgroup="chance",
        hovertemplate="shuffled: median %{x:.3f}<extra></extra>",
    )


def _marks(own: pd.DataFrame, lines: list[tuple[str, str]], head: str) -> go.Scatter:
    points = own[own["head"] == head]
    seeds = zip(points["first"], points["second"], strict=True)
    return go.Scatter(
        x=points["value"],
        y=[lines.index((dataset, head)) for dataset in points["dataset"]],
        customdata=[f"seeds {one} and {other}" for one, other in seeds],
        mode="markers",
        marker={
            "symbol": HEAD_STYLES[head].symbol,
            **{"size": 9, "opacity": 0.7, "color": HEAD_STYLES[head].color},
        },
        name=HEAD_STYLES[head].name,
        legendgroup=head,
        hovertemplate="%{customdata}: %{x:.3f}<extra></extra>",
    )


def rule() -> str:
    """How two seeds are judged, in words."""
    return (
        f"**The rule.** Two seeds found *one code book* if at least {wording.share(SAME)} of their "
        "bits agree under the best order and signs of the dimensions. What two books have in "
        f"common is *beyond chance* if it is above {wording.share(QUANTILES[1], 1)} of what "
        f"remains when the classes of one are shuffled ({SHUFFLES} times, with a fixed seed). It "
        "was written after a first look at the distances, so it describes more than it tests."
    )


def values(table: pd.DataFrame, dataset: str, head: str, measure: str) -> pd.DataFrame:
    """The lines of the table on one measure of a dataset and head."""
    return select(table, dataset=dataset, head=head, measure=measure)


def beyond_chance(lines: pd.DataFrame) -> int:
    """In how many pairs of seeds a measure is above what shuffling leaves."""
    return int((lines["value"] > lines["chance_high"]).sum())


def verdict(bits: pd.DataFrame) -> str:
    """One book or many, from the lines on the bits that agree."""
    same, pairs = int((bits["value"] >= SAME).sum()), len(bits)
    if same == pairs:
        return "**one code book** in every seed"
    if not same:
        return "**a new code book in each seed**"
    return f"**one code book** in {same} of {pairs} pairs of seeds, another one in the others"
