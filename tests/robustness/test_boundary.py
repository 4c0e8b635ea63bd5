"""Points at the boundary: bisection, the nearest that fools, the nearest of another class."""

import math

import pytest
import torch

from binenc_core.robustness import boundary
from binenc_core.robustness.boundary import Closest, bisected, l2_norms, nearest_other
from binenc_core.robustness.network import decisions

CROSSING = 0.3


def above(images):
    """Class 1 where the first pixel is above CROSSING, class 0 elsewhere."""
    first = images[:, 0, 0, 0]
    return torch.stack([torch.full_like(first, CROSSING), first], dim=1)


def with_first_pixel(values, dtype=torch.float64):
    images = torch.zeros(len(values), 1, 2, 2, dtype=dtype)
    images[:, 0, 0, 0] = torch.tensor(values, dtype=dtype)
    return images


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_just_beyond_the_crossing_from_either_side(dtype):
    images, others = with_first_pixel([0, 1, 0.2], dtype), with_first_pixel([1, -1, 0.4], dtype)
    classes = decisions(above, images)
    found = bisected(above, images, others, classes)
    assert found.dtype == dtype
    assert (decisions(above, found) != classes).all()
    way = l2_norms(others - images)
    beyond = (found[:, 0, 0, 0] - CROSSING).abs()
    assert (beyond <= way * 2**-20 + 2 * torch.finfo(dtype).eps).all()


@pytest.mark.parametrize("halvings", [1, 4, 10])
def test_every_halving_counts(halvings):
    images, others = with_first_pixel([0.0]), with_first_pixel([1.0])
    found = bisected(above, images, others, torch.tensor([0]), halvings)
    # The first of the points i/2^halvings that lies beyond.
    expected = math.ceil(CROSSING * 2**halvings) / 2**halvings
    assert found[0, 0, 0, 0] == expected


def test_the_others_where_no_boundary_is_on_the_way():
    images, others = with_first_pixel([0.0, 0.0]), with_first_pixel([0.1, 1.0])
    found = bisected(above, images, others, torch.tensor([0, 0]))
    assert torch.equal(found[0], others[0])
    assert found[1, 0, 0, 0] == pytest.approx(CROSSING, abs=1e-5)


def test_others_just_beyond_the_boundary_are_given_exactly():
    # x + 1·(y − x) is not y in floating point.
    images = with_first_pixel([-1e3], torch.float32)
    others = with_first_pixel([0.3001], torch.float32)
    assert not torch.equal(images + (others - images), others)
    found = bisected(above, images, others, torch.tensor([0]), halvings=5)
    assert torch.equal(found, others)


# ---- The nearest point that fools ---------------------------------------------------------------


def test_the_nearest_of_the_points_that_fool_is_kept():
    images, classes = torch.zeros(3, 1, 1, 2), torch.zeros(3, dtype=torch.int64)
    found = Closest(images, classes)
    assert found.norms.isinf().all()
    inside, beyond = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    unsound = torch.tensor([0.0, torch.inf])
    far, near = torch.full_like(images, 3.0), torch.full_like(images, 1.0)
    success = found.offer(far, torch.stack([beyond, beyond, inside]))
    assert success.tolist() == [True, True, False]
    found.offer(near, torch.stack([beyond, unsound, inside]))
    found.offer(far * 2, torch.stack([beyond, beyond, inside]))
    assert torch.equal(found.points, torch.stack([near[0], far[1], images[2]]))
    torch.testing.assert_close(found.norms, torch.tensor([2**0.5, 18**0.5, torch.inf]))


# ---- The nearest image of another class ---------------------------------------------------------


def at(*places):
    """Images of 2 x 2 pixels, all with one value each."""
    return torch.tensor(places, dtype=torch.float32)[:, None, None, None].expand(-1, 1, 2, 2)


def test_the_nearest_image_of_the_own_class_is_passed_over():
    pool, classes = at(0, 0.1, 1, 3), torch.tensor([0, 0, 1, 2])
    found = nearest_other(at(0, 0.9, 2.5), torch.tensor([0, 1, 2]), pool, classes)
    assert torch.equal(found, at(1, 0.1, 1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("held", [1, 1000, 2**24])
def test_equal_to_a_loop_over_images(monkeypatch, dtype, held):
    monkeypatch.setattr(boundary, "DISTANCES", held)
    generator = torch.Generator().manual_seed(0)
    images, pool = (torch.randn(n, 3, 4, 4, generator=generator, dtype=dtype) for n in (37, 90))
    classes, pool_classes = (torch.randint(4, (n,), generator=generator) for n in (37, 90))
    found = nearest_other(images, classes, pool, pool_classes)
    for image, own, other in zip(images, classes, found, strict=True):
        rest = pool[pool_classes != own]
        assert torch.equal(other, min(rest, key=lambda x, image=image: (x - image).norm()))


def test_images_may_be_of_a_class_that_the_pool_lacks():
    pool, classes = at(0, 1), torch.tensor([0, 0])
    assert torch.equal(nearest_other(at(0.8), torch.tensor([5]), pool, classes), at(1))


@pytest.mark.parametrize("count", [0, 2])
def test_a_pool_without_another_class_is_refused(count):
    pool, classes = at(0.0, 1.0)[:count], torch.tensor([3, 3])[:count]
    with pytest.raises(ValueError, match=r"two classes or more"):
        nearest_other(at(0.8), torch.tensor([3]), pool, classes)
