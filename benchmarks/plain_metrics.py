"""Every recorded quantity as a plain reading of its definition gives it.

Loops over classes, pairs of classes and dimensions, in numpy and scikit-learn, with full covariance
matrices: what the metrics are timed against, and tested against.
"""

from itertools import combinations, combinations_with_replacement

import numpy as np
from numpy.typing import NDArray
from sklearn.mixture import GaussianMixture

from binenc_core.metrics.collapse import RELEASED_COLLAPSE

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]


def plain_fit(logits: Floats, x: Floats, labels: Labels, gamma: float) -> dict[str, float]:
    """Loss, with the mean of exp(x²) as penalty, cross-entropy and accuracy."""
    logits = logits - logits.max(axis=1, keepdims=True)
    chosen = logits[np.arange(len(labels)), labels]
    cross_entropy = np.mean(np.log(np.exp(logits).sum(axis=1)) - chosen)
    return {
        "loss": cross_entropy + gamma * np.exp(x**2).mean(),
        "cross_entropy": cross_entropy,
        "accuracy": np.mean(logits.argmax(axis=1) == labels),
    }


def plain_binarity(x: Floats) -> dict[str, float]:
    """Figure 1: scikit-learn's mixture, fitted to one dimension after the other."""
    found: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        found.setdefault(name, []).append(value)

    for column in x.T:
        points = column[:, None]
        mixture = GaussianMixture(n_components=2, random_state=0).fit(points)
        note("gmm_score", mixture.score(points))
        note("gmm_std", np.sqrt(mixture.covariances_).mean())
        points = (points - column.mean()) / column.std()
        mixture = GaussianMixture(n_components=2, random_state=0).fit(points)
        stds = np.sqrt(mixture.covariances_)
        note("gmm_score_standardized", mixture.score(points))
        note("gmm_std_standardized", stds.mean())
        note("peak_separation", abs(mixture.means_[0, 0] - mixture.means_[1, 0]) / stds.mean())
        single = GaussianMixture(n_components=1).fit(points)
        note("bic_gain", single.bic(points) - mixture.bic(points))
    return {name: np.mean(values) for name, values in found.items()}


def plain_codes(x: Floats, labels: Labels) -> NDArray[np.bool_]:
    """The classes' codes, (C, P)."""
    return np.array([(x[labels == c] > 0).mean(axis=0) > 0.5 for c in np.unique(labels)])


def plain_encoding(
    x: Floats, labels: Labels, predicted: Labels, training_codes: NDArray[np.bool_]
) -> dict[str, float]:
    """Figure 2; `training_codes` (C, P) are the classes' on the training set."""
    answer = {}
    for name, own in (("bit_agreement_predicted", predicted), ("bit_agreement", labels)):
        agreements, codes = [], {}
        for c in np.unique(own):
            members = x[own == c]
            fractions = [np.mean(members[:, j] > 0) for j in range(x.shape[1])]
            agreements += [max(f, 1 - f) for f in fractions]
            codes[c] = np.array(fractions) > 0.5
        answer[name] = np.mean(agreements)
    same = sum(
        ((x[labels == c] > 0) == code).all(axis=1).sum() for c, code in enumerate(training_codes)
    )
    # The codes now are those by true label.
    distances = [(codes[c] != codes[d]).sum() for c, d in combinations(codes, 2)]
    norms = np.linalg.norm(x, axis=1)
    away = norms > 0
    cosines = np.abs(x[away]).sum(axis=1) / (norms[away] * np.sqrt(x.shape[1]))
    return answer | {
        "whole_code_agreement": same / len(x),
        "distinct_codes": len({tuple(code) for code in codes.values()}),
        "hamming_mean": np.mean(distances),
        "hamming_min": min(distances),
        "vertex_cosine": cosines.mean(),
    }


def _scatter(x: Floats, labels: Labels) -> tuple[dict[int, Floats], Floats, Floats]:
    """Class means, Sw, and the class-averaged sample covariance."""
    means, squares, covariances = {}, [], []
    for c in np.unique(labels).tolist():
        members = x[labels == c]
        means[c] = members.mean(axis=0)
        deviations = members - means[c]
        squares.append(deviations.T @ deviations)
        covariances.append(np.cov(members.T) if len(members) > 1 else 0 * squares[-1])
    return means, sum(squares) / len(x), np.mean(covariances, axis=0)


def plain_released(x: Floats, predicted: Labels) -> dict[str, float]:
    """Figure 4 as the released code has it: by predicted label, around the sample mean, ddof 1.

    All nan where one class alone is predicted.
    """
    means, within, covariance = _scatter(x, predicted)
    if len(means) == 1:
        return dict.fromkeys(RELEASED_COLLAPSE, np.nan)
    geometry = _geometry(means, x.mean(axis=0), len(means))
    between = np.cov(np.array(list(means.values())).T)
    trace = np.trace(within @ np.linalg.pinv(between, rcond=1e-10)) / len(means)
    return {
        "equinorm_predicted": geometry["equinorm"],
        "equiangularity_predicted": geometry["equiangularity"],
        "max_angle_predicted": geometry["max_angle_with_diagonal"],
        "within_between_released": trace,
        "within_covariance_predicted": covariance.mean(),
    }


def _geometry(means: dict[int, Floats], origin: Floats, classes: int) -> dict[str, float]:
    """Norms and angles of class means around an origin."""
    m = {c: mean - origin for c, mean in means.items()}
    norms = {c: np.linalg.norm(vector) for c, vector in m.items()}
    cosines = {
        (c, d): m[c] @ m[d] / norms[c] / norms[d] for c, d in combinations_with_replacement(m, 2)
    }
    between = [cosines[pair] for pair in combinations(m, 2)]
    away = {pair: abs(cosine + 1 / (classes - 1)) for pair, cosine in cosines.items()}
    return {
        "equinorm": np.std(list(norms.values())) / np.mean(list(norms.values())),
        "equiangularity": np.std(between),
        "max_angle": np.mean([away[pair] for pair in combinations(m, 2)]),
        "max_angle_with_diagonal": np.mean(list(away.values())),
    }


def plain_collapse(
    x: Floats, labels: Labels, predicted: Labels, weights: Floats, centers: Floats
) -> dict[str, float]:
    """Figure 4; `weights` (C, P) are the classifier's, `centers` (C, P) training class means."""
    means, within, covariance = _scatter(x, labels)
    classes = len(means)
    mean_of_means = np.mean(list(means.values()), axis=0)
    geometry = _geometry(means, mean_of_means, classes)
    m = np.array([mean - mean_of_means for mean in means.values()])
    scatter_of_means = sum(np.outer(row, row) for row in m) / classes
    distances = np.array([np.linalg.norm(x - center, axis=1) for center in centers])
    inverse = np.linalg.pinv(scatter_of_means, rcond=1e-10)
    return plain_released(x, predicted) | {
        **{name: geometry[name] for name in ("equinorm", "equiangularity", "max_angle")},
        "within_between": np.trace(within @ inverse) / classes,
        "within_covariance": covariance.mean(),
        "within_variance": np.trace(within) / x.shape[1],
        "within_between_traces": np.trace(within) / np.trace(scatter_of_means),
        "self_duality": np.linalg.norm(weights / np.linalg.norm(weights) - m / np.linalg.norm(m)),
        "center_disagreement": np.mean(distances.argmin(axis=0) != predicted),
    }
