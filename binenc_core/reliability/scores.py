"""How sure a network is of each image, in four ways; larger is always less sure."""

from typing import NamedTuple

import torch
from torch import Tensor

from binenc_core.evaluation import Outputs
from binenc_core.metrics.classes import chunks
from binenc_core.metrics.encoding import majority_codes, positive_fractions
from binenc_core.reliability import SCORES, gaussians
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
        class_vertices(train.x, train.labels),
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


def class_vertices(x: Tensor, labels: Tensor) -> Tensor:
    """The vertex of each class, float64 (C, P), in the network's own scale.

    `x` (N, P), `labels` int64 (N,) in which every class occurs. A hypercube whose two sides along
    a dimension are the mean of the positive values and that of the others, 0 where there are none;
    the class is on the side that its code says (`metrics.encoding.majority_codes`).
    """
    positive = sum(rows.clamp(min=0).sum(dim=0) for (rows,) in chunks(x))
    others = sum(rows.clamp(max=0).sum(dim=0) for (rows,) in chunks(x))
    ones = sum((rows > 0).sum(dim=0) for (rows,) in chunks(x))
    upper = positive / ones.clamp(min=1)
    lower = others / (len(x) - ones).clamp(min=1)
    return torch.where(majority_codes(positive_fractions(x, labels)), upper, lower)


def nearest_distance(vertices: Tensor, x: Tensor) -> Tensor:
    """Euclidean distance of each point (N, P) to the nearest class's vertex, float64 (N,)."""
    return torch.cat([torch.cdist(rows, vertices).amin(dim=1) for (rows,) in chunks(x)])


def scores(fitted: Fitted, out: Outputs) -> dict[str, Tensor]:
    """Every score of `reliability.SCORES` by name, float64 (N,), of a network's outputs."""
    found = {
        "mahalanobis": gaussians.mahalanobis(fitted.gaussians, out.x, out.logits.argmax(dim=1)),
        "msp": msp_score(out.logits),
        "energy": energy(out.logits),
        "vertex": nearest_distance(fitted.vertices, out.x),
    }
    return {name: found[name] for name in SCORES}
