"""What the code books say: how far the codes are apart, against what is possible, and by seed."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from replication.data.datasets import DATASETS, class_names
from replication.figures.codes import code_books, code_distances, code_seeds, least_aligned
from replication.figures.codes.code_books import Book, distinct_splits, hamming, of_pairs
from replication.figures.codes.hypercube import (
    Floors,
    floors,
    simplex_distance,
    whole_number_floors,
)
from replication.figures.codes.least_aligned import Images
from replication.figures.common import captions, wording
from replication.figures.common.style import HEAD_STYLES
from replication.figures.common.wording import Quantity
from replication.runs.store import Run

# A line of the table: what it is, how to measure it, how to write it.
Line = tuple[str, Callable[[Book], float], Callable[[pd.Series], str]]
# Two classes are close where they are among this fraction of the pairs with the least distances.
CLOSE = 0.2


def findings(
    books: Sequence[Book], found: pd.DataFrame, images: Sequence[Images], runs: Sequence[Run]
) -> str:
    """What is seen on each dataset, with the numbers behind it, as Markdown."""
    parts = ["**What we see.** How far the codes are apart, and whether seeds agree on them."]
    if len(found):
        parts.append(code_seeds.rule())
    for dataset in captions.datasets([book.run for book in books]):
        parts.append(f"**{DATASETS[dataset].title}**")
        own = [book for book in books if book.run.config.dataset == dataset]
        shown = [image for image in images if image.run.config.dataset == dataset]
        said = [*_distances(own, dataset), *_seeds(own, found, dataset), *map(_images, shown)]
        parts += ["\n".join(f"- {sentence}" for sentence in said), table(own, dataset)]
    if note := least_aligned.missing(images, runs):
        parts.append(note)
    return "\n\n".join(parts)


def by_head(books: Sequence[Book], measure: Callable[[Book], float]) -> pd.DataFrame:
    """A number of each book of one dataset: a line for each seed, a column for each head."""
    return pd.DataFrame(
        {
            head: pd.Series({book.run.config.seed: measure(book) for book in own})
            for _, head, own in code_books.groups(books)
        }
    )


def last(name: str) -> Callable[[Book], float]:
    """A training metric of a book's run at the last logged epoch."""

    def measure(book: Book) -> float:
        history = book.run.history
        return float(history.loc[history["split"] == "train", name].iloc[-1])

    return measure


def mean_distance(book: Book) -> float:
    """Mean Hamming distance over the pairs of classes, bits."""
    return float(of_pairs(hamming(book.codes)).mean())


