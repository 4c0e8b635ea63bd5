"""The class codes as points in the space of x, and how far other points are from them."""

import torch
from torch import Tensor

from binenc_core.metrics.classes import chunks
from binenc_core.metrics.encoding import majority_codes, positive_fractions


def fit(x: Tensor, labels: Tensor) -> Tensor:
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
