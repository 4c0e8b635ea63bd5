"""How near to a simplex ETF class means on the vertices of a hypercube can be.

Each of C classes, C even, has a code of P bits and sits on the vertex with ±1 in its place. A bit
is balanced where half of the classes have 1. If all are, the class means average to zero, the
cosines between them are 1 − 2·distance/P, and their mean is the simplex ETF's −1/(C−1): only how
far they scatter around it is left open.

With other bits the class means have to be centered first, and no floor holds: ten rows of a
Hadamard matrix, all P/2 bits apart, are an exact ETF once centered.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp

# What distances cost, given by how far they are from the simplex distance.
Cost = Callable[[NDArray], NDArray]


class Floors(NamedTuple):
    """Least equiangularity and least max angle (`metrics.names`), each by itself."""

    equiangularity: float
    max_angle: float


def simplex_distance(bits: int, classes: int) -> float:
    """Hamming distance at which the cosine is a simplex ETF's −1/(C−1): P·C/(2(C−1)) bits.

    For even C it is also the largest mean distance over the pairs of classes: a bit that k classes
    have tells k·(C−k) pairs apart, most where it is balanced.
    """
    return bits * classes / (2 * (classes - 1))


def whole_number_floors(bits: int, classes: int) -> Floors:
    """The floors for balanced bits if distances had to be whole numbers and no more.

    Too low where P is no multiple of what makes the simplex distance even; see `floors`. Raises
    ValueError for an odd number of classes, whose bits cannot be balanced.
    """
    total, pairs = bits * _half(classes) ** 2, classes * (classes - 1) // 2
    low, above = divmod(total, pairs)
    distances = np.repeat([low, low + 1], [pairs - above, above])
    away = 2 * (distances - simplex_distance(bits, classes)) / bits
    return Floors(float(np.sqrt(np.square(away).mean())), float(np.abs(away).mean()))


@cache
def floors(bits: int, classes: int) -> Floors:
    """The floors for balanced bits from all that is known of their distances.

    A class's distances to the others add up to P·C/2. A distance is odd where one of two codes has
    an odd number of ones and the other has not; P·C/2, the ones of all codes, says whether the
    number k of such codes is even. The least cost under these rules is an integer program for each
    k. With C = 10 there are codes that reach both floors at P = 16, 18, 64 and 128. Raises
    ValueError for an odd number of classes.
    """
    ones = bits * _half(classes)
    possible = range(ones % 2, classes // 2 + 1, 2)
    squares, sizes = (
        min(_least_cost(bits, classes, odd_codes, cost) for odd_codes in possible)
        for cost in (np.square, np.abs)
    )
    return Floors(float(2 * np.sqrt(squares) / bits), float(2 * sizes / bits))


def _half(classes: int) -> int:
    if classes % 2:
        raise ValueError(f"classes is {classes}; allowed: an even number")
    return classes // 2


def _least_cost(bits: int, classes: int, odd_codes: int, cost: Cost) -> float:
    """Least mean cost of the pairs' distances where the first `odd_codes` codes are odd.

    Infinite where there are no such distances.
    """
    first, second = np.triu_indices(classes, 1)
    odd = (first < odd_codes) != (second < odd_codes)
    center = simplex_distance(bits, classes)
    # Of each pair the distances with its parity that are near to the center.
    low = 2 * (int(center) // 2) - 6 + odd
    values = low[:, None] + np.arange(0, 14, 2)
    allowed = ((values >= 0) & (values <= bits)).astype(float)
    one_of_each = np.kron(np.eye(len(first)), np.ones(values.shape[1]))
    of_class = (np.arange(classes)[:, None] == first) | (np.arange(classes)[:, None] == second)
    sums = (of_class[:, :, None] * values).reshape(classes, -1)
    goal = np.concatenate([np.ones(len(first)), np.full(classes, bits * classes // 2)])
    found = milp(
        cost(values - center).ravel(),
        constraints=LinearConstraint(np.vstack([one_of_each, sums]), goal, goal),
        integrality=np.ones(values.size),
        bounds=Bounds(0, allowed.ravel()),
    )
    # The solver's binary variables are so to about 1e-9.
    return round(max(found.fun, 0.0) / len(first), 8) if found.success else np.inf
