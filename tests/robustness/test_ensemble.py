import pytest
import torch

from attacked import flat, linear
from binenc_core.robustness import ATTACKS, NORMAL
from binenc_core.robustness.boundary import l2_norms
from binenc_core.robustness.ensemble import MEMBERS, smallest_perturbations
from binenc_core.robustness.network import decisions

QUICK = NORMAL._replace(descent_steps=10, refining_steps=15, apgd_steps=10)


def pool(case):
    images = torch.cat([case.images, case.others])
    return images, decisions(case.logits, images)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_smallest_is_that_of_the_attacks_and_every_point_is_verified(dtype):
    case = linear(dtype, flat(5))
    found = smallest_perturbations(case.logits, case.images, *pool(case), QUICK)
    assert list(found.norms) == list(MEMBERS) == list(ATTACKS)
    assert torch.equal(found.smallest, torch.stack(list(found.norms.values())).amin(dim=0))
    assert (decisions(case.logits, found.points) != case.classes).all()
    torch.testing.assert_close(l2_norms(found.points - case.images), found.smallest)
    assert found.norms["deepfool"].median() > 2 * found.smallest.median()


def test_the_exact_distance_is_found():
    case = linear(torch.float64, number=120)  # more than are attacked at once
    found = smallest_perturbations(case.logits, case.images, *pool(case))
    assert (found.smallest / case.distances).min() > 1 - 1e-9
    assert (found.smallest / case.distances).max() < 1.01


def test_an_attack_that_lies_is_not_believed():
    case = linear()

    def lying(logits, images, classes, others, strength):
        return images + 1e-6

    def wild(logits, images, classes, others, strength):
        return images * torch.nan

    lies = {"lying": lying, "wild": wild}
    alone = smallest_perturbations(case.logits, case.images, *pool(case), attacks=lies)
    assert alone.norms["lying"].isinf().all()
    assert alone.norms["wild"].isinf().all()
    assert alone.smallest.isinf().all()
    assert torch.equal(alone.points, case.images)
    honest = {"bisection": MEMBERS["bisection"]}
    both = smallest_perturbations(case.logits, case.images, *pool(case), attacks=lies | honest)
    assert torch.equal(both.smallest, both.norms["bisection"])
    assert both.smallest.isfinite().all()


def test_no_images_are_refused():
    case = linear()
    with pytest.raises(ValueError, match="no images to attack"):
        smallest_perturbations(case.logits, case.images[:0], *pool(case))
