"""The class codes of runs as arrays of bits: what is in a code book, and how far two agree.

Codes are bool arrays (C, P). The order of the dimensions and the sign of each mean nothing: a
network with two dimensions exchanged, or with one of them negated, computes the same.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from binenc_core.config import LINEAR_HEADS
from replication.figures.common import captions
from replication.figures.common.tables import in_order
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
    books = []
    for run in in_order(runs):
        fractions = run.arrays().get("positive_fractions", ())
        if run.config.head in HEADS and len(fractions):
            books.append(Book(run, fractions[-1].astype(float)))
    if not books:
        raise ValueError(f"no run has class codes; allowed heads: {', '.join(HEADS)}")
    named = captions.datasets(runs)
    return sorted(books, key=lambda book: named.index(book.run.config.dataset))


def chosen(books: Sequence[Book], dataset: str, head: str) -> list[Book]:
    """The books of a dataset and a head, by seed."""
    return [b for b in books if (b.run.config.dataset, b.run.config.head) == (dataset, head)]


def groups(books: Sequence[Book]) -> list[tuple[str, str, list[Book]]]:
    """Each dataset and head that has books, with its books."""
    named = captions.datasets([book.run for book in books])
    found = [(d, h, chosen(books, d, h)) for d in named for h in HEADS]
    return [group for group in found if group[2]]


def setting(books: Sequence[Book]) -> str:
    """How the books' runs were trained."""
    return captions.setting([book.run for book in books])


def undecided(book: Book) -> float:
    """Fraction of the bits of classes that at least UNDECIDED of the points have otherwise."""
    return float((np.minimum(book.fractions, 1 - book.fractions) >= UNDECIDED).mean())


def of_pairs(matrix: NDArray) -> NDArray:
    """The entries (c, c') with c < c' of a (C, C) matrix, row by row."""
    return matrix[np.triu_indices(len(matrix), 1)]


def hamming(codes: NDArray) -> NDArray:
    """Number of bits in which two codes differ, (C, C)."""
    return (codes[:, None, :] != codes[None, :, :]).sum(axis=2)


def smaller_side(codes: NDArray) -> NDArray:
    """Of each bit the number of classes on the smaller of its two sides, (P,); C/2 is balanced."""
    ones = codes.sum(axis=0)
    return np.minimum(ones, len(codes) - ones)


def splits(codes: NDArray) -> NDArray:
    """The codes with each dimension's sign such that the first class has bit 1."""
    return codes == codes[:1]


def distinct_splits(codes: NDArray) -> int:
    """In how many ways the bits divide the classes in two: distinct columns up to complement."""
    return np.unique(splits(codes), axis=1).shape[1]


def cosines(rows: NDArray) -> NDArray:
    """Cosines between each two of these rows, less their mean; nan with a row that is the mean."""
    centered = rows - rows.mean(axis=0)
    norms = np.linalg.norm(centered, axis=1, keepdims=True)
    unit = centered / np.where(norms, norms, np.nan)
    return of_pairs(unit @ unit.T)


def vertex_geometry(codes: NDArray) -> tuple[float, float]:
    """Equiangularity and max angle (`metrics.names`) of the codes' vertices, centered.

    nan where a vertex is the center, as where all classes have one code.
    """
    found = cosines(np.where(codes, 1.0, -1.0))
    return float(found.std()), float(np.abs(found + 1 / (len(codes) - 1)).mean())


def matched_bits(one: NDArray, other: NDArray) -> float:
    """Fraction of equal bits in two code books under the best order and signs of dimensions.

    Both (C, P); between 0.5 and 1.
    """
    overlap = np.where(one, 1.0, -1.0).T @ np.where(other, 1.0, -1.0)
    best = np.abs(overlap)[linear_sum_assignment(np.abs(overlap), maximize=True)]
    return float((1 + best / len(one)).mean() / 2)


def mantel_correlation(one: NDArray, other: NDArray) -> float:
    """Mantel's statistic: the correlation over pairs of classes of two books' Hamming distances.

    Shuffling the classes of one book gives its chance. nan where all distances of a book are equal.
    """
    first, second = of_pairs(hamming(one)), of_pairs(hamming(other))
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return np.nan
    return float(np.corrcoef(first, second)[0, 1])
