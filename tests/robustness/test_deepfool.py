"""DeepFool against known answers, against foolbox's, and on networks of extreme scales."""

from copy import deepcopy

import foolbox
import pytest
import torch

from binenc_core.robustness.boundary import l2_norms
from binenc_core.robustness.deepfool import deepfool
from binenc_core.robustness.network import decisions

DTYPES = [torch.float32, torch.float64]
OVERSHOOT = 0.02


def scores(images, perturbed):
    return l2_norms(perturbed - images) / l2_norms(images)


def score(images, perturbed):
    return scores(images, perturbed).mean().item()


def linear(weights, biases=None, dtype=torch.float64):
    """The logits W·x + b of images."""
    weights = torch.as_tensor(weights, dtype=dtype)
    biases = 0 if biases is None else torch.as_tensor(biases, dtype=dtype)
    return lambda images: images.flatten(1) @ weights.T + biases


def random_linear(classes, dtype, seed=0):
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(classes, 12, generator=generator, dtype=torch.float64)
    biases = torch.randn(classes, generator=generator, dtype=torch.float64)
    images = torch.randn(50, 3, 2, 2, generator=generator, dtype=torch.float64)
    return weights.to(dtype), biases.to(dtype), images.to(dtype)


# ---- Known answers ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("classes", [2, 5, 10])
def test_one_step_over_the_nearest_hyperplane_of_a_linear_network(dtype, classes):
    weights, biases, images = random_linear(classes, dtype)
    logits = linear(weights, biases, dtype)
    values = logits(images)
    for image, moved, value in zip(images, deepfool(logits, images, steps=1), values, strict=True):
        own = value.argmax()
        others = [k for k in range(classes) if k != own]
        distances = [(value[own] - value[k]) / (weights[own] - weights[k]).norm() for k in others]
        nearest = others[torch.stack(distances).argmin()]
        normal = weights[nearest] - weights[own]
        r = min(distances) * normal / normal.norm()
        assert torch.allclose((moved - image).flatten(), (1 + OVERSHOOT) * r, rtol=1e-4, atol=1e-5)
        assert logits(moved[None]).argmax() != own


@pytest.mark.parametrize("overshoot", [0, 0.02, 0.5])
def test_the_overshoot_applies_to_the_whole_way(overshoot):
    # The margin is e^t − e for the first pixel 1 − t: steps of length 1 − e^-s, s being the way to
    # go, each computed where the last one has overshot to.
    def logits(images):
        first = images[:, 0, 0, 0]
        return torch.stack([first.exp() - 1, torch.zeros_like(first)], dim=1)

    images = torch.tensor([1.0, 0, 0, 0], dtype=torch.float64).view(1, 1, 2, 2)
    moved, total = 1.0, 0.0
    for _ in range(50):
        if moved < 0:
            break
        total += 1 - torch.tensor(-moved).exp().item()
        moved = 1 - (1 + overshoot) * total
    found = deepfool(logits, images, overshoot=overshoot)
    assert found[0, 0, 0, 0].item() == pytest.approx(moved, abs=1e-6)
    assert found.flatten()[1:].abs().sum() == 0


def test_only_the_candidates_at_the_image_are_stepped_to():
    # Class 2 is the nearest, but class 1 has the second largest logit.
    logits = linear([[0.0, 0], [1, 0], [0, 100]], [1, 0.5, -10])
    images = torch.zeros(1, 1, 1, 2, dtype=torch.float64)
    near, second = deepfool(logits, images), deepfool(logits, images, candidates=2)
    assert near.flatten().tolist() == pytest.approx([0, (1 + OVERSHOOT) * 0.11])
    assert second.flatten().tolist() == pytest.approx([(1 + OVERSHOOT) * 0.5, 0])


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_image_on_the_boundary_moves_no_further_than_rounding_asks_for(dtype):
    logits = linear([[1.0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], dtype=dtype)
    images = torch.tensor([0.7, 0.7, 0.2, 1], dtype=dtype).view(1, 1, 2, 2)
    found = deepfool(logits, images)
    assert decisions(logits, images) != decisions(logits, found)
    assert score(images, found) < 100 * torch.finfo(dtype).eps


# ---- Batches ------------------------------------------------------------------------------------


@pytest.mark.parametrize("held", [1, 7, 1000])
def test_a_batch_gives_what_each_image_alone_gives(monkeypatch, digits, held):
    network, images = deepcopy(digits[0]).double(), digits[1][:40].double()
    alone = torch.cat([deepfool(network, image[None]) for image in images])
    monkeypatch.setattr("binenc_core.robustness.deepfool.PIXELS", held * images[0].numel())
    assert torch.allclose(deepfool(network, images), alone, atol=1e-9)


def test_no_work_is_done_for_images_that_are_fooled():
    weights, biases, images = random_linear(5, torch.float64)
    plain, seen = linear(weights, biases), []

    def logits(images):
        seen.append(len(images))
        # Curved, so that images need different numbers of steps.
        return plain(images).sinh()

    deepfool(logits, images)
    ways = seen[1:]  # after the candidates: of each step the slopes, then the decisions
    assert ways[::2] == ways[1::2]
    assert ways[0] == len(images)
    assert ways == sorted(ways, reverse=True)
    assert len(set(ways)) > 3


def test_the_network_and_the_images_are_left_as_they_are(digits):
    network, images, _ = digits
    before = images.clone()
    deepfool(network, images)
    assert torch.equal(images, before)
    assert not images.requires_grad
    assert all(weights.grad is None for weights in network.parameters())


# ---- On a trained network -----------------------------------------------------------------------


def test_agrees_with_foolbox(digits):
    network, images, labels = digits
    right = decisions(network, images) == labels
    images, labels = images[right], labels[right]
    attack = foolbox.attacks.L2DeepFoolAttack(
        steps=50, candidates=10, overshoot=OVERSHOOT, loss="logits"
    )
    model = foolbox.PyTorchModel(network, bounds=(-1e3, 1e3), device="cpu")
    theirs, _, _ = attack(model, images, labels, epsilons=None)
    ours = deepfool(network, images)
    assert (decisions(network, ours) != labels).all()
    assert score(images, ours) == pytest.approx(score(images, theirs), rel=0.02)
    # Theirs adds 1e-4 to each step, no more.
    assert (scores(images, ours) - scores(images, theirs)).abs().max() < 1e-3


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scale", [1e-30, 1e-6, 1e6, 1e30])
def test_the_scale_of_the_logits_does_not_matter(digits, dtype, scale):
    # The squares of 1e-30 and 1e30 are 0 and infinite in float32.
    network, images, _ = digits
    plain = deepfool(network, images)
    network, images = deepcopy(network).to(dtype), images.to(dtype)
    scaled = deepfool(lambda images: network(images) * scale, images)
    assert (decisions(network, scaled) != decisions(network, images)).all()
    assert score(images, scaled) == pytest.approx(score(images, plain), rel=0.01)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1e-12, 1e12])
