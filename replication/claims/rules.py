"""The verdict rule: numbers by seed in the claimed direction -> a verdict with its interval.

Pure functions of arrays, of LEAST_SEEDS seeds or more. A value in the claimed direction is one that
the claim says is positive: `judge` turns the others round. d are differences paired by seed, m a
margin, t Student's. The p of a verdict that all of several pairs or arms have to bear is their
largest; where a single one decides it is that one's, times as many as were asked.
"""

from collections.abc import Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

LEVEL = 0.95
LEAST_SEEDS = 3

REPLICATED = "replicated"
MAY_BE_SMALL = "replicated, may be small"
SMALLER = "there, but smaller than the margin"
NO_EFFECT = "no effect as large as the margin"
INCONCLUSIVE = "inconclusive"
NOT_REPLICATED = "not replicated"
REVERSED = "reversed"
REVERSED_MAY_BE_SMALL = "reversed, may be small"
REVERSED_SMALLER = "reversed, but smaller than the margin"
NOT_JUDGED = "not judged"

# What a verdict comes to, for marks and colors.
CLASSES = {
    REPLICATED: "replicated",
    MAY_BE_SMALL: "small",
    SMALLER: "small",
    NO_EFFECT: "not replicated",
    NOT_REPLICATED: "not replicated",
    REVERSED: "reversed",
    REVERSED_MAY_BE_SMALL: "reversed",
    REVERSED_SMALLER: "reversed",
    INCONCLUSIVE: "inconclusive",
    NOT_JUDGED: "not judged",
}
AT_LEAST_SMALL = (REPLICATED, MAY_BE_SMALL, SMALLER)
AGAINST = (REVERSED, REVERSED_SMALLER, REVERSED_MAY_BE_SMALL)
# Beyond the margin, on either side.
_BEYOND = (REPLICATED, REVERSED)


class Judged(NamedTuple):
    """A verdict and what it rests on, in the claimed direction.

    `estimate` with [`low`, `high`], its 95 % t-interval; `p` one-sided, for Holm; the effects that
    as many seeds with this scatter would find (`detectable`) or rule out (`excludable`) with the
    power 0.8 or 0.9; `which`: the arm or pair shown, of several.
    """

    verdict: str
    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    p: float = np.nan
    detectable: float = np.nan
    excludable: float = np.nan
    which: int = 0


class _Interval(NamedTuple):
    mean: float
    low: float
    high: float
    error: float
    freedom: int


def interval(
    values: ArrayLike, level: float = LEVEL, by_image: ArrayLike | None = None
) -> _Interval:
    """Mean, t-interval, standard error and degrees of freedom of values by seed, (n,).

    Where all seeds see the same images, which are a sample as well, `by_image` (N,) is each image's
    value, the mean over the seeds: the interval is then crossed with theirs.
    """
    own = np.asarray(values, float)
    freedom, mean = len(own) - 1, own.mean()
    error = own.std(ddof=1) / np.sqrt(len(own))
    if by_image is not None:
        images = np.asarray(by_image, float)
        error = np.sqrt(error**2 + images.var(ddof=1) / len(images))
    half = special.stdtrit(freedom, (1 + level) / 2) * error
    return _Interval(mean, mean - half, mean + half, error, freedom)


def _p_above(found: _Interval, bound: float) -> float:
    """One-sided p of a mean that is not above a bound."""
    if found.error == 0:
        return 0.0 if found.mean > bound else 1.0
    return float(special.stdtr(found.freedom, (bound - found.mean) / found.error))


def _judged(verdict: str, found: _Interval, p: float) -> Judged:
    reach = [
        special.stdtrit(found.freedom, [(1 + LEVEL) / 2, power]).sum() * found.error
        for power in (0.8, 0.9)
    ]
    return Judged(verdict, found.mean, found.low, found.high, p, *reach)


def line(found: _Interval, margin: float) -> str:
    """The first line of the rule that holds."""
    low, high = found.low, found.high
    if low >= margin:
        return REPLICATED
    if high <= -margin:
        return REVERSED
    if -margin <= low and high <= margin:
        return SMALLER if low > 0 else REVERSED_SMALLER if high < 0 else NO_EFFECT
    if low > 0:
        return MAY_BE_SMALL
    return REVERSED_MAY_BE_SMALL if high < 0 else INCONCLUSIVE


