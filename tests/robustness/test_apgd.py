import numpy as np
import pytest
import torch

from attacked import flat, linear
from binenc_core.robustness.apgd import apgd
from binenc_core.robustness.boundary import l2_norms

DTYPES = [torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_distance_to_a_linear_boundary_is_found(dtype):
    case = linear(dtype)
    points = apgd(case.logits, case.images, case.classes, case.others)
    assert points.dtype == dtype
    ratios = case.ratios(points)
    assert ratios.min() > 1 - 1e-5
    assert ratios.mean() < 1.1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("scale", "tolerance"), [(2**-20, 0), (1e6, 0.03)])
@pytest.mark.sampled
def test_the_scale_of_the_logits_does_not_count(dtype, scale, tolerance):
    """A power of two changes no digit; other scales change roundings, on which steps may hang."""
    case = linear(dtype, flat(2))
    plain = apgd(case.logits, case.images, case.classes, case.others)
    scaled = apgd(
        lambda images: case.logits(images) * scale, case.images, case.classes, case.others
    )
    expected, actual = l2_norms(plain - case.images).mean(), l2_norms(scaled - case.images).mean()
    torch.testing.assert_close(actual, expected, rtol=tolerance, atol=0)


def test_each_image_has_a_budget_of_its_own():
    """A far image and a near one, attacked at once, and pixels beyond any usual range."""
    case = linear(torch.float64)
    stretch = torch.logspace(-2, 2, len(case.images), dtype=torch.float64)[:, None, None, None]
    far = case._replace(
        images=case.images * stretch,
        others=case.others * stretch,
        distances=case.distances * stretch.flatten(),
    )
    assert far.ratios(apgd(far.logits, far.images, far.classes, far.others)).mean() < 1.1


def test_more_images_than_the_toolbox_takes_stay_in_their_places_beside_one_decided_otherwise():
    case = linear(torch.float32, number=150)
    classes = case.classes.clone()
    classes[0] = (classes[0] + 1) % 5
    points = apgd(case.logits, case.images, classes, case.others)
    assert len(points) == len(case.images) > 128
    assert torch.equal(points[0], case.images[0])
    assert case.ratios(points)[1:].mean() < 1.1


def test_same_numbers_every_time_and_no_trace_in_the_random_states():
    case = linear(torch.float32)
    arguments = (case.logits, case.images, case.classes, case.others)
    torch.manual_seed(3)
    np.random.seed(3)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    first = apgd(*arguments)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])
    np.random.seed(4)
    assert torch.equal(apgd(*arguments), first)


def test_two_classes_have_no_ratio():
    case = linear(torch.float32)
    with pytest.raises(ValueError, match="three classes or more; this one has 2"):
        apgd(lambda x: case.logits(x)[:, :2], case.images, case.classes, case.others)
