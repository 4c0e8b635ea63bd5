"""What the optimizer does to the classifier's weights W: their size, shape, path and directions."""

import torch
from torch import Tensor

from binenc_core.metrics.vertices import against_chance


def kurtosis(values: Tensor) -> float:
    """Fourth central moment over the squared variance of all entries; 3 for a Gaussian, 1 for ±w.

    nan where all entries are equal.
    """
    centered = values.double() - values.double().mean()
    return float(centered.pow(4).mean() / centered.square().mean().square())


def alignment(weights: Tensor, means: Tensor) -> float:
    """Mean over classes of the cosine between μ_c and w_c less the mean of all rows, both (C, P).

    Where the penalty is mean(x²), a stationary x_c is parallel to its centered w_c.
    """
    w = weights.double()
    return float(torch.cosine_similarity(means, w - w.mean(dim=0), dim=1).mean())


def weight_metrics(
    weights: Tensor, initial: Tensor, rates: float, means: Tensor
) -> dict[str, float]:
    """Every quantity of the classifier's weights, by its name in `metrics.names`.

    `weights` and `initial` (C, P) now and before the first step, `rates` the sum of the learning
    rates of all steps until now, `means` float64 (C, P) the training class means. The path ratio
    is nan where nothing has been stepped.
    """
    w, start = weights.double(), initial.double()
    path = float((w - start).abs().mean())
    return {
        "weight_vertex_excess": against_chance(w).excess,
        "weight_rms": float(w.square().mean().sqrt()),
        "weight_kurtosis": kurtosis(w),
        "weight_path_ratio": path / rates if rates else float("nan"),
        "weight_alignment": alignment(w, means),
    }
