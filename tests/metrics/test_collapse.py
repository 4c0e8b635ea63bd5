"""Collapse metrics against known answers and against loops over classes, pairs and dimensions."""

import numpy as np
import pytest
import torch

from benchmarks.plain_metrics import plain_collapse
from binenc_core.metrics import classes, collapse

CLASSES, DIMENSIONS = 10, 24


def simplex_etf(classes: int, dimensions: int) -> torch.Tensor:
    """Class means at the vertices of a simplex equiangular tight frame, randomly rotated."""
    generator = torch.Generator().manual_seed(0)
    basis = torch.linalg.qr(torch.randn(dimensions, classes, generator=generator).double())[0]
    return (torch.eye(classes, dtype=torch.float64) - 1 / classes) @ basis.T


def cloud(counts: list[int], seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Points (N, DIMENSIONS) float32 with anisotropic noise around random means, and labels."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    labels = labels[torch.randperm(len(labels), generator=generator)]
    means = 2 * torch.randn(len(counts), DIMENSIONS, generator=generator) + 1
    mixing = torch.randn(DIMENSIONS, DIMENSIONS, generator=generator) / 4
    return means[labels] + torch.randn(
        len(labels), DIMENSIONS, generator=generator
    ) @ mixing, labels


UNBALANCED = [31, 42, 53, 64, 75, 36, 47, 58, 69, 20]


@pytest.mark.parametrize("chunk", [1000, 7])
def test_equal_to_loops_on_unbalanced_classes(monkeypatch, chunk):
    monkeypatch.setattr(classes, "CPU_CHUNK", chunk * DIMENSIONS)
    x, labels = cloud(UNBALANCED)
    weights = torch.randn(CLASSES, DIMENSIONS, generator=torch.Generator().manual_seed(1))
    predicted = torch.where(labels == 3, 7, labels)  # nothing is predicted to be a 3
    centers = classes.class_means(x, labels)
    found = collapse.collapse_metrics(x, labels, predicted, weights, centers)
    arrays = (part.numpy() for part in (x.double(), labels, predicted, weights.double(), centers))
    expected = plain_collapse(*arrays)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-9), name


def test_released_quantities_of_a_single_predicted_class_are_not_numbers():
    x, labels = cloud(UNBALANCED)
    found = collapse.released_metrics(x, torch.zeros_like(labels))
    assert set(found) == set(collapse.RELEASED_COLLAPSE)
    assert np.isnan(list(found.values())).all()


def test_perfect_etf():
    m = simplex_etf(CLASSES, DIMENSIONS)
    assert collapse.equinorm(m) == pytest.approx(0, abs=1e-12)
    assert collapse.equiangularity(m) == pytest.approx(0, abs=1e-12)
    assert collapse.max_angle(m) == pytest.approx(0, abs=1e-12)
    # 10 of the 55 pairs are the diagonal, each off by 1 + 1/9.
    assert collapse.max_angle(m, diagonal=0) == pytest.approx(10 / 55 * (1 + 1 / 9))


def test_isotropic_noise_of_known_size():
    """Orthonormal means, noise ±s√P on every axis: Sw = s² I, Sb has C−1 eigenvalues 1/C."""
    s, eye = 0.1, torch.eye(CLASSES, DIMENSIONS, dtype=torch.float64)
    offsets = s * DIMENSIONS**0.5 * torch.eye(DIMENSIONS, dtype=torch.float64)
    offsets = torch.cat([offsets, -offsets])
    x = (eye[:, None] + offsets[None]).reshape(-1, DIMENSIONS)
    labels = torch.arange(CLASSES).repeat_interleave(len(offsets))
    found = collapse.collapse_metrics(x, labels, labels, eye, eye)
    assert found["within_variance"] == pytest.approx(s**2)
    assert found["within_between"] == pytest.approx((CLASSES - 1) * s**2)
    assert found["within_between_traces"] == pytest.approx(DIMENSIONS * s**2 / (1 - 1 / CLASSES))


def test_two_classes_on_one_point_leave_the_pseudo_inverse_finite():
    """Sb then has rank C−2, and what is zero is not inverted."""
    means = torch.eye(4, 6, dtype=torch.float64)
    means[3] = means[2]
    labels = torch.arange(4).repeat_interleave(2)
    offsets = torch.tensor([0.1, -0.1]).repeat(4)[:, None]
    found = collapse.within_between(means[labels] + offsets, labels, means)
    # Sw has 0.01 everywhere; the sum of the entries of Sb⁺ is what it is multiplied with.
    m = means - means.mean(dim=0)
    inverse = np.linalg.pinv((m.T @ m / 4).numpy(), rcond=1e-10)
    assert found == pytest.approx(0.01 * inverse.sum() / 4)
