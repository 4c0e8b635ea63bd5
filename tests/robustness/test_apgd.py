import pytest
import torch
from torch import Tensor

from binenc_core.robustness.apgd import _checks, apgd
from binenc_core.robustness.boundary import lengths
from binenc_core.robustness.network import Logits, decisions
from binenc_core.robustness.strength import NORMAL

DTYPES = [torch.float32, torch.float64]


def linear(dtype: torch.dtype, scale: float = 1.0, classes: int = 5) -> tuple[Logits, Tensor]:
    """A linear network on images of 1 × 3 × 4 pixels, and its weights (C, 12)."""
    draw = torch.Generator().manual_seed(3)
    weights = torch.randn(classes, 12, generator=draw, dtype=torch.float64)
    bias = torch.randn(classes, generator=draw, dtype=torch.float64)

    def logits(images: Tensor) -> Tensor:
        return (images.flatten(1) @ weights.to(dtype).T + bias.to(dtype)) * scale

    return logits, weights


def problem(logits: Logits, dtype: torch.dtype, number: int = 40) -> tuple[Tensor, Tensor, Tensor]:
    """Images, the decisions on them, and far points that are decided otherwise."""
    draw = torch.Generator().manual_seed(4)
    images = torch.randn(number, 1, 3, 4, generator=draw, dtype=torch.float64).to(dtype)
    classes = decisions(logits, images)
    others = torch.stack(
        [next(i for i in images if decisions(logits, i[None]) != c) for c in classes]
    )
    return images, classes, others


def distances(logits: Logits, weights: Tensor, images: Tensor, classes: Tensor) -> Tensor:
    """How far each image is from the nearest of a linear network's boundaries."""
    values = logits(images).double()
    own = torch.arange(len(images))
    margins = values[own, classes, None] - values
    normals = (weights[classes][:, None] - weights).norm(dim=2)
    return (margins / normals).masked_fill(normals == 0, torch.inf).amin(dim=1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_distance_to_a_linear_boundary_is_found(dtype):
    logits, weights = linear(dtype)
    images, classes, others = problem(logits, dtype)
    points = apgd(logits, images, classes, others)
    assert (decisions(logits, points) != classes).all()
    ratio = lengths(points - images).double() / distances(logits, weights, images, classes)
    assert ratio.min() >= 1 - 1e-4  # nothing is nearer than the boundary
    # DLR falls fastest in a direction of its own, which costs some length.
    assert ratio.mean() < 1.15
    assert ratio.median() < 1.1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("scale", "tolerance"), [(2**-20, 0), (2**20, 0), (1e-6, 0.03), (1e6, 0.03)]
)
def test_the_scale_of_the_logits_does_not_count(dtype, scale, tolerance):
    plain, _ = linear(dtype)
    images, classes, others = problem(plain, dtype)
    expected = lengths(apgd(plain, images, classes, others) - images)
    actual = lengths(apgd(linear(dtype, scale)[0], images, classes, others) - images)
    # A power of two changes no digit; another scale changes roundings, on which steps may hang.
    assert float(actual.mean()) == pytest.approx(float(expected.mean()), rel=tolerance, abs=0)


def test_each_image_has_a_budget_of_its_own():
    logits, _ = linear(torch.float64)
    images, classes, others = problem(logits, torch.float64)
    together = apgd(logits, images, classes, others)
    alone = [apgd(logits, *(part[i : i + 1] for part in (images, classes, others))) for i in (0, 7)]
    torch.testing.assert_close(together[[0, 7]], torch.cat(alone))


def test_a_flat_network_leaves_the_way_to_the_other_point():
    """Where no gradient points anywhere, what is left is the bisection."""

    def step(images: Tensor) -> Tensor:
        right = (images.flatten(1).sum(dim=1) > 0).to(images.dtype)
        return torch.stack([right, 1 - right, 0 * right - 1], dim=1) + 0 * images.sum()

    images = torch.full((2, 1, 1, 4), -0.25)
    others = torch.full((2, 1, 1, 4), 0.75)
    points = apgd(step, images, decisions(step, images), others)
    torch.testing.assert_close(points, torch.zeros_like(points), atol=1e-4, rtol=0)


def test_two_classes_have_no_ratio():
    logits, _ = linear(torch.float32, classes=2)
    images, classes, others = problem(logits, torch.float32)
    with pytest.raises(ValueError, match="2 classes; allowed: 3 or more"):
        apgd(logits, images, classes, others)


def test_checks_come_as_in_the_paper():
    # p of Croce and Hein: 0, 0.22, 0.41, 0.57, 0.70, 0.80, 0.87, 0.93, 0.99.
    assert sorted(_checks(100)) == [22, 41, 57, 70, 80, 87, 93, 99]
    assert max(_checks(NORMAL.apgd_steps)) <= NORMAL.apgd_steps
