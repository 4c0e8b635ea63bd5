"""What reruns find of attacks that are sound, and of attacks that are broken on purpose."""

import numpy as np
import pytest
import torch
from torch import nn

from binenc_core.robustness.boundary import lengths
from binenc_core.robustness.deepfool import deepfool
from binenc_core.robustness.falsifiers import (
    above_bound,
    change_with_precision,
    change_with_scale,
    excess_over_second,
)
from binenc_core.robustness.network import decisions, logits_of
from binenc_core.robustness.reruns import SCALES, bounds, found, rerun

# Gradients so small that 1e-8 is felt beside a thousandth of them.
SLOPE = 1e-4
IMAGES = torch.randn(60, 1, 4, 4, generator=torch.Generator().manual_seed(0))


class Linear(nn.Module):
    """Three classes, told apart by hyperplanes."""

    def __init__(self):
        super().__init__()
        weights = torch.randn(3, 16, generator=torch.Generator().manual_seed(1))
        self.weights = nn.Parameter(SLOPE * weights)

    def forward(self, images):
        x = images.flatten(1)
        return x @ self.weights.T, x


def broken(logits, images):
    """One step of DeepFool, with 1e-8 added to the norm of the gradient."""
    moved = deepfool(logits, images, steps=1)
    images = images.detach().requires_grad_()
    values = logits(images)
    to, own = decisions(logits, moved), decisions(logits, images)
    margins = values.gather(1, own[:, None]) - values.gather(1, to[:, None])
    norms = lengths(torch.autograd.grad(margins.sum(), images)[0])
    return (
        images.detach() + (moved - images.detach()) * (norms / (norms + 1e-8))[:, None, None, None]
    )


def far(logits, images):
    """Ten times as far as DeepFool."""
    return images + 10 * (deepfool(logits, images) - images)


def coarse(logits, images):
    """DeepFool, and in float32 a rounding that is far too coarse."""
    moved = deepfool(logits, images)
    return moved if moved.dtype == torch.float64 else images + 1.1 * (moved - images)


def still(logits, images):
    """Nothing."""
    return images.clone()


def judged(attack):
    """Whether an attack passes each falsifier, DeepFool being the second attack, by letter."""
    model = Linear()
    logits = logits_of(model)
    again = rerun(attack, model, IMAGES)
    bound = bounds(logits, IMAGES, IMAGES, decisions(logits, IMAGES))
    outcomes = (
        above_bound(again.plain, bound),
        change_with_scale(again.plain, again.scaled),
        change_with_precision(again.plain, again.double),
        excess_over_second(again.plain, found(deepfool, logits, IMAGES)),
    )
    return {outcome.name: outcome.passed for outcome in outcomes}


@pytest.mark.parametrize(
    ("attack", "failed"),
    [(deepfool, ""), (broken, "b"), (far, "ad"), (coarse, "cd"), (still, "abcd")],
)
def test_falsifiers_catch_what_is_broken(attack, failed):
    assert "".join(name for name, passed in judged(attack).items() if not passed) == failed


def test_an_attack_is_given_every_scale_and_precision():
    seen = []

    def attack(logits, images):
        seen.append((images.dtype, logits(images).abs().mean().item()))
        return deepfool(logits, images)

    rerun(attack, Linear(), IMAGES)
    (single, plain), *others, (double, last) = seen
    assert (single, double) == (torch.float32, torch.float64)
    assert [size / plain for _, size in others] == pytest.approx(SCALES)
    assert last == pytest.approx(plain)
    assert {dtype for dtype, _ in others} == {torch.float32}


def test_distances_are_relative_and_infinite_where_nothing_is_fooled():
    logits = logits_of(Linear())
    moved = deepfool(logits, IMAGES)
    moved[3] = IMAGES[3]
    distances = found(lambda *_: moved, logits, IMAGES)
    expected = lengths(moved - IMAGES) / lengths(IMAGES)
    assert distances[3] == np.inf
    assert np.delete(distances, 3) == pytest.approx(np.delete(expected.numpy(), 3))


def test_bounds_are_the_ways_to_the_boundary():
    model = Linear()
    logits = logits_of(model, torch.float64)
    images = IMAGES.double()
    classes = decisions(logits, images)
    known = bounds(logits, images, images, classes)
    for image, own, bound in zip(images, classes, known, strict=True):
        others = images[classes != own]
        way = others[lengths(others - image).argmin()] - image
        start, slope = (logits(part[None])[0] for part in (image, way))
        crossings = (start[own] - start) / (slope - slope[own])
        first = crossings[crossings > 0].min()  # nan where the class is the own one
        whole = (way.norm() / image.norm()).item()
        assert bound == pytest.approx(first.item() * whole, abs=1e-6 * whole)
