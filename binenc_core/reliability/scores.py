"""How sure a network is of each image, in four ways; larger is always less sure."""

from typing import NamedTuple

import torch
from torch import Tensor

from binenc_core.evaluation import Outputs
from binenc_core.reliability import SCORES, gaussians, vertices
from binenc_core.reliability.gaussians import Gaussians


class Fitted(NamedTuple):
    """What the scores know of the training points: Gaussians, and vertices float64 (C, P)."""

    gaussians: Gaussians
    vertices: Tensor


def fit(train: Outputs) -> Fitted:
    """What the scores need, from a network's outputs on the training set.

    Raises ValueError for outputs that are not finite, and for a class of which fewer than two
    images are classified correctly.
    """
    check_finite(train)
    predicted, classes = train.logits.argmax(dim=1), train.logits.shape[1]
    return Fitted(
        gaussians.fit(train.x, train.labels, predicted, classes),
        vertices.fit(train.x, train.labels),
    )


def check_finite(out: Outputs) -> None:
    """Raise ValueError where logits or x have overflowed, as those of a diverged network."""
    if not (out.logits.isfinite().all() and out.x.isfinite().all()):
        raise ValueError("the network's outputs are not finite; allowed: one that did not diverge")


def msp_score(logits: Tensor) -> Tensor:
    """log((1 − p)/p) of the largest softmax probability p, float64 (N,); `logits` (N, C).

    It ranks as 1 − p does (Hendrycks and Gimpel 2017), and also tells apart what is so near to 1
    that p itself is rounded.
    """
    top, own = logits.double().max(dim=1, keepdim=True)
    others = logits.double().scatter(1, own, -torch.inf)
    return others.logsumexp(dim=1) - top[:, 0]


def energy(logits: Tensor) -> Tensor:
    """−log Σ exp(logits), float64 (N,), of `logits` (N, C) (Liu et al. 2020, T = 1)."""
    return -logits.double().logsumexp(dim=1)


def scores(fitted: Fitted, logits: Tensor, x: Tensor) -> dict[str, Tensor]:
    """Every score of `reliability.SCORES` by name, float64 (N,), of logits (N, C) and x (N, P)."""
    found = {
        "mahalanobis": gaussians.mahalanobis(fitted.gaussians, x, logits.argmax(dim=1)),
        "msp": msp_score(logits),
        "energy": energy(logits),
        "vertex": vertices.nearest_distance(fitted.vertices, x),
    }
    return {name: found[name] for name in SCORES}
