"""The class codes of runs: what the figures of the code book draw."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from binenc_core.config import LINEAR_HEADS
from replication.figures.common import captions
from replication.runs.store import Run

# The penalty's head, and the same head without it as control.
HEADS = LINEAR_HEADS
# A bit of a class is undecided where at least this share of its points have the other one.
UNDECIDED = 0.05


class Book(NamedTuple):
    """A run, and of each class the fraction of training points with bit 1: (C, P), last epoch."""

    run: Run
    fractions: NDArray

    @property
    def codes(self) -> NDArray:
        """Code of each class, bool (C, P): the bit that more than half of its points have."""
        return self.fractions > 0.5


def data(runs: Sequence[Run]) -> list[Book]:
    """The code books by dataset, head (in HEADS' order) and seed.

    A run that diverged before it was evaluated has none. Raises ValueError where no run has any.
    """
    named = captions.datasets(runs)
    books = []
    for run in runs:
        fractions = run.arrays().get("positive_fractions", ())
        if run.config.head in HEADS and len(fractions):
            books.append(Book(run, fractions[-1].astype(float)))
    if not books:
        raise ValueError(f"no run has class codes; allowed heads: {', '.join(HEADS)}")

    def place(book: Book) -> tuple[int, int, int]:
        config = book.run.config
        return named.index(config.dataset), HEADS.index(config.head), config.seed

    return sorted(books, key=place)


def datasets(books: Sequence[Book]) -> list[str]:
    """Names of the books' datasets, in order of appearance."""
    return captions.datasets([book.run for book in books])


def chosen(books: Sequence[Book], dataset: str, head: str) -> list[Book]:
    """The books of a dataset and a head, by seed."""
    return [b for b in books if (b.run.config.dataset, b.run.config.head) == (dataset, head)]


def groups(books: Sequence[Book]) -> list[tuple[str, str, list[Book]]]:
    """Each dataset and head that has books, with its books."""
    found = [(d, h, chosen(books, d, h)) for d in datasets(books) for h in HEADS]
    return [group for group in found if group[2]]


def setting(books: Sequence[Book]) -> str:
    """How the books' runs were trained."""
    return captions.setting([book.run for book in books])


def undecided(book: Book) -> float:
    """Fraction of the bits of classes that at least UNDECIDED of the points have otherwise."""
    return float((np.minimum(book.fractions, 1 - book.fractions) >= UNDECIDED).mean())