def test_gradients_that_are_tiny_or_huge_beside_the_logits(dtype, size):
    # The boundary is 1/size away from an image in which pixels are as large.
    logits = linear([[size, 0.0], [0, size]], dtype=dtype)
    images = torch.tensor([2.0, 1.0], dtype=dtype).view(1, 1, 1, 2) / size
    found = deepfool(logits, images) * size
    expected = [2 - 0.5 * (1 + OVERSHOOT), 1 + 0.5 * (1 + OVERSHOOT)]
    assert found.flatten().tolist() == pytest.approx(expected, rel=1e-5)


# ---- Networks that cannot be fooled, or are none ------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_candidate_without_a_slope_is_passed_over(dtype):
    # Class 1 moves with class 0; class 2 can be reached.
    logits = linear([[1.0, 0], [1, 0], [0, 1]], [0, 0, 0.5], dtype)
    images = torch.tensor([[2.0, 0]], dtype=dtype).view(1, 1, 1, 2)
    tie = deepfool(logits, images)
    assert decisions(logits, tie) == 2
    assert tie.flatten().tolist() == pytest.approx([2 - 0.75 * 1.02, 0.75 * 1.02])


def test_images_that_no_step_moves_are_returned_as_they_are():
    def logits(images):
        assert images.isfinite().all()
        return 0 * images.flatten(1) + torch.arange(4.0)

    images = torch.randn(4, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    assert torch.equal(deepfool(logits, images), images)


def test_images_that_are_never_fooled_are_returned_with_their_last_step():
    # The logit falls towards 1, and never to that of the other class.
    def logits(images):
        first = images[:, 0, 0, 0]
        return torch.stack([1 + first.exp(), torch.zeros_like(first)], dim=1)

    images = torch.zeros(1, 1, 2, 2, dtype=torch.float64)
    one, two, many = (deepfool(logits, images, steps=steps) for steps in (1, 2, 50))
    assert one[0, 0, 0, 0].item() == pytest.approx(-2 * 1.02)
    assert many[0, 0, 0, 0] < two[0, 0, 0, 0] < one[0, 0, 0, 0]
    assert many.isfinite().all()
    assert decisions(logits, many) == decisions(logits, images)


@pytest.mark.parametrize("value", [torch.nan, torch.inf])
def test_an_image_stops_before_its_logits_overflow(value):
    # The first step leads to −2.04, as would the second and the third one lead further.
    def logits(images):
        first = images[:, 0, 0, 0]
        overflown = (first < -1) & (first > -5)
        own = torch.where(overflown, value, 1 + first.exp())
        return torch.stack([own, torch.zeros_like(first)], dim=1)

    images = torch.zeros(1, 1, 2, 2)
    assert torch.equal(deepfool(logits, images), images)


@pytest.mark.parametrize(
    ("weights", "biases", "candidates", "message"),
    [
        (torch.eye(4), [0, 0, 0, torch.nan], 10, "the network's logits are not finite"),
        (torch.ones(3, 4), None, 1, "two classes or more"),
    ],
)
def test_a_diverged_network_and_one_class_alone_are_refused(weights, biases, candidates, message):
    logits = linear(weights, biases, torch.float32)
    with pytest.raises(ValueError, match=message):
        deepfool(logits, torch.zeros(2, 1, 2, 2), candidates=candidates)
