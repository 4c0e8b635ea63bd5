"""Mahalanobis distances against scikit-learn's and scipy's, and on spaces that have collapsed."""

import pytest
import torch
from scipy.spatial.distance import mahalanobis
from sklearn.covariance import LedoitWolf

from binenc_core.reliability import gaussians

CLASSES, DIMENSIONS = 3, 5


def classes(size: int, spread: float = 1.0, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Points float64 around three centers, each class with a covariance of its own; labels."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(size) % CLASSES
    centers = torch.eye(DIMENSIONS)[:CLASSES].double() * 3
    shapes = torch.randn(CLASSES, DIMENSIONS, DIMENSIONS, generator=generator).double()
    noise = torch.randn(size, 1, DIMENSIONS, generator=generator).double()
    return centers[labels] + spread * (noise @ shapes[labels])[:, 0], labels


def test_distances_are_those_of_scikit_learn_and_scipy():
    x, labels = classes(300)
    predicted = labels.roll(1).where(torch.arange(300) < 30, labels)
    fitted = gaussians.fit(x, labels, predicted, CLASSES)
    found = gaussians.mahalanobis(fitted, x, predicted)
    right = labels == predicted
    inside = torch.cat(
        [x[right & (labels == c)] - fitted.means[c] * fitted.scale for c in range(3)]
    )
    scale = inside.square().mean(dim=0).sqrt()
    assert fitted.scale == pytest.approx(scale)
    for c in range(CLASSES):
        model = LedoitWolf().fit((x[right & (labels == c)] / scale).numpy())
        for i in (predicted == c).nonzero()[:20, 0]:
            point = (x[i] / scale).numpy()
            expected = mahalanobis(point, model.location_, model.precision_)
            assert float(found[i]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("factor", [1e-6, 1e-3, 1e3, 1e6])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_scale_of_x_changes_nothing(factor, dtype):
    x, labels = classes(300)
    x = x.to(dtype)
    usual, scaled = (
        gaussians.mahalanobis(gaussians.fit(points, labels, labels, CLASSES), points, labels)
        for points in (x, x * factor)
    )
    assert scaled == pytest.approx(usual, rel=1e-9 if dtype == torch.float64 else 1e-4)


@pytest.mark.parametrize("spread", [1e-6, 1e-9, 0.0])
def test_a_collapsed_covariance_still_ranks(spread):
    """Covariances of 1e-12, of 1e-18 and of 0, float32 as networks give them, P above N / C."""
    x, labels = classes(12, spread)
    fitted = gaussians.fit(x.float(), labels, labels, CLASSES)
    assert fitted.factors.isfinite().all()
    steps = torch.tensor([0, 1e-5, 1e-4, 1e-2, 1, 100]).double()
    points = x[0] + steps[:, None] * torch.ones(DIMENSIONS).double()
    found = gaussians.mahalanobis(fitted, points.float(), torch.zeros(6, dtype=torch.int64))
    assert found.isfinite().all()
    assert (found.diff() > 0).all()


def test_a_dimension_that_never_varies_is_no_harm():
    """As that of a dead rectifier."""
    x, labels = classes(300)
    x[:, 2] = 0
    fitted = gaussians.fit(x, labels, labels, CLASSES)
    found = gaussians.mahalanobis(fitted, x, labels)
    assert found.isfinite().all()
    assert float(found.median()) < 5


@pytest.mark.parametrize("left", [0, 1])
def test_a_class_without_two_right_points_is_named(left):
    x, labels = classes(300)
    predicted = labels.clone()
    predicted[(labels == 1).nonzero()[left:, 0]] = 2
    message = f"class 1 has {left} correctly classified training images; allowed: networks with 2"
    with pytest.raises(ValueError, match=message):
        gaussians.fit(x, labels, predicted, CLASSES)
    with pytest.raises(ValueError, match="class 2 has 0"):  # the last, as which nothing is decided
        gaussians.fit(x, labels, labels.clamp(max=1), CLASSES)
