"""Two-component Gaussian mixtures of many columns at once.

The fits are those of scikit-learn's GaussianMixture(n_components=2, random_state=0), column by
column: the same k-means start, updates, floor of the variance and stopping rule, in float64.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.linalg import vecdot

# The settings that scikit-learn has by default.
VARIANCE_FLOOR = 1e-6
TOLERANCE, MAX_STEPS = 1e-3, 100
MEANS_TOLERANCE, MEANS_MAX_STEPS = 1e-4, 300
# It adds this to each component's number of values, so that none is empty.
COUNT_FLOOR = 10 * np.finfo(np.float64).eps

PARAMETERS = 5  # two means, two variances, one free weight
# Beyond it the smaller share of a value is 1e-304, and its exponential still a finite number.
LARGEST_LOG_ODDS = 700.0


class Mixtures(NamedTuple):
    """One two-component mixture per dimension, float64; components in order of their means.

    `score` mean log-likelihood per value (P,), nats; `bic` of the mixture (P,); `means`, `stds`,
    `weights` of the components (P, 2), in the units of the values.
    """

    score: Tensor
    bic: Tensor
    means: Tensor
    stds: Tensor
    weights: Tensor


class Components(NamedTuple):
    """Weights, means and variances of the two components of each column, all (P, 2)."""

    weights: Tensor
    means: Tensor
    variances: Tensor


class Moments(NamedTuple):
    """Σr, Σr·u and Σr·u² of each component's shares r in the values, all (P, 2).

    u are the values less the component's mean before, so that no digits of its variance are lost,
    however narrow it is.
    """

    count: Tensor
    first: Tensor
    second: Tensor


def fit_mixtures(values: Tensor, start: Tensor | None = None) -> Mixtures:
    """Fit a two-component mixture to each column of `values` (N, P), N ≥ 2, of any dtype.

    `start` bool (N, P) says which values begin in the second component; by default
    `two_means(values)`, which is the same for all shifted and scaled values.
    """
    start = two_means(values) if start is None else start
    parts = [
        _fit(columns.double(), second)
        for columns, second in zip(_chunks(values), _chunks(start), strict=True)
    ]
    return Mixtures(*(torch.cat(part) for part in zip(*parts, strict=True)))


def two_means(values: Tensor) -> Tensor:
    """Which values of each column are in the second of two clusters: bool (N, P).

    scikit-learn's KMeans(n_clusters=2, n_init=1, random_state=0), column by column.
    """
    # Every column is given the same random numbers.
    count = len(values)
    random = np.random.RandomState(0)
    first = random.choice(count, p=np.full(count, 1 / count))
    draws = torch.from_numpy(random.uniform(size=2)).to(values.device)
    parts = [_two_means(columns.double(), first, draws) for columns in _chunks(values)]
    return torch.cat(parts).T


def _chunks(values: Tensor) -> Sequence[Tensor]:
    """The columns as contiguous rows (P, N), some at a time: what a cache holds, or a GPU."""
    size = 2**15 if values.device.type == "cpu" else 2**22
    return values.T.contiguous().split(max(1, size // len(values)))


def _two_means(columns: Tensor, first: int, draws: Tensor) -> Tensor:
    columns = columns - columns.mean(dim=1, keepdim=True)
    centers = _k_means_plus_plus(columns, first, draws)
    # Mirrored where needed, the second cluster is the upper one.
    mirror = torch.where(centers[:, 1:] < centers[:, :1], -1.0, 1.0)
    columns, centers = columns * mirror, centers * mirror
    tolerance = MEANS_TOLERANCE * columns.var(dim=1, correction=0)
    total, count = columns.sum(dim=1), columns.shape[1]
    going = torch.ones_like(total, dtype=torch.bool)
    for _ in range(MEANS_MAX_STEPS):
        upper = (columns > centers.mean(dim=1, keepdim=True)).double()
        above, size = vecdot(upper, columns), upper.sum(dim=1)
        means = torch.stack([(total - above) / (count - size), above / size], dim=1)
        # A column that never changes has no second cluster.
        means = torch.where((going & (size > 0))[:, None], means, centers)
        going = (means - centers).square().sum(dim=1) > tolerance
        centers = means
        if not going.any():
            break
    return columns > centers.mean(dim=1, keepdim=True)


def _k_means_plus_plus(columns: Tensor, first: int, draws: Tensor) -> Tensor:
    """First centers (P, 2): value number `first`, and the better of two drawn at random.

    The chance to be drawn is in proportion to the squared distance from the first center.
    """
    center = columns[:, first, None]
    squares = (columns - center).square()
    drawn = torch.searchsorted(squares.cumsum(dim=1), squares.sum(dim=1, keepdim=True) * draws)
    candidates = columns.gather(1, drawn.clamp_(max=columns.shape[1] - 1))
    left = [
        torch.minimum(squares, (columns - candidate).square()).sum(dim=1)
        for candidate in candidates.T[:, :, None]
    ]
    best = torch.stack(left, dim=1).argmin(dim=1, keepdim=True)
    return torch.cat([center, candidates.gather(1, best)], dim=1)


def _fit(values: Tensor, second: Tensor) -> Mixtures:
    count = values.shape[1]
    powers = values.new_ones(len(values), 5, count)
    components = _begin(values, second, powers)
    score = values.new_full((len(values),), -math.inf)
    going = torch.ones_like(score, dtype=torch.bool)
    for _ in range(MAX_STEPS):
        moments, reached = _expectation(values, components, powers)
        updated = _maximization(moments, components.means)
        components = Components(
            *(torch.where(going[:, None], *pair) for pair in zip(updated, components, strict=True))
        )
        going &= (reached - score).abs() >= TOLERANCE
        score = reached
        if not going.any():
            break
    _, score = _expectation(values, components, powers)
    order = components.means.argsort(dim=1, stable=True)
    weights, means, variances = (part.gather(1, order) for part in components)
    bic = PARAMETERS * math.log(count) - 2 * count * score
    return Mixtures(score, bic, means, variances.sqrt(), weights)


def _begin(values: Tensor, second: Tensor, powers: Tensor) -> Components:
    """The components that two clusters of the values (P, N) make."""
    shares = torch.stack([~second, second], dim=1).double()
    means = torch.bmm(shares, values[:, :, None])[:, :, 0] / (shares.sum(dim=2) + COUNT_FLOOR)
    _set_powers(values, means, powers)
    return _maximization(_moments(shares, powers), means)


def _set_powers(values: Tensor, means: Tensor, powers: Tensor) -> None:
    """Make `powers` (P, 5, N) u₁², u₁, 1, u₂, u₂² of the values (P, N); it holds the 1 already."""
    for component, (offset, square) in enumerate([(1, 0), (3, 4)]):
        torch.sub(values, means[:, component, None], out=powers[:, offset])
        torch.square(powers[:, offset], out=powers[:, square])


def _moments(shares: Tensor, powers: Tensor) -> Moments:
    sums = torch.bmm(shares, powers.mT)
    return Moments(*torch.stack([sums[:, 0, :3].flip(1), sums[:, 1, 2:]], dim=1).unbind(dim=2))


def _maximization(moments: Moments, means: Tensor) -> Components:
    count = moments.count + COUNT_FLOOR
    # The count that is added is one of values at 0.
    moved = (moments.first - COUNT_FLOOR * means) / count
    squares = moments.second - 2 * moved * moments.first + moved.square() * moments.count
    weights = count / count.sum(dim=1, keepdim=True)
    return Components(weights, means + moved, squares / count + VARIANCE_FLOOR)


def _expectation(values: Tensor, components: Components, powers: Tensor) -> tuple[Moments, Tensor]:
    """Moments under the shares that the components give, and the components' score (P,)."""
    weights, means, variances = components
    _set_powers(values, means, powers)
    heights = weights.log() - (2 * math.pi * variances).log() / 2
    slopes = -0.5 / variances
    # In place, as memory is what takes the time.
    odds = torch.mul(powers[:, 4], slopes[:, 1:])  # in the end log odds of component 2
    odds.addcmul_(powers[:, 0], -slopes[:, :1]).add_(heights.diff(dim=1))
    odds.clamp_(-LARGEST_LOG_ODDS, LARGEST_LOG_ODDS)
    shares = torch.empty_like(powers[:, :2])
    first, second = shares.unbind(dim=1)
    torch.exp(odds, out=second)
    torch.add(second, 1, out=first).reciprocal_()
    second.mul_(first)
    moments = _moments(shares, powers)
    # log Σp = Σ r·(log p − log r), where log r₂ = log r₁ + log odds.
    logs = (moments.count * heights + moments.second * slopes).sum(dim=1)
    entropy = -odds.mul_(second).sum(dim=1) - first.log_().sum(dim=1)
    return moments, (logs + entropy) / values.shape[1]
