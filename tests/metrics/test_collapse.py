"""Collapse metrics against known answers and against loops over classes, pairs and dimensions."""

import numpy as np
import pytest
import torch

from benchmarks.plain_metrics import plain_collapse, plain_released
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


def measured(x, labels, predicted=None, weights=None) -> dict[str, float]:
    means = classes.class_means(x, labels)
    weights = means if weights is None else weights
    return collapse.collapse_metrics(
        x, labels, labels if predicted is None else predicted, weights, means
    )


@pytest.mark.parametrize("chunk", [1000, 7])
def test_equal_to_loops_on_unbalanced_classes(monkeypatch, chunk):
    monkeypatch.setattr(classes, "CPU_CHUNK", chunk * DIMENSIONS)
    x, labels = cloud(UNBALANCED)
    weights = torch.randn(CLASSES, DIMENSIONS, generator=torch.Generator().manual_seed(1))
    predicted = torch.where(labels == 3, 7, labels)  # nothing is predicted to be a 3
    found = measured(x, labels, predicted, weights)
    centers = classes.class_means(x, labels)
    arrays = (part.numpy() for part in (x.double(), labels, predicted, weights.double(), centers))
    expected = plain_collapse(*arrays)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-9), name


def test_every_released_quantity_uses_the_predicted_classes():
    x, labels = cloud(UNBALANCED)
    predicted = torch.where(labels == 3, 7, labels)  # nothing is predicted to be a 3
    found = measured(x, labels, predicted)
    by_truth, by_prediction = (
        plain_released(x.double().numpy(), own.numpy()) for own in (labels, predicted)
    )
    assert set(by_prediction) == set(collapse.RELEASED_COLLAPSE)
    for name, value in by_prediction.items():
        assert found[name] == pytest.approx(value, rel=1e-9), name
        assert value != pytest.approx(by_truth[name], rel=1e-3), name


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
    assert collapse.max_angle_released(m) == pytest.approx(10 / 55 * (1 + 1 / 9))


def test_orthogonal_means_are_one_ninth_off_the_etf():
    m = torch.eye(CLASSES, DIMENSIONS, dtype=torch.float64)
    assert collapse.max_angle(m) == pytest.approx(1 / 9)
    assert collapse.equiangularity(m) == pytest.approx(0, abs=1e-12)


def test_collapsed_points_have_no_within_class_variation():
    labels = torch.arange(CLASSES).repeat(5)
    found = measured(simplex_etf(CLASSES, DIMENSIONS).float()[labels], labels)
    for name in ("within_between", "within_covariance", "within_variance", "center_disagreement"):
        assert found[name] == pytest.approx(0, abs=1e-12), name


def test_isotropic_noise_of_known_size():
    """Orthonormal means, noise ±s√P on every axis: Sw = s² I, Sb has C−1 eigenvalues 1/C."""
    s, eye = 0.1, torch.eye(CLASSES, DIMENSIONS, dtype=torch.float64)
    offsets = s * DIMENSIONS**0.5 * torch.eye(DIMENSIONS, dtype=torch.float64)
    offsets = torch.cat([offsets, -offsets])
    x = (eye[:, None] + offsets[None]).reshape(-1, DIMENSIONS)
    labels = torch.arange(CLASSES).repeat_interleave(len(offsets))
    found = measured(x, labels)
    assert found["within_variance"] == pytest.approx(s**2)
    assert found["within_between"] == pytest.approx((CLASSES - 1) * s**2)
    assert found["within_between_traces"] == pytest.approx(DIMENSIONS * s**2 / (1 - 1 / CLASSES))


SCALED = {"within_covariance", "within_covariance_predicted", "within_variance"}


def test_rotation_and_scale_change_the_within_class_covariance_alone():
    x, labels = cloud(UNBALANCED)
    rotation = torch.linalg.qr(torch.randn(DIMENSIONS, DIMENSIONS).double())[0]
    before = measured(x.double(), labels)
    after = measured(x.double() @ rotation * 30, labels)
    for name in before.keys() - SCALED:
        assert after[name] == pytest.approx(before[name], rel=1e-8), name
    assert after["within_variance"] == pytest.approx(900 * before["within_variance"], rel=1e-8)


def test_self_duality_compares_directions_and_relative_lengths():
    x, labels = cloud(UNBALANCED)
    means = classes.class_means(x, labels)
    m = means - means.mean(dim=0)
    assert collapse.self_duality(5 * m, m) == pytest.approx(0, abs=1e-12)
    assert collapse.self_duality(-m, m) == pytest.approx(2)


def test_center_disagreement_counts_points_nearer_to_another_center():
    centers = torch.eye(3, dtype=torch.float64)
    x = torch.tensor([[0.9, 0, 0], [0, 0.9, 0], [0.6, 0.5, 0], [0, 0, 1]])
    predicted = torch.tensor([0, 1, 1, 2])  # the third point is nearer to center 0
    assert collapse.center_disagreement(x, predicted, centers) == pytest.approx(1 / 4)


def test_two_classes_on_one_point_leave_the_pseudo_inverse_finite():
    """Sb then has rank C−2, and what is zero is not inverted."""
    means = torch.eye(4, 6, dtype=torch.float64)
    means[3] = means[2]
    labels = torch.arange(4).repeat_interleave(8)
    x = means[labels] + 0.01 * torch.randn(32, 6, generator=torch.Generator().manual_seed(1))
    exact = means[labels]
    assert np.isfinite(collapse.within_between(x, labels, classes.class_means(x, labels)))
    assert collapse.within_between(exact, labels, classes.class_means(exact, labels)) == 0