def _p_of(verdict: str, found: _Interval, margin: float) -> float:
    turned = found._replace(mean=-found.mean)
    if verdict == REPLICATED:
        return _p_above(found, margin)
    if verdict == REVERSED:
        return _p_above(turned, margin)
    if verdict in (SMALLER, REVERSED_SMALLER, NO_EFFECT):
        return max(_p_above(found, -margin), _p_above(turned, -margin))
    return _p_above(turned if verdict == REVERSED_MAY_BE_SMALL else found, 0)


def _intervals(
    pairs: Sequence[ArrayLike], images: Sequence[ArrayLike] | None, level: float = LEVEL
) -> list[_Interval]:
    """Each pair's interval, crossed with the images where those are given."""
    several = [None] * len(pairs) if images is None else images
    return [interval(d, level, own) for d, own in zip(pairs, several, strict=True)]


def contrast(differences: ArrayLike, margin: float) -> Judged:
    """The line of the rule that holds of d (n,)."""
    return most([differences], margin)


def strict_level(pairs: int) -> float:
    """The level at which one of so many pairs may speak against a claim on all of them."""
    return 1 - (1 - LEVEL) / pairs


def most(
    pairs: Sequence[ArrayLike], margin: float, images: Sequence[ArrayLike] | None = None
) -> Judged:
    """The first arm beyond each of the others: an intersection, never against the best of them.

    `pairs`: d (n,) for each other arm, `images`: their differences by image (N,), if these count.
    What any single pair says against the claim is asked at the level that as many pairs allow. The
    pair shown is one that decides: against the claim, or with the lowest interval of those whose
    own verdict is this one.
    """
    found = _intervals(pairs, images)
    alone = [_judged(line(own, margin), own, np.nan) for own in found]
    strict = [line(own, margin) for own in _intervals(pairs, images, strict_level(len(pairs)))]
    against = [own for own in AGAINST if own in strict]
    if all(own.verdict == REPLICATED for own in alone):
        verdict = REPLICATED
    elif against or NO_EFFECT in strict:
        verdict = against[0] if against else NO_EFFECT
    elif all(own.verdict in AT_LEAST_SMALL for own in alone):
        verdict = SMALLER if any(own.verdict == SMALLER for own in alone) else MAY_BE_SMALL
    else:
        verdict = INCONCLUSIVE
    deciding = [k for k, own in enumerate(alone) if own.verdict == verdict] or range(len(alone))
    which = min(deciding, key=lambda k: alone[k].low)
    p = max(_p_of(verdict, own, margin) for own in found)
    if verdict in (*AGAINST, NO_EFFECT):
        which = strict.index(verdict)
        p = min(1.0, len(pairs) * _p_of(verdict, found[which], margin))
    return alone[which]._replace(verdict=verdict, p=p, which=which)


def level(arms: Sequence[ArrayLike], bound: float) -> Judged:
    """Each arm's values (n,) at or above a bound; the arm shown is the weakest."""
    found = [interval(values) for values in arms]
    if all(own.low >= bound for own in found):
        verdict = REPLICATED
    else:
        verdict = NOT_REPLICATED if any(own.high < bound for own in found) else INCONCLUSIVE
    which = int(np.argmin([own.mean for own in found]))
    p = max(_p_above(own, bound) for own in found)
    if verdict == NOT_REPLICATED:
        p = _smallest([_p_above(own._replace(mean=-own.mean), -bound) for own in found])
    return _judged(verdict, found[which], p)._replace(which=which)


def _smallest(several: Sequence[float]) -> float:
    """The p of the one of several tests that decides."""
    return min(1.0, len(several) * min(several))


def logit(fractions: ArrayLike, number: int) -> NDArray:
    """ln((k + ½)/(N − k + ½)) of fractions k/N: on these a t-interval errs as seldom as it says."""
    hits = np.asarray(fractions, float) * number
    return np.log((hits + 0.5) / (number - hits + 0.5))


def fraction(logits: ArrayLike, number: int) -> NDArray:
    """The fractions of which `logit` gives these."""
    odds = 1 / (1 + np.exp(-np.asarray(logits, float)))
    return ((number + 1) * odds - 0.5) / number


