import foolbox
import pytest
import torch

from attacked import flat, linear
from binenc_core.robustness.boundary import l2_norms, nearest_other
from binenc_core.robustness.deepfool import deepfool
from binenc_core.robustness.margin import margin_attack
from binenc_core.robustness.network import decisions

DTYPES = [torch.float32, torch.float64]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [1e-6, 1e6])
@pytest.mark.sampled
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


@pytest.mark.parametrize(
    ("attack", "half", "most"),
    [
        # How many times theirs the margin attack's ‖r‖ may be: on half of the images, on 95 %.
        (foolbox.attacks.L2FMNAttack(steps=300), 1.0, 1.05),
        (foolbox.attacks.DDNAttack(steps=300), 1.01, 1.05),
    ],
    ids=["fast minimum norm", "decoupled direction and norm"],
)
def test_maintained_attacks_find_nothing_much_smaller(digits, attack, half, most):
    network, pool, _ = digits
    images, decided = pool[:60], decisions(network, pool)
    classes = decided[:60]
    ours = margin_attack(network, images, classes, nearest_other(images, classes, pool, decided))
    model = foolbox.PyTorchModel(network, bounds=(-1e3, 1e3), device="cpu")
    theirs, _, _ = attack(model, images, classes, epsilons=None)
    assert (decisions(network, ours) != classes).all()
    fooled = decisions(network, theirs) != classes
    assert fooled.float().mean() > 0.9
    ratios = (l2_norms(ours - images) / l2_norms(theirs - images))[fooled]
    assert ratios.median() <= half
    assert ratios.quantile(0.95) <= most