def _balanced(book: Book) -> float:
    """Fraction of the bits that half of the classes have."""
    return (code_books.smaller_side(book.codes) == len(book.codes) // 2).mean()


def table(books: Sequence[Book], dataset: str) -> str:
    """A Markdown table: a dataset's codes beside what is possible for their length."""
    bits = books[0].codes.shape[1]
    bound = _floors(bits, dataset)
    limit = f"{simplex_distance(bits, DATASETS[dataset].classes):.4g}"
    lines: list[Line] = [
        ("distinct codes", lambda b: len(np.unique(b.codes, axis=0)), wording.value),
        (f"mean distance (at most {limit} of {bits} bits)", mean_distance, wording.value),
        ("least distance, bits", lambda b: of_pairs(hamming(b.codes)).min(), wording.value),
        ("bits that half of the classes have", _balanced, wording.percent),
        (
            "different splits of the classes by a bit",
            lambda b: distinct_splits(b.codes),
            wording.value,
        ),
        (
            f"bits of classes undecided ({wording.share(code_books.UNDECIDED)} or more differ)",
            code_books.undecided,
            wording.percent,
        ),
        *_geometry("equiangularity", bound.equiangularity, 0),
        *_geometry("max angle", bound.max_angle, 1),
    ]
    return wording.table([Quantity(n, by_head(books, measure), w) for n, measure, w in lines])


def _floors(bits: int, dataset: str) -> Floors:
    """What is known to be the least; of many classes the integer programs would take too long."""
    classes = DATASETS[dataset].classes
    return (floors if classes <= 10 else whole_number_floors)(bits, classes)


def _geometry(name: str, bound: float, place: int) -> list[Line]:
    """A quantity of collapse of the codes' vertices, and of the class means themselves."""
    return [
        (
            f"{name} of the vertices (balanced bits: at least {bound:.3g})",
            lambda book: code_books.vertex_geometry(book.codes)[place],
            wording.value,
        ),
        (f"{name} of the class means", last(name.replace(" ", "_")), wording.value),
    ]


def _distances(books: Sequence[Book], dataset: str) -> list[str]:
    """How near the codes come to the largest mean distance, and the vertices to an ETF."""
    bits = books[0].codes.shape[1]
    bound = _floors(bits, dataset)
    largest = simplex_distance(bits, DATASETS[dataset].classes)
    reached = by_head(books, mean_distance) / largest
    scatter = by_head(books, lambda book: code_books.vertex_geometry(book.codes)[0])
    means = by_head(books, last("equiangularity"))
    head = reached.columns[0]
    shares = " and ".join(
        f"{wording.percent(reached[name])} with {HEAD_STYLES[name].name.lower()}"
        for name in reached
    )
    sentences = [f"The mean distance between codes is {shares} of the largest possible."]
    vertices, centers = scatter[head].mean(), means[head].mean()
    if bound.equiangularity and vertices == vertices:  # nan where all classes have one code
        floor = f"{vertices / bound.equiangularity:.1f} times the floor of balanced bits"
        nearer = "nearer to" if centers < vertices else "further from"
        sentences.append(
            f"With {HEAD_STYLES[head].name.lower()}, the cosines between the vertices scatter by "
            f"{wording.value(scatter[head])}, {floor}; the class means themselves are {nearer} an "
            f"ETF ({wording.value(means[head])}): their bits have different sizes."
        )
    return sentences


def _seeds(books: Sequence[Book], found: pd.DataFrame, dataset: str) -> list[str]:
    """One code book or many, for each head with several seeds, and the pairs close in all."""
    sentences = []
    for head in code_books.HEADS:
        bits, distances = (
            code_seeds.values(found, dataset, head, measure) for measure in code_seeds.MEASURES
        )
        if bits.empty:
            continue
        chance = bits.iloc[0]
        sentences.append(
            f"{HEAD_STYLES[head].name}: {code_seeds.verdict(bits)}. "
            f"{wording.percent(bits['value'])} of the bits agree (shuffled: "
            f"{wording.share(chance['chance_low'], 1)} to "
            f"{wording.share(chance['chance_high'], 1)}; beyond chance in {_count(bits)}). Which "
            "classes are near each other correlates by "
            f"{wording.value(distances['value'])} (beyond chance in {_count(distances)}); "
            f"{close_in_all(books, dataset, head)}."
        )
    return [*sentences, *_compared(found, dataset)] or [
        "One seed: whether another one finds the same codes is not judged."
    ]


def _compared(found: pd.DataFrame, dataset: str) -> list[str]:
    """Whether the penalty makes the distances of two seeds more alike or less, where both tell."""
    _, measure = code_seeds.MEASURES
    binary, linear = (
        code_seeds.values(found, dataset, head, measure)["value"].mean()
        for head in code_books.HEADS
    )
    if np.isnan(binary) or np.isnan(linear):
        return []
    word = "less" if binary < linear else "more"
    return [
        f"On average, which classes are near each other is {word} alike from seed to seed with "
        f"binary encoding ({binary:.2f}) than with the same layer without the penalty "
        f"({linear:.2f}).".replace("-", "−")
    ]


def _count(lines: pd.DataFrame) -> str:
    pairs = len(lines)
    word = "pair" if pairs == 1 else "pairs"
    return f"{code_seeds.beyond_chance(lines)} of {pairs} {word} of seeds"


def close_in_all(books: Sequence[Book], dataset: str, head: str) -> str:
    """The pairs of classes that are among the closest in every seed, in words."""
    distances = code_distances.table(code_books.chosen(books, dataset, head))
    by_seed = distances.pivot(index=["first", "second"], columns="seed", values="distance")
    wanted = int(CLOSE * len(by_seed))
    close = (by_seed.rank(method="max") <= wanted).all(axis=1)
    names = class_names(dataset)
    pairs = [f"{names[a]} and {names[b]}" for a, b in by_seed.index[close]]
    which = f"are {'; '.join(pairs)}" if pairs else "is none"
    return f"among the closest {wording.share(CLOSE)} of pairs in every seed {which}"


def _images(images: Images) -> str:
    wrong = int((images.predicted != np.arange(len(images.predicted))).sum())
    low, high = (f"{c:.2f}".replace("-", "−") for c in (min(images.cosines), max(images.cosines)))
    return (
        f"Of the {len(images.predicted)} test images furthest from their class's vertex {wrong} "
        f"are misclassified; their cosines to it go from {low} to {high}."
    )
