"""Bisection on lines whose crossing is known."""

import math

import pytest
import torch

from binenc_core.robustness.boundary import bisected, l2_norms
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
