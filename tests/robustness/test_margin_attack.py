import pytest
import torch

from attacked import flat, linear
from binenc_core.robustness.boundary import l2_norms
from binenc_core.robustness.deepfool import deepfool
from binenc_core.robustness.margin import margin_attack

DTYPES = [torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_distance_to_a_linear_boundary_is_found(dtype):
    case = linear(dtype)
    points = margin_attack(case.logits, case.images, case.classes, case.others)
    assert points.dtype == dtype
    ratios = case.ratios(points)
    assert ratios.min() > 1 - 1e-5
    assert ratios.max() < 1.01


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [1e-6, 1e-3, 1e3, 1e6])
def test_the_scale_of_the_logits_does_not_count(dtype, scale):
    case = linear(dtype, flat(2))
    plain = margin_attack(case.logits, case.images, case.classes, case.others)
    scaled = margin_attack(
        lambda images: case.logits(images) * scale, case.images, case.classes, case.others
    )
    expected, actual = l2_norms(plain - case.images), l2_norms(scaled - case.images)
    torch.testing.assert_close(actual, expected, rtol=0.01, atol=0)


def test_a_flat_margin_does_not_mislead_it_as_it_does_deepfool():
    case = linear(torch.float64, flat(5))
    assert case.ratios(deepfool(case.logits, case.images)).median() > 3
    ratios = case.ratios(margin_attack(case.logits, case.images, case.classes, case.others))
    assert ratios.min() > 1 - 1e-5
    assert ratios.max() < 1.05


@pytest.mark.parametrize("dtype", DTYPES)
def test_where_every_gradient_is_zero_it_begins_at_the_boundary(dtype):
    """Far from the boundary tanh is exactly 1 in floating point: a direction is drawn."""
    case = linear(dtype, flat(50))
    images = case.images.clone().requires_grad_()
    (slopes,) = torch.autograd.grad(case.logits(images).amax(dim=1).sum(), images)
    assert (slopes.flatten(1).abs().amax(dim=1) == 0).float().mean() > 0.5
    points = margin_attack(case.logits, case.images, case.classes, case.others)
    assert points.isfinite().all()
    ratios = case.ratios(points)
    assert ratios.median() < 1.05
    assert ratios.max() < 1.5


def test_an_image_that_cannot_be_fooled_is_given_back():
    case = linear(torch.float32)

    def constant(images):
        return (images.sum() * 0 + torch.eye(5)[0]).expand(len(images), 5)

    zeros = torch.zeros_like(case.classes)
    assert torch.equal(margin_attack(constant, case.images, zeros, case.others), case.images)


def test_same_numbers_every_time():
    case = linear(torch.float32, flat(50))
    arguments = (case.logits, case.images, case.classes, case.others)
    first = margin_attack(*arguments)
    torch.rand(3)
    assert torch.equal(margin_attack(*arguments), first)
