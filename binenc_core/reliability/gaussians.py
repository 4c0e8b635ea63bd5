"""A Gaussian for each class in the space of x, and how far points are from it."""

from typing import NamedTuple

import torch
from sklearn.covariance import ledoit_wolf
from torch import Tensor

# Relative rounding of what a network computes: nothing finer can be told of x.
ROUNDING = torch.finfo(torch.float32).eps


class Gaussians(NamedTuple):
    """One for each class, in units of `scale`, all float64.

    `scale` (P,): what x is divided by. `means` (C, P). `factors` (C, P, P): lower Cholesky factors
    of the covariances.
    """

    scale: Tensor
    means: Tensor
    factors: Tensor


def fit(x: Tensor, labels: Tensor, predicted: Tensor, classes: int) -> Gaussians:
    """The Gaussians of the points that are classified correctly.

    `x` (N, P), `labels` and `predicted` int64 (N,), from 0 to `classes` − 1. Each dimension is
    divided by the standard deviation within classes, pooled over them, and at least by the rounding
    of x. The covariances are shrunk towards a multiple of the identity (Ledoit and Wolf 2004), and
    get the variance of the rounding: those of a class that has collapsed into a point have an
    inverse, too. Raises ValueError for a class with fewer than two such points.
    """
    right = labels == predicted
    counts = torch.bincount(labels[right], minlength=classes)
    if (counts < 2).any():
        empty = int((counts < 2).nonzero()[0])
        raise ValueError(
            f"class {empty} has {int(counts[empty])} correctly classified training images; "
            "allowed: networks with 2 or more in each class"
        )
    groups = [right & (labels == c) for c in range(len(counts))]
    means = torch.stack([x[own].double().mean(dim=0) for own in groups])
    pairs = list(zip(groups, means, strict=True))
    squares = sum((x[own].double() - mean).square().sum(dim=0) for own, mean in pairs)
    finest = ROUNDING * means.square().mean().sqrt()
    scale = (squares / counts.sum()).sqrt().clamp(min=finest)
    rounding = torch.diag((finest / scale).square())
    factors = []
    for own, mean in pairs:
        deviations = (x[own].double() - mean) / scale
        # scikit-learn computes on the CPU.
        shrunk, _ = ledoit_wolf(deviations.cpu().numpy(), assume_centered=True)
        factors.append(torch.linalg.cholesky(torch.from_numpy(shrunk).to(scale.device) + rounding))
    return Gaussians(scale, means / scale, torch.stack(factors))


def mahalanobis(gaussians: Gaussians, x: Tensor, classes: Tensor) -> Tensor:
    """Mahalanobis distance of points (N, P) to the Gaussian of a class each, float64 (N,).

    Lee et al. 2018, but with a covariance for each class, and to the class (int64 (N,)) that is
    given rather than the nearest: for misclassification that is the predicted one.
    """
    distances = torch.empty(len(x), dtype=torch.float64, device=x.device)
    for c, (mean, factor) in enumerate(zip(gaussians.means, gaussians.factors, strict=True)):
        own = classes == c
        away = x[own].double() / gaussians.scale - mean
        distances[own] = torch.linalg.solve_triangular(factor, away.T, upper=False).norm(dim=0)
    return distances
