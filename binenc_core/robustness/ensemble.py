"""Every attack on the same images: of each the smallest perturbation that any of them finds."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import torch
from torch import Tensor

from binenc_core.robustness import NORMAL, Strength
from binenc_core.robustness.apgd import apgd
from binenc_core.robustness.boundary import Closest, bisected, nearest_other
from binenc_core.robustness.deepfool import deepfool
from binenc_core.robustness.margin import margin_attack
from binenc_core.robustness.network import Logits

# Points near images (B, K, H, W) that a network decides otherwise, from its logits, the images,
# the decisions int64 (B,) on them, points decided otherwise, and how hard to try.
Attack = Callable[[Logits, Tensor, Tensor, Tensor, Strength], Tensor]


# By the names of `robustness.ATTACKS`.
MEMBERS: Mapping[str, Attack] = {
    "deepfool": lambda logits, images, *_: deepfool(logits, images),
    "margin": margin_attack,
    "apgd": apgd,
    "bisection": lambda logits, images, classes, others, _: bisected(
        logits, images, others, classes
    ),
}
# Images attacked at once; another number would round, and so attack, otherwise.
IMAGES = 100


class Smallest(NamedTuple):
    """What the attacks find of B images.

    `norms`: each attack's ‖r‖ (B,) by its name, inf where it did not fool the network; `smallest`
    (B,), the least of them; `points` (B, K, H, W), the perturbed images of that norm, or the images
    themselves where no attack fooled the network.
    """

    norms: dict[str, Tensor]
    smallest: Tensor
    points: Tensor


@torch.no_grad()
def smallest_perturbations(
    logits: Logits,
    images: Tensor,
    pool: Tensor,
    pool_classes: Tensor,
    strength: Strength = NORMAL,
    attacks: Mapping[str, Attack] = MEMBERS,
) -> Smallest:
    """Attack `images` (B, K, H, W), float32 or float64, with every one of `attacks`.

    An image is fooled where the network decides otherwise than on the image, be that right or
    wrong. `pool` (N, K, H, W) and `pool_classes` int64 (N,) are images and the decisions on them,
    among which the nearest of another class is looked for. No attack's claim is believed: the
    network's own decision on each point counts. Raises ValueError for no images, for logits that
    are not finite, and where the pool has no image of another class.
    """
    if len(images) == 0:
        raise ValueError("there are no images to attack; allowed: one or more")
    parts = [
        _attacked(logits, part, pool, pool_classes, strength, attacks)
        for part in images.split(IMAGES)
    ]
    norms = {name: torch.cat([part.norms[name] for part in parts]) for name in attacks}
    smallest = torch.cat([part.smallest for part in parts])
    return Smallest(norms, smallest, torch.cat([part.points for part in parts]))


def _attacked(
    logits: Logits,
    images: Tensor,
    pool: Tensor,
    pool_classes: Tensor,
    strength: Strength,
    attacks: Mapping[str, Attack],
) -> Smallest:
    values = logits(images)
    if not values.isfinite().all():
        raise ValueError("the network's logits are not finite; allowed: those of a sound network")
    classes = values.argmax(dim=1)
    others = nearest_other(images, classes, pool, pool_classes)
    best, norms = Closest(images, classes), {}
    for name, attack in attacks.items():
        points = attack(logits, images, classes, others, strength)
        own = Closest(images, classes)
        reached = logits(points)
        own.offer(points, reached)
        best.offer(points, reached)
        norms[name] = own.norms
    return Smallest(norms, best.norms, best.points)
