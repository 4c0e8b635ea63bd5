"""A network as a function: in evaluation mode, of any dtype, and without side effects."""

import pytest
import torch

from binenc_core.models import Classifier
from binenc_core.robustness.deepfool import deepfool
from binenc_core.robustness.network import decisions, logits_of
from binenc_core.training.state import build
from replication.data.datasets import DATASETS
from replication.data.recipes import recipe

IMAGES = torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


def network(**changes):
    return Classifier(recipe("digits", **changes), 8, 10, seeds=(1, 2))


def test_logits_are_those_in_evaluation_mode_times_a_scale():
    model = network(dropout=0.5).train()
    found = logits_of(model, scale=1e3)(IMAGES)
    assert model.training
    assert torch.equal(found, model.eval()(IMAGES)[0] * 1e3)


def test_gradients_reach_the_images_and_the_function_has_weights_of_its_own():
    model = network()
    images = IMAGES.clone().requires_grad_()
    logits = logits_of(model)
    before = logits(images)
    before.sum().backward()
    assert images.grad.abs().sum() > 0
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    with torch.no_grad():
        model.classifier.weight.zero_()
    assert torch.equal(logits(IMAGES), before)


def test_float64_is_computed_in_float64():
    model = network()
    single, double = logits_of(model), logits_of(model, torch.float64)
    found = double(IMAGES.double())
    assert found.dtype == torch.float64
    difference = (found - single(IMAGES)).abs().max()
    assert 0 < difference < 1e-5
    assert {p.dtype for p in model.parameters()} == {torch.float32}


@pytest.mark.parametrize("name", ["fashion_mnist", "cifar10"])
@pytest.mark.sampled
def test_networks_with_convolutions_can_be_attacked_together(name):
    """As one image alone, also where batches are normalized."""
    config = recipe(name, width=32)
    channels, side = DATASETS[name].channels, 8
    parts = build(config, (channels, side, side), DATASETS[name].classes, torch.device("cpu"))
    logits = logits_of(parts.model, torch.float64)
    images = torch.rand(6, channels, side, side, generator=torch.Generator().manual_seed(0))
    images = images.double() * 2 - 1
    together = deepfool(logits, images)
    assert (decisions(logits, together) != decisions(logits, images)).all()
    alone = torch.cat([deepfool(logits, image) for image in images.split(1)])
    torch.testing.assert_close(together, alone, rtol=1e-6, atol=1e-9)
