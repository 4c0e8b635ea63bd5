"""Shared encoding (paper, figure 2): do the points of a class have the same bits?

A point's code has bit 1 where x > 0 and bit 0 elsewhere.
"""

import torch
from torch import Tensor

from binenc_core.metrics.classes import chunks, class_counts, class_sums, compact


def positive_fractions(x: Tensor, labels: Tensor) -> Tensor:
    """f: fraction of each class's points with bit 1, float64 (C, P); every class must occur."""
    counts = class_counts(labels)
    parts = chunks(x, labels)
    sums = sum(class_sums((rows > 0).double(), own, len(counts)) for rows, own in parts)
    return sums / counts[:, None]


def bit_agreement(fractions: Tensor) -> float:
    """Mean over classes and dimensions of max(f, 1−f), between 0.5 and 1 (released code)."""
    return float(torch.maximum(fractions, 1 - fractions).mean())


def majority_codes(fractions: Tensor) -> Tensor:
    """Code of each class, bool (C, P): the bit that more than half of its points have.

    Where more than half of a class shares one whole code, it is that code.
    """
    return fractions > 0.5


def whole_code_agreement(x: Tensor, labels: Tensor, codes: Tensor) -> float:
    """Fraction of points whose whole code equals their class's code (paper's text).

    `codes` bool (C, P) are those of the training set, whichever points are asked.
    """
    agree = sum(((rows > 0) == codes[own]).all(dim=1).sum() for rows, own in chunks(x, labels))
    return float(agree) / len(x)


def hamming_distances(codes: Tensor) -> Tensor:
    """Number of bits in which two codes differ, int64 (C, C)."""
    return (codes[:, None, :] != codes[None, :, :]).sum(dim=2)


def vertex_cosine(x: Tensor) -> float:
    """Mean cosine between a point and its nearest hypercube vertex, ‖x‖₁ / (√P ‖x‖₂).

    1 where all coordinates have the same magnitude; points at the origin are left out.
    """
    total = points = 0
    for (rows,) in chunks(x):
        norms = rows.norm(dim=1)
        away = norms > 0
        total += (rows.abs().sum(dim=1) / norms)[away].sum()
        points += away.sum()
    return float(total / points / x.shape[1] ** 0.5)


def class_vertex_cosines(x: Tensor, labels: Tensor, codes: Tensor) -> Tensor:
    """Cosine between each point and its class's vertex, x·s / (√P ‖x‖), float64 (N,).

    `x` (N, P), `codes` bool (C, P), whose vertex s has 1 where the bit is 1 and −1 elsewhere. A
    point at the origin, which lies in no direction, has 0.
    """
    signs = 2 * codes.double() - 1
    parts = [
        (rows * signs[own]).sum(dim=1) / rows.norm(dim=1).clamp(min=torch.finfo(rows.dtype).tiny)
        for rows, own in chunks(x, labels)
    ]
    return torch.cat(parts) / x.shape[1] ** 0.5


def encoding_metrics(
    x: Tensor, labels: Tensor, predicted: Tensor, codes: Tensor
) -> dict[str, float]:
    """Every quantity of figure 2, by its name in `metrics.names`.

    `x` float32 (N, P), `labels` and `predicted` int64 (N,) with every class in `labels`, `codes`
    bool (C, P) of the training set.
    """
    return {
        **code_metrics(positive_fractions(x, labels)),
        "bit_agreement_predicted": bit_agreement(positive_fractions(x, compact(predicted))),
        "whole_code_agreement": whole_code_agreement(x, labels, codes),
        "vertex_cosine": vertex_cosine(x),
    }


def code_metrics(fractions: Tensor) -> dict[str, float]:
    """What the fractions f (C, P) say of the classes' codes, by name in `metrics.names`."""
    own = majority_codes(fractions)
    distances = hamming_distances(own)
    pairs = distances[torch.triu(torch.ones_like(distances), diagonal=1).bool()].double()
    return {
        "bit_agreement": bit_agreement(fractions),
        "distinct_codes": float(len(own.unique(dim=0))),
        "hamming_mean": float(pairs.mean()),
        "hamming_min": float(pairs.min()),
    }