def comparable(
    pairs: Sequence[ArrayLike], margin: float, images: Sequence[ArrayLike] | None = None
) -> Judged:
    """All pairs' d (n,) within ± m; the pair shown is the widest apart. `images` as in `most`."""
    found = _intervals(pairs, images)
    if all(-margin <= own.low and own.high <= margin for own in found):
        verdict = REPLICATED
    elif any(own.low > margin or own.high < -margin for own in found):
        verdict = NOT_REPLICATED
    else:
        verdict = INCONCLUSIVE
    which = int(np.argmax([abs(own.mean) for own in found]))
    p = max(_p_of(NO_EFFECT, own, margin) for own in found)
    if verdict == NOT_REPLICATED:
        p = _smallest([min(_p_of(side, own, margin) for side in _BEYOND) for own in found])
    return _judged(verdict, found[which], p)._replace(which=which)


def order(levels: ArrayLike) -> Judged:
    """Values (n, k) rise over k levels: Page's test, and no step falls beyond chance.

    The interval shown is that of the last level less the first.
    """
    values = np.asarray(levels, float)
    p = page_p(values)
    steps = [interval(step) for step in np.diff(values, axis=1).T]
    falls = any(step.high < 0 for step in steps)
    verdict = REPLICATED if p <= 0.025 and not falls else INCONCLUSIVE
    if falls:
        verdict = NOT_REPLICATED
    return _judged(verdict, interval(values[:, -1] - values[:, 0]), p)


def page_p(values: NDArray) -> float:
    """Exact one-sided p of Page's L for values (n, k) that rise with the level.

    Every order of a seed's k values is as likely as any other: the distribution of Σ level·rank
    over the seeds is a convolution. Ties share their mean rank, which keeps it exact to halves.
    """
    weights = np.arange(1, values.shape[1] + 1)
    ranks = pd.DataFrame(values).rank(axis=1).to_numpy()
    found = float((ranks * weights).sum())
    total = np.ones(1)
    for own in ranks:
        total = np.convolve(total, _one_seed(own))
    # Sums of halves: entry i is the probability of i/2.
    return float(total[int(np.ceil(2 * found - 1e-9)) :].sum())


def _one_seed(ranks: NDArray) -> NDArray:
    """Probabilities of 2·Σ level·rank over all orders of one seed's ranks."""
    sums = [2 * np.dot(np.arange(1, len(ranks) + 1), own) for own in permutations(ranks)]
    return np.bincount(np.rint(sums).astype(int)) / len(sums)


def switch(after: ArrayLike, before: ArrayLike, target: ArrayLike) -> Judged:
    """A switch moves less than half of the way: (after − before) − ½(target − before), (n,) each.

    In the claimed direction: against the way to the target, whichever that is on average.
    """
    after, before, target = (np.asarray(own, float) for own in (after, before, target))
    way = np.sign((target - before).mean())
    return level([-way * ((after - before) - (target - before) / 2)], 0)


def first_reached(curve: ArrayLike, epochs: ArrayLike, goal: float) -> float:
    """The epoch at which a curve (E,) first is at or below a goal; never: the last epoch.

    Between two logged epochs it is interpolated in the curve's own values: give logarithms.
    """
    values, when = np.asarray(curve, float), np.asarray(epochs, float)
    there = np.flatnonzero(values <= goal)
    if not len(there):
        return float(when[-1])
    k = int(there[0])
    if k == 0:
        return float(when[0])
    part = (values[k - 1] - goal) / (values[k - 1] - values[k])
    return float(when[k - 1] + part * (when[k] - when[k - 1]))


def sooner(first: ArrayLike, second: ArrayLike, epochs: ArrayLike, goals: ArrayLike) -> NDArray:
    """ln((T₂ + 1)/(T₁ + 1)) by seed, T when each curve (n, E) of logs reaches its goal (n,)."""
    times = [
        [
            first_reached(own, epochs, goal)
            for own, goal in zip(np.asarray(curves, float), np.asarray(goals, float), strict=True)
        ]
        for curves in (first, second)
    ]
    return np.log((np.array(times[1]) + 1) / (np.array(times[0]) + 1))


def holm(p: ArrayLike) -> NDArray:
    """Holm's adjusted p of a family of tests; nan stays nan and does not count."""
    values = np.asarray(p, float)
    adjusted = np.full(len(values), np.nan)
    known = np.flatnonzero(~np.isnan(values))
    ranked = known[np.argsort(values[known], kind="stable")]
    scaled = values[ranked] * np.arange(len(ranked), 0, -1)
    adjusted[ranked] = np.minimum(np.maximum.accumulate(scaled), 1)
    return adjusted
