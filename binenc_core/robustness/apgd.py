"""APGD on the difference of logits ratio, within budgets that are searched for each image.

Croce and Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse
parameter-free attacks", ICML 2020, sections 3 and 4; the Adversarial Robustness Toolbox has it. The
toolbox knows one budget for all images and needs images to be arrays on the CPU: it is given
perturbations in units of each image's own budget, and a network that takes them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from binenc_core.robustness import NORMAL, SEED, Strength
from binenc_core.robustness.boundary import Closest, bisected, l2_norms, per_image
from binenc_core.robustness.network import Logits

# The budget, in the toolbox's units. It adds 1e-7 to a gradient's norm before it divides by it: in
# units of which a millionth is the budget, gradients are a million times as long.
BUDGET = 1e-6
# The toolbox asks the network about so many images at once, and about them all only then.
LARGEST_BATCH = 128


@torch.no_grad()
def apgd(
    logits: Logits, images: Tensor, classes: Tensor, others: Tensor, strength: Strength = NORMAL
) -> Tensor:
    """Points near `images` that are decided otherwise than as `classes`, (B, K, H, W).

    `images` (B, K, H, W), float32 or float64, `classes` int64 (B,), the decisions on them, `others`
    images that are decided otherwise. The budget of each image is halved between the nearest such
    point known, at first that on the way to `others`, and the largest budget that did not do. An
    image for which none was found is given as it is. Nothing is clipped. Raises ValueError for a
    network of less than three classes, which have no such ratio.
    """
    number = logits(images[:1]).shape[1]
    if number < 3:
        raise ValueError(f"APGD needs a network of three classes or more; this one has {number}")
    parts = [tensor.split(LARGEST_BATCH) for tensor in (images, classes, others)]
    with _own_random_state():
        return torch.cat([_searched(logits, *part, strength) for part in zip(*parts, strict=True)])


def _searched(
    logits: Logits, images: Tensor, classes: Tensor, others: Tensor, strength: Strength
) -> Tensor:
    found = Closest(images, classes)
    points = bisected(logits, images, others, classes)
    found.offer(points, logits(points))
    low = torch.zeros_like(found.norms)
    for _ in range(strength.budgets):
        high = torch.where(found.norms.isfinite(), found.norms, l2_norms(others - images))
        budgets = (low + high) / 2
        before = found.norms
        _attack(_InBudgets(logits, found, budgets), strength.apgd_steps)
        points = bisected(logits, images, found.points, classes)
        found.offer(points, logits(points))
        low = torch.where(found.norms < before, low, budgets)
    return found.points


def _attack(network: "_InBudgets", steps: int) -> None:
    """The toolbox's attack on all images at once, each within its budget."""
    from art.attacks.evasion import AutoProjectedGradientDescent
    from art.estimators.classification import PyTorchClassifier

    images = network.found.images
    estimator = PyTorchClassifier(
        network,
        loss=nn.CrossEntropyLoss(),  # replaced by the difference of logits ratio
        input_shape=tuple(images.shape[1:]),
        nb_classes=network.number,
        device_type="cpu",
    )
    attack = AutoProjectedGradientDescent(
        estimator,
        norm=2,
        eps=BUDGET,
        eps_step=2 * BUDGET,
        max_iter=steps,
        nb_random_init=1,
        batch_size=len(images),
        loss_type="difference_logits_ratio",
        verbose=False,
    )
    with torch.enable_grad():
        attack.generate(np.zeros(images.shape, np.float32), network.found.classes.cpu().numpy())


class _InBudgets(nn.Module):
    """A network as a function of perturbations in units of each image's budget.

    It keeps the nearest of all points that the toolbox asks about: the toolbox itself gives the
    last one only.
    """

    def __init__(self, logits: Logits, found: Closest, budgets: Tensor):
        super().__init__()
        self.logits = logits
        self.found = found
        self.budgets = budgets
        self.number = logits(found.images[:1]).shape[1]

    def forward(self, perturbations: Tensor) -> Tensor:
        images = self.found.images
        if len(perturbations) != len(images):
            # Asked once, about one image, whether these are logits.
            return self.logits(images[: len(perturbations)]).cpu()
        points = images + per_image(self.budgets / BUDGET) * perturbations.to(images)
        values = self.logits(points)
        self.found.offer(points.detach(), values.detach())
        # The toolbox drops images that the network decides otherwise as they are. There are none,
        # but for rounding, and the others would no longer be in their places.
        unmoved = perturbations.flatten(1).eq(0).all(dim=1)[:, None].to(values.device)
        own = nn.functional.one_hot(self.found.classes, self.number).to(values)
        return torch.where(unmoved, own, values).cpu()


@contextmanager
def _own_random_state() -> Iterator[None]:
    """The global generators, which the toolbox draws from, at a fixed seed, then as before."""
    state = np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]):
            np.random.seed(SEED)
            yield
    finally:
        np.random.set_state(state)
