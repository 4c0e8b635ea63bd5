"""Mixture fits against scikit-learn's GaussianMixture, fitted to one column after the other."""

import numpy as np
import pytest
import torch
from sklearn.mixture import GaussianMixture

from binenc_core.metrics.mixtures import fit_mixtures

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def sides(rng, count):
    return np.where(rng.random(count) < 0.3, -0.5, 0.5)


def class_means(rng, count):
    return 2 * rng.standard_normal(10)[rng.integers(0, 10, count)]


CASES = {
    "two narrow peaks": lambda rng, n: sides(rng, n) + 0.02 * rng.standard_normal(n),
    "one normal": lambda rng, n: 3 * rng.standard_normal(n) + 1,
    "uniform": lambda rng, n: rng.random(n),
    "ten separate classes": lambda rng, n: class_means(rng, n) + 0.3 * rng.standard_normal(n),
    "ten broad classes": lambda rng, n: class_means(rng, n) + rng.standard_normal(n),
    "heavy tails": lambda rng, n: rng.standard_cauchy(n),
    "two-sided exponential": lambda rng, n: rng.laplace(size=n),
    "constant": lambda rng, n: np.full(n, 0.1),
    "zero": lambda rng, n: np.zeros(n),
    "one point apart": lambda rng, n: np.where(np.arange(n) == n // 2, 1.0, 0.0),
    "two exact values": lambda rng, n: sides(rng, n),
    "two exact values far apart": lambda rng, n: 200 * sides(rng, n),
    "collapsed": lambda rng, n: 0.5 + 1e-6 * rng.standard_normal(n),
    "many exact zeros": lambda rng, n: np.maximum(rng.standard_normal(n) - 1, 0),
    "many exact zeros, wide": lambda rng, n: np.maximum(30 * rng.standard_normal(n), 0),
    "wide": lambda rng, n: 1e4 * rng.standard_normal(n),
    "far from zero": lambda rng, n: 100 + 0.01 * rng.standard_normal(n),
}
COUNTS = (3000, 60, 5, 2)


def columns(count):
    """One column for each case, (N, cases), with the digits of a float32."""
    rng = np.random.default_rng(count)
    values = np.column_stack([draw(rng, count) for draw in CASES.values()])
    return values.astype(np.float32).astype(np.float64)


def standardized(values):
    spread = values.std(axis=0)
    return (values - values.mean(axis=0)) / np.where(spread > 0, spread, 1)


def expected(column):
    """Score, BIC, means, standard deviations and weights of scikit-learn's fit."""
    points = column[:, None]
    mixture = GaussianMixture(n_components=2, random_state=0).fit(points)
    means = mixture.means_[:, 0]
    order = np.argsort(means, kind="stable")
    # Where both components are one to float64 their order is that of the last digit.
    if means[order[1]] - means[order[0]] < 1e-12 * max(abs(means)):
        order = np.argsort(mixture.weights_)
    stds = np.sqrt(mixture.covariances_[:, 0, 0])
    parts = mixture.score(points), mixture.bic(points), means, stds, mixture.weights_
    return [part[order] if np.ndim(part) else part for part in parts]


def in_order(found, column):
    """The fit of one column, its components in the order that `expected` gives them."""
    parts = [part[column].numpy() for part in found]
    means, weights = parts[2], parts[4]
    if means[1] - means[0] < 1e-12 * max(abs(means)) and weights[1] < weights[0]:
        return [part[::-1] if part.ndim else part for part in parts]
    return parts


@pytest.mark.parametrize("scale", [lambda values: values, standardized], ids=["raw", "standard"])
@pytest.mark.parametrize("count", COUNTS)
def test_fits_are_scikit_learns(count, scale):
    values = scale(columns(count))
    found = fit_mixtures(torch.from_numpy(values))
    for j, name in enumerate(CASES):
        for part, value, wanted in zip(
            found._fields, in_order(found, j), expected(values[:, j]), strict=True
        ):
            np.testing.assert_allclose(
                value, wanted, rtol=1e-8, atol=1e-10, err_msg=f"{name}: {part}"
            )
