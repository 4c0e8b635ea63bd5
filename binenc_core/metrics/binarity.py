"""Binarity (paper, figure 1): two-component Gaussian mixtures fitted to each latent dimension."""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

Floats = NDArray[np.float64]


class Mixtures(NamedTuple):
    """One two-component mixture per dimension; components in order of their means.

    `score` mean log-likelihood per value (P,), nats; `bic` of the mixture (P,); `means`, `stds`,
    `weights` of the components (P, 2), in the units of the values.
    """

    score: Floats
    bic: Floats
    means: Floats
    stds: Floats
    weights: Floats


def fit_mixtures(values: NDArray) -> Mixtures:
    """Fit scikit-learn's two-component GaussianMixture to each column of `values` (N, P).

    The initialization is seeded, so the same values give the same mixtures.
    """
    fits = [_fit(column) for column in np.asarray(values, dtype=np.float64).T]
    return Mixtures(*(np.array(part) for part in zip(*fits, strict=True)))


def _fit(column: Floats) -> tuple:
    points = column[:, None]
    with warnings.catch_warnings():
        # A dimension that all points share has one cluster, and the fit is that point.
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture = GaussianMixture(n_components=2, random_state=0).fit(points)
    order = np.argsort(mixture.means_[:, 0])
    return (
        mixture.score(points),
        mixture.bic(points),
        mixture.means_[order, 0],
        np.sqrt(mixture.covariances_[order, 0, 0]),
        mixture.weights_[order],
    )


def standardize(values: NDArray) -> Floats:
    """Values (N, P) with mean 0 and standard deviation 1 (ddof 0) in each dimension, float64.

    A constant dimension becomes 0.
    """
    values = np.asarray(values, dtype=np.float64)
    centered = values - values.mean(axis=0)
    spread = values.std(axis=0)
    return centered / np.where(spread > 0, spread, 1)


def single_gaussian_bic(values: NDArray) -> Floats:
    """BIC of one Gaussian fitted to each column of `values` (N, P), (P,).

    The variance has the floor that scikit-learn gives the mixtures' (1e-6).
    """
    count = len(values)
    variance = np.var(values, axis=0, dtype=np.float64)
    floored = variance + 1e-6
    log_likelihood = -0.5 * count * (np.log(2 * np.pi * floored) + variance / floored)
    return 2 * np.log(count) - 2 * log_likelihood


def peak_separation(mixtures: Mixtures) -> Floats:
    """|m1 − m2| / mean(s1, s2) of each dimension (P,): scale-free."""
    return np.abs(np.diff(mixtures.means, axis=1)[:, 0]) / mixtures.stds.mean(axis=1)


def binarity_metrics(values: NDArray) -> tuple[dict[str, float], Mixtures]:
    """Every quantity of figure 1, by its name in `metrics.names`, and the mixtures behind it.

    `values` (N, P) are the penultimate outputs. The mixtures returned are those of the standardized
    values, which do not depend on the scale of x.
    """
    raw = fit_mixtures(values)
    standardized = standardize(values)
    scale_free = fit_mixtures(standardized)
    metrics = {
        "gmm_score": raw.score.mean(),
        "gmm_std": raw.stds.mean(),
        "gmm_score_standardized": scale_free.score.mean(),
        "gmm_std_standardized": scale_free.stds.mean(),
        "peak_separation": peak_separation(scale_free).mean(),
        "bic_gain": (single_gaussian_bic(standardized) - scale_free.bic).mean(),
    }
    return {name: float(value) for name, value in metrics.items()}, scale_free
