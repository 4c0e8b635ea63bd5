"""Batched DeepFool against one image at a time, at the same settings, on the MNIST MLP.

The loop is the plain reading of the definition, as its authors wrote it: for each step one pass
forward, then for each class one `backward` of its logit. That also sums up the gradients of the
weights, which nobody needs; a second loop asks for those of the image alone. The images are made
up, in MNIST's shape, and the network is trained on them for a moment: only time is measured.
"""

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from binenc_core.config import RunConfig
from binenc_core.models import Classifier
from binenc_core.robustness import DEEPFOOL
from binenc_core.robustness.boundary import l2_norms
from binenc_core.robustness.deepfool import deepfool
from binenc_core.robustness.network import logits_of
from binenc_core.training.loop import step
from binenc_core.training.state import build
from replication.base.devices import resolve_device
from replication.data.datasets import CLASSES
from replication.data.recipes import recipe

SIDE, IMAGES, LOOPED = 28, 1000, 50
WIDTHS = (512, 2048)  # of the frozen runs, and of the paper
NOISE = 0.7
BATCH, BATCHES = 128, 60
ROUNDS = 3
TARGET = 50
ALLOWED_DIFFERENCE = 0.01

# The gradient of one logit with respect to the image.
Gradient = Callable[[Tensor, Tensor], Tensor]


class Rates(NamedTuple):
    """Images a second, and the mean of ‖r‖/‖x‖ over the images that were looped over."""

    rate: float
    score: float


def made_up_images(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Images (`count`, 1, SIDE, SIDE), one pattern for each class and noise, and their classes."""
    patterns = torch.randn(CLASSES, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0))
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (count,), generator=generator)
    noise = torch.randn(count, 1, SIDE, SIDE, generator=generator)
    return torch.lerp(patterns[labels], noise, NOISE).clamp(-1, 1), labels


def trained(config: RunConfig, device: torch.device) -> Classifier:
    """A network after a few steps on the images."""
    parts = build(config, (1, SIDE, SIDE), CLASSES, device)
    images, labels = (part.to(device) for part in made_up_images(BATCH * BATCHES, seed=1))
    for batch, own in zip(images.split(BATCH), labels.split(BATCH), strict=True):
        step(parts, batch, own, config, config.gamma)
    return parts.model.eval()


def backward(logit: Tensor, image: Tensor) -> Tensor:
    """As the authors have it."""
    image.grad = None
    logit.backward(retain_graph=True)
    return image.grad.clone()


def image_alone(logit: Tensor, image: Tensor) -> Tensor:
    """Without the gradients of the weights."""
    return torch.autograd.grad(logit, image, retain_graph=True)[0]


def plain_deepfool(model: Classifier, image: Tensor, gradient: Gradient) -> Tensor:
    """The perturbed image, of one image (1, 1, SIDE, SIDE)."""
    moved, r = image.clone().requires_grad_(), torch.zeros_like(image)
    values = model(moved)[0][0]
    ranked = values.argsort(descending=True)[: DEEPFOOL["candidates"]].tolist()
    own = ranked[0]
    for _ in range(DEEPFOOL["steps"]):
        if values.argmax().item() != own:
            break
        nearest = float("inf")
        slope = gradient(values[own], moved)
        for other in ranked[1:]:
            way = gradient(values[other], moved) - slope
            norm = way.norm()
            distance = ((values[own] - values[other]).detach() / norm).item()
            if distance < nearest:
                nearest, shortest = distance, distance * way / norm
        r += shortest
        moved = (image + (1 + DEEPFOOL["overshoot"]) * r).requires_grad_()
        values = model(moved)[0][0]
    return moved.detach()


def timed(attack: Callable[[Tensor], Tensor], images: Tensor) -> Rates:
    """How fast an attack is, and what it finds for the first images."""
    if images.is_cuda:
        torch.cuda.synchronize()
    begun = time.perf_counter()
    moved = attack(images)
    # Reading a number waits for the device.
    score = (l2_norms(moved - images) / l2_norms(images))[:LOOPED].mean().item()
    return Rates(len(images) / (time.perf_counter() - begun), score)


def measured(model: Classifier, images: Tensor) -> list[Rates]:
    """Batched, by the authors' loop, and by the loop for the image alone: medians of rounds."""
    logits = logits_of(model)

    def batched(images: Tensor) -> Tensor:
        return deepfool(logits, images)

    def loop(gradient: Gradient) -> Callable[[Tensor], Tensor]:
        return lambda images: torch.cat(
            [plain_deepfool(model, image, gradient) for image in images.split(1)]
        )

    few = images[:LOOPED]
    ways = ((batched, images), (loop(backward), few), (loop(image_alone), few))
    for attack, shown in ways:  # the first calls allocate and choose kernels
        attack(shown[:5])
    rounds = [[timed(*way) for way in ways] for _ in range(ROUNDS)]
    found = [
        Rates(statistics.median(rates.rate for rates in own), own[0].score)
        for own in zip(*rounds, strict=True)
    ]
    scores = [rates.score for rates in found]
    assert max(scores) <= (1 + ALLOWED_DIFFERENCE) * min(scores), scores
    return found


def main() -> None:
    """Print the rates of all three and their ratios."""
    device = resolve_device()
    print(f"device {device.type}, {torch.get_num_threads()} threads, median of {ROUNDS} rounds")
    images = made_up_images(IMAGES, seed=2)[0].to(device)
    for width in WIDTHS:
        ours, loop, lean = measured(trained(recipe("mnist", width=width), device), images)
        print(
            f"DeepFool, MNIST MLP {width}: {ours.rate:.0f} images/s batched, {loop.rate:.1f} one "
            f"at a time, ratio {ours.rate / loop.rate:.0f} (goal: {TARGET} or more); one at a time "
            f"without the weights' gradients {lean.rate:.1f}, ratio {ours.rate / lean.rate:.0f}; "
            f"same ‖r‖/‖x‖ ({ours.score:.3f}, {loop.score:.3f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
