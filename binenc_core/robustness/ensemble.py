"""Every attack on the same images: of each the smallest perturbation that any of them finds."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from binenc_core.robustness.apgd import apgd
from binenc_core.robustness.boundary import bisected
from binenc_core.robustness.closest import Closest
from binenc_core.robustness.decision import decision_attack
from binenc_core.robustness.deepfool import deepfool
from binenc_core.robustness.margin import margin_attack
from binenc_core.robustness.network import Logits, decisions
from binenc_core.robustness.strength import NORMAL, Strength

# Points near images (B, K, H, W) that a network decides otherwise, from its logits, the images,
# the decisions int64 (B,) on them, points decided otherwise, and how hard to try.
Attack = Callable[[Logits, Tensor, Tensor, Tensor, Strength], Tensor]

# By the names of `robustness.ATTACKS`. DeepFool and the bisection cannot try harder.
MEMBERS: dict[str, Attack] = {
    "deepfool": lambda logits, images, classes, others, strength: deepfool(logits, images),
    "margin": margin_attack,
    "apgd": apgd,
    "decision": decision_attack,
    "bisection": lambda logits, images, classes, others, strength: bisected(
        logits, images, others, classes
    ),
}


class Smallest(NamedTuple):
    """What an ensemble of attacks finds of B images.

    `norms`: ‖r‖ by the attack's name, (B,), inf where its point is decided as the image; `smallest`
    (B,): the least of them; `points` (B, K, H, W): where that perturbation leads, the image itself
    where no attack succeeds.
    """

    norms: dict[str, Tensor]
    smallest: Tensor
    points: Tensor


def smallest(
    logits: Logits,
    images: Tensor,
    classes: Tensor,
    others: Tensor,
    strength: Strength = NORMAL,
    members: dict[str, Attack] = MEMBERS,
) -> Smallest:
    """Attack images (B, K, H, W), float32 or float64, with every member, and verify each point.

    `classes` int64 (B,) are the network's decisions on the images; `others` (B, K, H, W) are points
    that it decides otherwise, such as other images. An attack's claim is not believed: the decision
    on its point counts. Raises ValueError where logits are not finite, and where `others` or
    `classes` are not what they should be.
    """
    _check(logits, images, classes, others)
    best, norms = Closest(images, classes), {}
    for name, attack in members.items():
        points = attack(logits, images, classes, others, strength)
        own = Closest(images, classes)
        with torch.no_grad():
            values = logits(points)
        own.offer(points, values)
        best.offer(points, values)
        norms[name] = own.norms
    return Smallest(norms, best.norms, best.points)


@torch.no_grad()
def _check(logits: Logits, images: Tensor, classes: Tensor, others: Tensor) -> None:
    if not logits(images).isfinite().all():
        raise ValueError("the network's logits are not finite; allowed: a network that was trained")
    if (decisions(logits, images) != classes).any():
        raise ValueError("classes are not the network's decisions on the images")
    if (decisions(logits, others) == classes).any():
        raise ValueError("others must be decided otherwise than the images")
