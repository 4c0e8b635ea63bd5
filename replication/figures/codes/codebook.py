"""Class codes as arrays of bits: what is in a code book, and how far two of them agree.

Codes are bool arrays (C, P). The order of the dimensions and the sign of each mean nothing: a
network with two dimensions exchanged, or with one of them negated, computes the same.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment


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


def vertex_geometry(codes: NDArray) -> tuple[float, float]:
    """Equiangularity and max angle (`metrics.names`) of the codes' vertices, centered.

    nan where a vertex is the center, as where all classes have one code.
    """
    vertices = np.where(codes, 1.0, -1.0)
    centered = vertices - vertices.mean(axis=0)
    norms = np.linalg.norm(centered, axis=1)
    if not norms.all():
        return np.nan, np.nan
    unit = centered / norms[:, None]
    cosines = of_pairs(unit @ unit.T)
    return float(cosines.std()), float(np.abs(cosines + 1 / (len(codes) - 1)).mean())


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
