"""The margin attack: small steps of a size of their own down the margin, then along the boundary.

DeepFool's steps have the length after which a linear margin would be zero. Where a network is flat
far from its boundary, as a collapsed latent space makes it, that is much too far. Here only the
direction of the margin's gradient counts. The steps to a first point beyond the boundary are those
of a normalized gradient descent; the refinement moves on a sphere around the image that shrinks
beyond the boundary and grows before it, after Rony et al., "Decoupling direction and norm for
efficient gradient-based L2 adversarial attacks and defenses", CVPR 2019.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from binenc_core.robustness import NORMAL, SEED, Strength
from binenc_core.robustness.boundary import Closest, bisected, fooled, l2_norms, per_image
from binenc_core.robustness.network import Logits

# The first step towards the boundary, in norms of the image, and how much longer each next one is.
FIRST_STEP, GROWTH = 0.004, 1.25
# How far from the image a restart begins, in its norms.
RESTART = 0.05
# A first point beyond the boundary need not be exactly on it.
ROUGH_HALVINGS = 8
# Step along the sphere and change of its radius, in radii: in the first step and in the last.
ALONG = (1.0, 0.01)
CHANGE = (0.2, 0.001)


@torch.no_grad()
def margin_attack(
    logits: Logits, images: Tensor, classes: Tensor, others: Tensor, strength: Strength = NORMAL
) -> Tensor:
    """Points near `images` that are decided otherwise than as `classes`, (B, K, H, W).

    `images` (B, K, H, W), float32 or float64, `classes` int64 (B,), the decisions on them. An image
    for which no such point was found is given as it is. The numbers of targets, restarts and steps
    are those of `strength`. The scale of the logits does not count, as every gradient is
    normalized; where one is zero the last direction is kept, at the beginning a random one.
    """
    draw = torch.Generator().manual_seed(SEED)
    found = Closest(images, classes)
    starts, norms = [], []
    reached = [others]
    for rivals, begin in _ways(logits, images, classes, strength, draw):
        reached.append(_descended(logits, begin, found, rivals, strength.descent_steps, draw))
    for points in reached:
        points = bisected(logits, images, points, classes, ROUGH_HALVINGS)
        success = found.offer(points, logits(points))
        starts.append(points)
        norms.append(l2_norms(points - images).where(success, torch.inf))
    own = torch.arange(len(images), device=images.device)
    everyone = _everyone_but(classes, rivals.shape[1])
    for kept in torch.stack(norms).argsort(dim=0, stable=True)[: strength.kept]:
        start = torch.stack(starts)[kept, own]
        _refine(logits, start, found, everyone, strength.refining_steps)
    return bisected(logits, images, found.points, classes)


def _ways(
    logits: Logits, images: Tensor, classes: Tensor, strength: Strength, draw: torch.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """The classes to be reached, bool (B, C), and where to begin, (B, K, H, W), of each descent."""
    values = logits(images)
    own = classes[:, None]
    everyone = _everyone_but(classes, values.shape[1])
    yield everyone, images
    order = values.scatter(1, own, -torch.inf).argsort(dim=1, descending=True, stable=True)
    for target in order[:, : min(strength.targets, values.shape[1] - 1)].T:
        yield torch.zeros_like(everyone).scatter(1, target[:, None], True), images
    for _ in range(strength.restarts):
        yield everyone, images + per_image(RESTART * l2_norms(images)) * _random(images, draw)


def _everyone_but(classes: Tensor, number: int) -> Tensor:
    """For each of `classes` (B,) all the others, bool (B, `number`)."""
    return torch.arange(number, device=classes.device) != classes[:, None]


def _random(images: Tensor, draw: torch.Generator) -> Tensor:
    """A random direction of length 1 for each image, equal in all precisions and on all devices."""
    noise = torch.randn(images.shape, generator=draw, dtype=torch.float64)
    return (noise / per_image(l2_norms(noise))).to(images)


def _slopes(
    logits: Logits, points: Tensor, classes: Tensor, rivals: Tensor, last: Tensor
) -> tuple[Tensor, Tensor]:
    """Logits (B, C) and the direction, of length 1, in which the margin to `rivals` grows fastest.

    The margin is the logit of `classes` (B,) less the largest of `rivals`, bool (B, C). Where its
    gradient is zero or not finite, the direction is `last`.
    """
    with torch.enable_grad():
        points = points.detach().requires_grad_()
        values = logits(points)
        best = values.masked_fill(~rivals, -torch.inf).max(dim=1).values
        margin = values.gather(1, classes[:, None])[:, 0] - best
        # As of logits of size 1: gradients of tiny ones would be rounded to zero on their way.
        weights = 1 / values.detach().abs().amax(dim=1).clamp(min=_tiny(values))
        (slopes,) = torch.autograd.grad(margin, points, weights)
    # First by the largest entry, because the squares of small ones are zero.
    slopes = slopes / per_image(slopes.flatten(1).abs().amax(dim=1).clamp(min=_tiny(slopes)))
    norms = l2_norms(slopes)
    usable = norms.isfinite() & (norms > 0)
    return values.detach(), torch.where(per_image(usable), slopes / per_image(norms), last)


def _tiny(values: Tensor) -> float:
    return torch.finfo(values.dtype).tiny


def _descended(
    logits: Logits, begin: Tensor, found: Closest, rivals: Tensor, steps: int, draw: torch.Generator
) -> Tensor:
    """Where steps down the margin to `rivals` from `begin` first come beyond the boundary.

    Any other class will do. Images that are there are not computed any further.
    """
    points = begin.clone()
    directions = _random(points, draw)
    sizes = FIRST_STEP * l2_norms(found.images)
    active = torch.arange(len(points), device=points.device)
    for step in range(steps):
        own = found.classes[active]
        values, slopes = _slopes(logits, points[active], own, rivals[active], directions[active])
        inside = ~fooled(values, own)
        active, slopes = active[inside], slopes[inside]
        if len(active) == 0:
            break
        directions[active] = slopes
        points[active] -= per_image(sizes[active] * GROWTH**step) * slopes
    return points


def _refine(logits: Logits, start: Tensor, found: Closest, rivals: Tensor, steps: int) -> None:
    """Move from `start`, on the boundary, to nearer points of it, and offer them to `found`."""
    images, classes = found.images, found.classes
    r = start - images
    radius = nearest = l2_norms(r)
    directions = -r / per_image(radius.clamp(min=_tiny(radius)))
    for step in range(steps):
        values, directions = _slopes(logits, images + r, classes, rivals, directions)
        success = found.offer(images + r, values)
        nearest = torch.where(success, torch.minimum(nearest, l2_norms(r)), nearest)
        change = _annealed(CHANGE, step, steps)
        # Never as far as the nearest point of this way: nothing would be gained there.
        grown = torch.minimum(radius * (1 + change), nearest * (1 - CHANGE[-1]))
        radius = torch.where(success, nearest * (1 - change), grown)
        r = r - per_image(_annealed(ALONG, step, steps) * radius) * directions
        r = r * per_image(radius / l2_norms(r).clamp(min=_tiny(radius)))
    found.offer(images + r, logits(images + r))


def _annealed(ends: tuple[float, float], step: int, steps: int) -> float:
    """From the first of `ends` to the last along half a cosine."""
    return ends[1] + (ends[0] - ends[1]) * (1 + math.cos(math.pi * step / steps)) / 2
