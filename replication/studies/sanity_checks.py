"""When the distances that an attack found are not to be believed: four checks, on numbers alone.

An attack's distance is the length of the perturbation it found, ‖r‖, or that over the image's,
‖r‖/‖x‖; either will do, as long as one check is given one of them. It is infinite where the attack
did not fool the network. Means are taken over the images that are fooled in both of the cases
compared. The authors of the later versions include the others with their last iterate: their mean
is judged by giving the length of that instead. How many images were fooled belongs beside a mean.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

# What an attack may not exceed.
BOUND_TOLERANCE = 1e-3
SHARE_ABOVE_BOUND = 0.05
CHANGE_WITH_SCALE = 0.01
CHANGE_WITH_PRECISION = 0.01
EXCESS_OVER_SECOND = 0.05


class Outcome(NamedTuple):
    """What a sanity check measured, by its letter in the project's list, and whether it passed.

    It passes where `measured` is at most `limit`: what could not be measured, nan, never does.
    """

    name: str
    measured: float
    limit: float
    passed: bool


def above_bound(distances: ArrayLike, bounds: ArrayLike) -> Outcome:
    """(a) Share of images, of (N,), that the attack moved further than a bound known to suffice.

    `bounds` (N,): how far the boundary is on the way to the nearest image that is decided
    otherwise. An image that was not fooled counts as moved infinitely far.
    """
    own, known = _pairs(distances, bounds)
    return _outcome("a", np.mean(own > known * (1 + BOUND_TOLERANCE)), SHARE_ABOVE_BOUND)


def change_with_scale(distances: ArrayLike, scaled: Sequence[ArrayLike]) -> Outcome:
    """(b) Largest relative change when all logits are multiplied by a number.

    `distances` (N,) were found under the network's own logits, each of `scaled` under others. The
    change is that of the mean, or the share of images that one of the two alone fooled.
    """
    changes = [_change(distances, other) for other in scaled]
    return _outcome("b", np.max(changes), CHANGE_WITH_SCALE)


def change_with_precision(distances: ArrayLike, double: ArrayLike) -> Outcome:
    """(c) Relative change from float32, (N,), to float64, (N,); measured as in (b)."""
    return _outcome("c", _change(distances, double), CHANGE_WITH_PRECISION)


def excess_over_second(distances: ArrayLike, second: ArrayLike) -> Outcome:
    """(d) How far the mean of an attack is above that of another one on the same images (N,).

    Relative to the second, whose loss must not depend on the logits' scale; negative where the
    attack found the smaller perturbations. Images that it did not fool are counted by (a).
    """
    own, other = _means(*_pairs(distances, second))
    return _outcome("d", own / other - 1, EXCESS_OVER_SECOND)


def _change(distances: ArrayLike, others: ArrayLike) -> float:
    pairs = _pairs(distances, others)
    before, after = _means(*pairs)
    one_alone = np.mean(np.isfinite(pairs[0]) != np.isfinite(pairs[1]))
    return np.maximum(abs(after / before - 1), one_alone)


def _pairs(distances: ArrayLike, others: ArrayLike) -> tuple[NDArray, NDArray]:
    own, other = (np.asarray(values, dtype=np.float64) for values in (distances, others))
    if own.shape != other.shape or own.size == 0:
        raise ValueError(
            "a sanity check compares two distances of each image, of one image or more; "
            f"here are {own.size} and {other.size}"
        )
    return own, other


def _means(own: NDArray, other: NDArray) -> tuple[np.float64, np.float64]:
    """Means over the images that both fooled; nan where there are none."""
    both = ~(np.isinf(own) | np.isinf(other))
    if not both.any():
        return np.float64(np.nan), np.float64(np.nan)
    return own[both].mean(), other[both].mean()


def _outcome(name: str, measured: float, limit: float) -> Outcome:
    return Outcome(name, float(measured), limit, bool(measured <= limit))
