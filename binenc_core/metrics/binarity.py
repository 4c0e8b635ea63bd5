"""Binarity (paper, figure 1): how far the values of each latent dimension lie in two peaks."""

import math

import torch
from torch import Tensor

from binenc_core.metrics.mixtures import VARIANCE_FLOOR, Mixtures, fit_mixtures, two_means


def standardize(values: Tensor) -> Tensor:
    """Values (N, P) with mean 0 and standard deviation 1 (ddof 0) in each dimension, float64.

    A constant dimension becomes 0.
    """
    values = values.double()
    spread = values.std(dim=0, correction=0)
    return (values - values.mean(dim=0)) / torch.where(spread > 0, spread, 1)


def single_gaussian_bic(values: Tensor) -> Tensor:
    """BIC of one Gaussian fitted to each column of `values` (N, P), float64 (P,).

    The variance has the floor of the mixtures' (1e-6).
    """
    count = len(values)
    variance = values.double().var(dim=0, correction=0)
    floored = variance + VARIANCE_FLOOR
    log_likelihood = -0.5 * count * ((2 * math.pi * floored).log() + variance / floored)
    return 2 * math.log(count) - 2 * log_likelihood


def peak_separation(mixtures: Mixtures) -> Tensor:
    """|m1 − m2| / mean(s1, s2) of each dimension (P,): scale-free."""
    return mixtures.means.diff(dim=1)[:, 0].abs() / mixtures.stds.mean(dim=1)


def binarity_metrics(values: Tensor) -> tuple[dict[str, float], Mixtures]:
    """Every quantity of figure 1, by its name in `metrics.names`, and the mixtures behind it.

    `values` (N, P) are the penultimate outputs. The mixtures returned are those of the standardized
    values, which do not depend on the scale of x.
    """
    standardized = standardize(values)
    start = two_means(standardized)
    raw, scale_free = fit_mixtures(values, start), fit_mixtures(standardized, start)
    metrics = {
        "gmm_score": raw.score,
        "gmm_std": raw.stds,
        "gmm_score_standardized": scale_free.score,
        "gmm_std_standardized": scale_free.stds,
        "peak_separation": peak_separation(scale_free),
        "bic_gain": single_gaussian_bic(standardized) - scale_free.bic,
    }
    return {name: float(value.mean()) for name, value in metrics.items()}, scale_free
