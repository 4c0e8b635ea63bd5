import pytest
import torch
from torch import Tensor

from binenc_core.robustness.boundary import bisected, lengths
from binenc_core.robustness.decision import BOUND, decision_attack
from binenc_core.robustness.network import decisions
from binenc_core.robustness.strength import NORMAL, STRONG

DTYPES = [torch.float32, torch.float64]
# A plane in 16 dimensions, at a distance of 0.5 from the origin.
NORMAL_VECTOR = torch.linspace(-1, 1, 16, dtype=torch.float64)
NORMAL_VECTOR = NORMAL_VECTOR / NORMAL_VECTOR.norm()


def halves(images: Tensor) -> Tensor:
    """Logits 0 or 1 on either side of the plane: no gradient at all."""
    beyond = (images.flatten(1) @ NORMAL_VECTOR.to(images.dtype) > 0.5).to(images.dtype)
    return torch.stack([1 - beyond, beyond], dim=1)


def problem(dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    images = torch.zeros(6, 1, 4, 4, dtype=dtype)
    draw = torch.Generator().manual_seed(1)
    sideways = torch.randn(6, 16, generator=draw, dtype=torch.float64) * 0.3
    others = (1.2 * NORMAL_VECTOR + sideways).to(dtype).reshape(6, 1, 4, 4)
    return images, decisions(halves, images), others


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_boundary_without_gradients_is_approached(dtype):
    images, classes, others = problem(dtype)
    points = decision_attack(halves, images, classes, others, STRONG)
    assert points.dtype == dtype
    assert (decisions(halves, points) != classes).all()
    found = lengths(points - images)
    way = lengths(bisected(halves, images, others, classes) - images)
    assert (found >= 0.5 - 1e-4).all()
    # Of what the way to the other point is too long by, most is gone.
    assert ((found - 0.5).mean() / (way - 0.5).mean()) < 0.3


def test_more_steps_and_queries_come_nearer():
    images, classes, others = problem(torch.float32)
    near, nearer = (
        lengths(decision_attack(halves, images, classes, others, strength) - images).mean()
        for strength in (NORMAL, STRONG)
    )
    assert nearer < near


def test_same_numbers_every_time_and_no_trace_in_the_random_state():
    images, classes, others = problem(torch.float32)
    before = torch.get_rng_state()
    points = decision_attack(halves, images, classes, others)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(5)
    assert torch.equal(decision_attack(halves, images, classes, others), points)


def test_pixels_beyond_the_images_range_are_reached():
    """The plane is beyond the pixel 1, and within the bound."""

    def far(images: Tensor) -> Tensor:
        beyond = (images.flatten(1)[:, 0] > 2).to(images.dtype)
        return torch.stack([1 - beyond, beyond], dim=1)

    images = torch.zeros(2, 1, 2, 2)
    others = torch.full((2, 1, 2, 2), 2.5)
    points = decision_attack(far, images, torch.zeros(2, dtype=torch.int64), others)
    assert (points[:, 0, 0, 0] > 2).all()
    assert points.abs().max() <= BOUND
