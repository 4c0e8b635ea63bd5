from dataclasses import replace

import pytest
import torch
from torch import Tensor

from binenc_core.robustness import ATTACKS
from binenc_core.robustness.boundary import lengths
from binenc_core.robustness.ensemble import MEMBERS, smallest
from binenc_core.robustness.network import decisions
from binenc_core.robustness.strength import NORMAL, STRONG

QUICK = replace(NORMAL, descent_steps=10, refining_steps=15, apgd_steps=10, decision_steps=2)


def smooth(images: Tensor) -> Tensor:
    """Logits of three classes, curved: bumps around three points."""
    centers = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.5, 1.5]], dtype=images.dtype)
    return -(images.flatten(1)[:, None] - centers).square().sum(dim=2).add(0.1).sqrt()


def problem(dtype: torch.dtype = torch.float32) -> tuple[Tensor, Tensor, Tensor]:
    draw = torch.Generator().manual_seed(0)
    images = torch.randn(12, 1, 1, 2, generator=draw, dtype=torch.float64).to(dtype)
    classes = decisions(smooth, images)
    others = torch.stack([images[classes != own][0] for own in classes])
    return images, classes, others


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_smallest_is_that_of_the_members_and_every_point_is_verified(dtype):
    images, classes, others = problem(dtype)
    found = smallest(smooth, images, classes, others, QUICK)
    assert list(found.norms) == list(ATTACKS) == list(MEMBERS)
    assert torch.equal(found.smallest, torch.stack(list(found.norms.values())).amin(dim=0))
    assert found.smallest.isfinite().all()
    assert (decisions(smooth, found.points) != classes).all()
    torch.testing.assert_close(lengths(found.points - images), found.smallest)


def test_the_distance_to_the_nearest_center_line_is_found():
    """The boundaries between equal bumps are the perpendicular bisectors of their centers."""
    images, classes, others = problem(torch.float64)
    found = smallest(smooth, images, classes, others, STRONG)
    centers = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.5, 1.5]], dtype=torch.float64)
    flat = images.flatten(1)
    gaps = (flat[:, None] - centers).square().sum(2)
    own = gaps.gather(1, classes[:, None])
    apart = (centers[classes][:, None] - centers).norm(dim=2)
    exact = ((gaps - own) / (2 * apart)).masked_fill(apart == 0, torch.inf).amin(dim=1)
    assert (found.smallest >= exact * (1 - 1e-6)).all()
    assert (found.smallest / exact).mean() < 1.01


def test_an_attack_that_lies_is_not_believed():
    images, classes, others = problem()

    def lying(logits, images, classes, others, strength):
        return images + 1e-6

    found = smallest(
        smooth, images, classes, others, members={"lying": lying, "far": MEMBERS["bisection"]}
    )
    assert found.norms["lying"].isinf().all()
    assert torch.equal(found.smallest, found.norms["far"])
    alone = smallest(smooth, images, classes, others, members={"lying": lying})
    assert alone.smallest.isinf().all()
    assert torch.equal(alone.points, images)


def test_same_numbers_every_time():
    arguments = (smooth, *problem(), QUICK)
    assert torch.equal(smallest(*arguments).points, smallest(*arguments).points)


def test_a_diverged_network_is_refused():
    images, classes, others = problem()
    with pytest.raises(ValueError, match="the network's logits are not finite"):
        smallest(lambda x: smooth(x) * torch.nan, images, classes, others)


def test_wrong_classes_and_points_are_refused():
    images, classes, others = problem()
    with pytest.raises(ValueError, match="classes are not the network's decisions"):
        smallest(smooth, images, (classes + 1) % 3, others)
    with pytest.raises(ValueError, match="others must be decided otherwise"):
        smallest(smooth, images, classes, images)
