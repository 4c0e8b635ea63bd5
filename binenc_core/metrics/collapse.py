"""Neural collapse (paper, figure 4; Papyan, Han, Donoho 2020), in every variant.

M stands for the centered class means m_c = μ_c − μ_G, a float64 tensor (C, P).
"""

import torch
from torch import Tensor

from binenc_core.metrics.classes import (
    chunks,
    class_counts,
    class_means,
    compact,
    total_within_squares,
    within_class_squares,
)
from binenc_core.metrics.names import RELEASED

# What `released_metrics` gives: all but the quantity of figure 2.
RELEASED_COLLAPSE = tuple(RELEASED[name] for name in RELEASED if name != "bit_agreement")


def pair_cosines(m: Tensor) -> Tensor:
    """Cosines between the rows of M, (C, C)."""
    unit = m / m.norm(dim=1, keepdim=True)
    return unit @ unit.T


def _pairs(matrix: Tensor, diagonal: int) -> Tensor:
    row, column = torch.triu_indices(*matrix.shape, offset=diagonal, device=matrix.device)
    return matrix[row, column]


def equinorm(m: Tensor) -> float:
    """std_c ‖m_c‖ / mean_c ‖m_c‖ (ddof 0); 0 for a simplex ETF."""
    norms = m.norm(dim=1)
    return float(norms.std(correction=0) / norms.mean())


def equiangularity(m: Tensor) -> float:
    """Standard deviation (ddof 0) of cos(m_c, m_c') over pairs c ≠ c'; 0 for a simplex ETF."""
    return float(_pairs(pair_cosines(m), diagonal=1).std(correction=0))


def max_angle(m: Tensor, diagonal: int = 1) -> float:
    """Mean over pairs c ≠ c' of |cos(m_c, m_c') + 1/(C−1)|; 0 for a simplex ETF.

    With `diagonal` 0 over pairs c ≤ c', as the released code takes it; 0.2020 for an ETF of C = 10.
    """
    return float((_pairs(pair_cosines(m), diagonal) + 1 / (len(m) - 1)).abs().mean())


def geometry(m: Tensor) -> dict[str, float]:
    """Norms and angles of M, by name in `metrics.names`."""
    return {
        "equinorm": equinorm(m),
        "equiangularity": equiangularity(m),
        "max_angle": max_angle(m),
    }


def within_between(x: Tensor, labels: Tensor, means: Tensor) -> float:
    """Tr(Sw Sb⁺)/C with Sw, Sb over the classes of `labels` and μ_G the mean of the class means.

    Sb = (1/C) Σ m_c m_cᵀ has rank C−1; its pseudo-inverse takes the top C−1 eigenpairs, less those
    that are zero to float64. nan where all class means are one point.
    """
    eigenvalues, directions = between_eigenpairs(means)
    if not len(eigenvalues):
        return float("nan")
    squares = within_class_squares(x, labels, means, directions).sum(dim=0)
    return float((squares / len(x) / eigenvalues).sum() / len(means))


def between_eigenpairs(means: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues (K,) of Sb that are not zero, and eigenvectors (P, K), of means (C, P)."""
    m = means - means.mean(dim=0)
    _, singular, directions = torch.linalg.svd(m, full_matrices=False)
    rank = min(len(m) - 1, len(singular))
    kept = singular[:rank] > singular[0] * 1e-12
    return singular[:rank][kept].square() / len(m), directions[:rank][kept].T


def released_metrics(x: Tensor, predicted: Tensor) -> dict[str, float]:
    """Every quantity of figure 4 as the released code has it: classes are those predicted.

    `x` (N, P), `predicted` int64 (N,). The class means are centered by the sample mean, and Sb is
    their sample covariance (ddof 1), which is (C−1)/C of `within_between` by predicted label. All
    are nan where one class alone is predicted, the covariance where a class has a single point.
    """
    own = compact(predicted)
    means = class_means(x, own)
    classes, counts = len(means), class_counts(own)
    if classes == 1:
        return dict.fromkeys(RELEASED_COLLAPSE, float("nan"))
    m = means - (counts @ means) / counts.sum()
    return {
        "equinorm_predicted": equinorm(m),
        "equiangularity_predicted": equiangularity(m),
        "max_angle_predicted": max_angle(m, diagonal=0),
        "within_between_released": within_between(x, own, means) * (classes - 1) / classes,
        "within_covariance_predicted": within_covariance(x, own, means),
    }


def within_covariance(x: Tensor, labels: Tensor, means: Tensor) -> float:
    """Mean of all P² entries of the class-averaged covariance (ddof 1), classes unweighted.

    Equal to the mean over classes of Var(Σ_j x_j)/P², so no covariance matrix is built.
    """
    dimensions = x.shape[1]
    ones = torch.ones(dimensions, 1, dtype=torch.float64, device=x.device)
    squares = within_class_squares(x, labels, means, ones)[:, 0]
    return float((squares / (class_counts(labels) - 1)).mean() / dimensions**2)


def self_duality(weights: Tensor, m: Tensor) -> float:
    """NC3: ‖W/‖W‖_F − M/‖M‖_F‖_F of classifier weights (C, P) and centered class means."""
    w = weights.double()
    return float((w / w.norm() - m / m.norm()).norm())


def center_disagreement(x: Tensor, predicted: Tensor, centers: Tensor) -> float:
    """NC4: fraction of points whose predicted label is not that of the nearest center (C, P)."""
    wrong = sum(
        (torch.cdist(rows, centers).argmin(dim=1) != own).sum()
        for rows, own in chunks(x, predicted)
    )
    return float(wrong) / len(x)


def collapse_metrics(
    x: Tensor, labels: Tensor, predicted: Tensor, weights: Tensor, centers: Tensor
) -> dict[str, float]:
    """Every quantity of figure 4, by its name in `metrics.names`.

    `x` float32 (N, P), `labels` and `predicted` int64 (N,) with every class in `labels`, classifier
    `weights` (C, P), training class means `centers` float64 (C, P).
    """
    means = class_means(x, labels)
    m = means - means.mean(dim=0)
    scatter = total_within_squares(x, labels, means) / len(x)
    return {
        **geometry(m),
        "within_between": within_between(x, labels, means),
        "within_covariance": within_covariance(x, labels, means),
        "within_variance": float(scatter / x.shape[1]),
        "within_between_traces": float(scatter / m.square().sum() * len(m)),
        "self_duality": self_duality(weights, m),
        "center_disagreement": center_disagreement(x, predicted, centers),
        **released_metrics(x, predicted),
    }
