"""APGD on the difference of logits ratio: a scale-invariant attack within a budget of ‖r‖.

Croce, Hein, "Reliable evaluation of adversarial robustness with an ensemble of diverse
parameter-free attacks", ICML 2020: Algorithm 1 and equation (6). The smallest budget is searched
for, one image at a time having its own.
"""

import math

import torch
from torch import Tensor

from binenc_core.robustness.boundary import bisected, each, lengths
from binenc_core.robustness.closest import Closest
from binenc_core.robustness.network import Logits
from binenc_core.robustness.strength import NORMAL, Strength

# The paper's parameters: weight of a step against the one before, share of steps that must gain,
# first interval between two checks of it, and by how much intervals shrink, to what.
WEIGHT, GAINING = 0.75, 0.75
FIRST_CHECK, SHRINKING, SHORTEST = 0.22, 0.03, 0.06


@torch.no_grad()
def apgd(
    logits: Logits, images: Tensor, classes: Tensor, others: Tensor, strength: Strength = NORMAL
) -> Tensor:
    """Points near `images` that are decided otherwise than as `classes`, (B, K, H, W).

    `images` (B, K, H, W), float32 or float64; `classes` int64 (B,), the decisions on them; `others`
    (B, K, H, W) are decided otherwise, and the way to them bounds the first budget. Budgets are
    halved where one succeeds, and between the last success and failure otherwise; each success is
    followed back to the boundary. Raises ValueError for a network of fewer than three classes,
    whose logits have no such ratio.
    """
    found = Closest(images, classes)
    points = bisected(logits, images, others, classes)
    values = logits(points)
    if values.shape[1] < 3:
        raise ValueError(f"the network has {values.shape[1]} classes; allowed: 3 or more")
    found.offer(points, values)
    failed = torch.zeros_like(found.norms)
    for _ in range(strength.budgets):
        budgets = (failed + found.norms) / 2
        reached = _within(logits, found, budgets, strength.apgd_steps)
        points = bisected(logits, images, reached.points, classes)
        found.offer(points, logits(points))
        failed = torch.where(reached.norms.isfinite(), failed, budgets)
        # Where a success has led to a nearer point than a failure had allowed.
        failed = torch.minimum(failed, found.norms / 2)
    return found.points


def _within(logits: Logits, best: Closest, budgets: Tensor, steps: int) -> Closest:
    """The nearest points that APGD passes within `budgets` (B,) of the images and that fool."""
    images, classes = best.images, best.classes
    found = Closest(images, classes)
    checks = _checks(steps)
    sizes = 2 * budgets
    at = before = images
    value, slope = _ratio(logits, at, found)
    highest, highest_at, highest_slope = value, at, slope
    gains = torch.zeros_like(budgets)
    # At the last check: step sizes, and the highest value.
    last_sizes, last_highest = sizes.clone(), highest.clone()
    last_check = 0
    for step in range(1, steps + 1):
        ahead = _projected(at + each(sizes) * slope, images, budgets)
        weight = WEIGHT if step > 1 else 1.0
        moved = at + weight * (ahead - at) + (1 - weight) * (at - before)
        before, at = at, _projected(moved, images, budgets)
        previous = value
        value, slope = _ratio(logits, at, found)
        gains += value > previous
        higher = value > highest
        highest = torch.where(higher, value, highest)
        highest_at = torch.where(each(higher), at, highest_at)
        highest_slope = torch.where(each(higher), slope, highest_slope)
        if step in checks:
            rare = gains < GAINING * (step - last_check)
            stuck = (last_sizes == sizes) & (last_highest == highest)
            last_sizes, last_highest, last_check = sizes.clone(), highest.clone(), step
            halved = rare | stuck
            sizes = torch.where(halved, sizes / 2, sizes)
            # From the best point on, at rest.
            at = torch.where(each(halved), highest_at, at)
            before = torch.where(each(halved), highest_at, before)
            slope = torch.where(each(halved), highest_slope, slope)
            value = torch.where(halved, highest, value)
            gains.zero_()
    return found


def _checks(steps: int) -> set[int]:
    """The steps after which the step size may be halved."""
    shares = [0.0, FIRST_CHECK]
    while shares[-1] < 1:
        shares.append(shares[-1] + max(shares[-1] - shares[-2] - SHRINKING, SHORTEST))
    # Rounded, so that 0.57 of 100 is 57.
    return {math.ceil(round(share * steps, 6)) for share in shares[1:] if share <= 1}


def _ratio(logits: Logits, points: Tensor, found: Closest) -> tuple[Tensor, Tensor]:
    """The difference of logits ratio (B,) and the direction in which it grows, of length 1 or 0.

    Offers the points to `found` on the way.
    """
    with torch.enable_grad():
        points = points.detach().requires_grad_()
        values = logits(points)
        own = values.gather(1, found.classes[:, None])
        rival = values.scatter(1, found.classes[:, None], -torch.inf).amax(dim=1)
        first, _, third = values.topk(3, dim=1).values.T
        # Equal logits, as of a network that gives one class alone, make no ratio.
        spread = (first - third).clamp(min=torch.finfo(values.dtype).tiny)
        ratio = (rival - own[:, 0]) / spread
        (slope,) = torch.autograd.grad(ratio.sum(), points)
    found.offer(points.detach(), values.detach())
    # First by the largest entry, because the squares of small ones are zero.
    tiny = torch.finfo(slope.dtype).tiny
    slope = slope / each(slope.flatten(1).abs().amax(dim=1).clamp(min=tiny))
    norms = lengths(slope)
    usable = norms.isfinite() & (norms > 0)
    return ratio.detach(), torch.where(each(usable), slope / each(norms), 0)


def _projected(points: Tensor, images: Tensor, budgets: Tensor) -> Tensor:
    """The nearest points to `points` within `budgets` of the images."""
    r = points - images
    norms = lengths(r).clamp(min=torch.finfo(r.dtype).tiny)
    return images + r * each((budgets / norms).clamp(max=1))
