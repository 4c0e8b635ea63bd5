from dataclasses import replace

import pytest
import torch
from torch import Tensor

from attacked import linear
from binenc_core.robustness.boundary import bisected
from binenc_core.robustness.decision import decision_attack
from binenc_core.robustness.strength import NORMAL, STRONG


def steps(values: Tensor) -> Tensor:
    """1 for the decision and 0 for the others: no gradient anywhere."""
    return torch.nn.functional.one_hot(values.argmax(dim=1), values.shape[1]).to(values)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_boundary_without_gradients_is_approached(dtype):
    case = linear(dtype, steps, classes=2)
    points = decision_attack(case.logits, case.images, case.classes, case.others, STRONG)
    assert points.dtype == dtype
    ratios = case.ratios(points)
    assert ratios.min() > 1 - 1e-5
    assert ratios.max() < 2
    # Of what the way to the other image is too long by, most is gone.
    way = case.ratios(bisected(case.logits, case.images, case.others, case.classes))
    assert (ratios - 1).mean() < 0.3 * (way - 1).mean()


def test_more_steps_and_queries_come_nearer():
    case = linear(torch.float32, steps)
    arguments = (case.logits, case.images, case.classes, case.others)
    few = replace(NORMAL, decision_steps=1, decision_queries=2)
    assert (
        case.ratios(decision_attack(*arguments, NORMAL)).mean()
        < case.ratios(decision_attack(*arguments, few)).mean()
    )


def test_no_pixel_is_clipped():
    """The boundary is far beyond the pixels of images and of others but one."""

    def far(images: Tensor) -> Tensor:
        beyond = images.flatten(1)[:, 0] > 30
        return torch.stack([~beyond, beyond], dim=1).to(images)

    images = torch.zeros(2, 1, 2, 2)
    others = torch.full((2, 1, 2, 2), 40.0)
    points = decision_attack(far, images, torch.zeros(2, dtype=torch.int64), others, STRONG)
    assert (points[:, 0, 0, 0] > 30).all()
    assert (points.flatten(1).norm(dim=1) < 33).all()


def test_where_the_other_is_decided_alike_the_image_is_given_back():
    case = linear(torch.float32)
    others = case.others.clone()
    others[0] = case.images[0]
    points = decision_attack(case.logits, case.images, case.classes, others)
    assert torch.equal(points[0], case.images[0])
    assert case.ratios(points)[1:].isfinite().all()
    alike = decision_attack(case.logits, case.images, case.classes, case.images)
    assert torch.equal(alike, case.images)


def test_same_numbers_every_time_and_no_trace_in_the_random_state():
    case = linear(torch.float32)
    arguments = (case.logits, case.images, case.classes, case.others)
    before = torch.get_rng_state()
    first = decision_attack(*arguments)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(5)
    assert torch.equal(decision_attack(*arguments), first)
