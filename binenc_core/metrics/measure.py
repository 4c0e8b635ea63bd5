"""Every metric of a network's penultimate output in one call, for networks of one's own."""

import torch
from torch import Tensor

from binenc_core.metrics.binarity import binarity_metrics
from binenc_core.metrics.classes import class_means
from binenc_core.metrics.collapse import collapse_metrics
from binenc_core.metrics.encoding import encoding_metrics, majority_codes, positive_fractions
from binenc_core.metrics.vertices import vertex_metrics


@torch.no_grad()
def measure(x: Tensor, labels: Tensor, weights: Tensor, predicted: Tensor) -> dict[str, float]:
    """Binarity, shared encoding, neural collapse and vertices of points, by `metrics.names`.

    `x` (N, P) is the input of the last layer, of any float type, `labels` int64 (N,) from 0 to
    C − 1, each of which occurs, `weights` (C, P) the last layer's, `predicted` int64 (N,) what the
    network takes the points for. The classes' codes and centers are those of these points. Raises
    ValueError for shapes that do not fit, for a class without points and for x that is not finite.
    """
    _check(x, labels, weights, predicted)
    x = x.detach().float()
    centers = class_means(x, labels)
    codes = majority_codes(positive_fractions(x, labels))
    binarity, _ = binarity_metrics(x)
    return {
        **binarity,
        **encoding_metrics(x, labels, predicted, codes),
        **collapse_metrics(x, labels, predicted, weights.detach(), centers),
        **vertex_metrics(centers),
    }


def _check(x: Tensor, labels: Tensor, weights: Tensor, predicted: Tensor) -> None:
    if x.ndim != 2 or weights.ndim != 2 or weights.shape[1] != x.shape[1]:
        raise ValueError(
            f"x is {tuple(x.shape)}, weights {tuple(weights.shape)}; allowed: (N, P) and (C, P)"
        )
    for name, own in (("labels", labels), ("predicted", predicted)):
        if own.shape != x.shape[:1]:
            raise ValueError(f"{name} is {tuple(own.shape)}; allowed: {tuple(x.shape[:1])}")
    found, classes = labels.unique().tolist(), len(weights)
    if found != list(range(classes)):
        raise ValueError(f"labels holds {found}; allowed: each of 0 to {classes - 1}")
    if not x.isfinite().all():
        raise ValueError("x is not finite; allowed: finite numbers")
