"""DeepFool: steps to the nearest boundary of a network taken as linear, until it decides otherwise.

Moosavi-Dezfooli, Fawzi, Frossard, "DeepFool: a simple and accurate method to fool deep neural
networks", CVPR 2016, Algorithm 2 (for more than two classes).
"""

import torch
from torch import Tensor

from binenc_core.robustness import DEEPFOOL
from binenc_core.robustness.boundary import l2_norms
from binenc_core.robustness.network import Logits

# Pixels of the images whose gradients towards all candidates are held at once: 256 images of MNIST.
# With an MLP of width 512 more are no faster on a CPU, and the paper's convolutional network takes
# 7 MB for each.
PIXELS = 256 * 28 * 28
# Shortest step, in roundings of the image's norm: on the boundary itself DeepFool's has length 0.
LEAST_ROUNDINGS = 4


@torch.no_grad()
def deepfool(
    logits: Logits,
    images: Tensor,
    overshoot: float = DEEPFOOL["overshoot"],
    steps: int = DEEPFOOL["steps"],
    candidates: int = DEEPFOOL["candidates"],
) -> Tensor:
    """Images that the network decides otherwise, near the given ones (Algorithm 2).

    `images` and the result are (B, K, H, W), float32 or float64, not clipped to any range. Steps r
    are added up, and an image is fooled where its decision at x + (1 + `overshoot`)·r is no longer
    that at x. The other classes are those of the `candidates` largest logits at x. An image that
    none of `steps` steps has fooled, or that no step can move on because every gradient is zero or
    the logits overflow, is given as its last step left it.

    Only the ratio of logits to gradients counts, so their common scale does not. Raises ValueError
    for logits that are not finite, for a network of one class, or fewer than two candidates.
    """
    size = max(1, PIXELS // images[0].numel()) if len(images) else 1
    ranked = torch.cat([_ranked(logits(part), candidates) for part in images.split(size)])
    perturbed, r = images.clone(), torch.zeros_like(images)
    active = torch.arange(len(images), device=images.device)
    for _ in range(steps):
        if len(active) == 0:
            break
        remaining = []
        for own in active.split(size):
            step = _step(logits, perturbed[own], ranked[own])
            r[own] += step
            moved = images[own] + (1 + overshoot) * r[own]
            values = logits(moved)
            sound = values.isfinite().all(dim=1)
            perturbed[own[sound]] = moved[sound]
            as_before = values.argmax(dim=1) == ranked[own, 0]
            remaining.append(own[as_before & sound & (l2_norms(step) > 0)])
        active = torch.cat(remaining)
    return perturbed


def _ranked(values: Tensor, candidates: int) -> Tensor:
    """The classes of the largest logits (B, C) in their order, int64 (B, M), the decision first."""
    if not values.isfinite().all():
        raise ValueError("the network's logits are not finite")
    if min(values.shape[1], candidates) < 2:
        raise ValueError(
            f"DeepFool needs two classes or more; the network has {values.shape[1]}, and "
            f"candidates is {candidates}"
        )
    # Stable: of equal logits the first, as in a decision.
    return values.argsort(dim=1, descending=True, stable=True)[:, :candidates]


def _step(logits: Logits, at: Tensor, ranked: Tensor) -> Tensor:
    """From the points `at` the way to the nearest linearized boundary, as they are (B, K, H, W).

    `ranked` int64 (B, M): the class to be left, then those to be reached. Zero where no gradient
    points to any of them.
    """
    with torch.enable_grad():
        at = at.detach().requires_grad_()
        values = logits(at).gather(1, ranked)
        margins = values[:, :1] - values[:, 1:]
        # Gradients of margins of size 1: those of tiny or huge logits have squares that are 0 or
        # infinite. All candidates go back through the network at once.
        scale = margins.detach().abs().amax(dim=1, keepdim=True)
        weights = 1 / scale.clamp(min=torch.finfo(at.dtype).tiny)
        each = torch.eye(margins.shape[1], dtype=at.dtype, device=at.device)[:, None] * weights
        (slopes,) = torch.autograd.grad(margins, at, each, is_grads_batched=True)
    norms = slopes.flatten(2).norm(dim=2)
    distances = (margins.detach() * weights).abs().T / norms
    # 0/0 where a point without a slope lies on the boundary; no step leads over it either.
    distances = distances.where(norms > 0, torch.inf)
    nearest, best = distances.min(dim=0)
    own = torch.arange(len(at), device=at.device)
    least = LEAST_ROUNDINGS * torch.finfo(at.dtype).eps * l2_norms(at.detach())
    size = torch.where(nearest.isfinite(), torch.maximum(nearest, least) / norms[best, own], 0)
    return -size[:, None, None, None] * slopes[best, own]
