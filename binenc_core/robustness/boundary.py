"""Points at a decision boundary: on the way to another, the nearest seen, the nearest image."""

import torch
from torch import Tensor

from binenc_core.robustness import HALVINGS
from binenc_core.robustness.network import Logits, decisions

# Distances held at once, so that all images against a whole test set need no more than 64 MB.
DISTANCES = 2**24


@torch.no_grad()
def bisected(
    logits: Logits, images: Tensor, others: Tensor, classes: Tensor, halvings: int = HALVINGS
) -> Tensor:
    """Points near `images`, on the way to `others`, that are still not decided as `classes`.

    `images`, `others` (B, K, H, W), `classes` int64 (B,), the decisions on `images`. Halves each
    way between them so often: where `others` are decided otherwise, so is the result (B, K, H, W),
    and it lies within 2^-halvings of the way from a point that is not. Where they are not, the
    result is `others`.
    """
    low = images.new_zeros(len(images))
    high = torch.ones_like(low)
    way = others - images
    for _ in range(halvings):
        middle = (low + high) / 2
        crossed = decisions(logits, images + per_image(middle) * way) != classes
        high = torch.where(crossed, middle, high)
        low = torch.where(crossed, low, middle)
    # At the far end exactly `others`, not what rounding makes of it.
    moved = images + per_image(high) * way
    return torch.where(per_image(high) == 1, others, moved)


def per_image(values: Tensor) -> Tensor:
    """One value for each image, to be multiplied with it."""
    return values[:, None, None, None]


def l2_norms(vectors: Tensor) -> Tensor:
    """Euclidean norm of each image or perturbation (B, K, H, W), as (B,)."""
    return vectors.flatten(1).norm(dim=1)


def fooled(values: Tensor, classes: Tensor) -> Tensor:
    """Where logits (N, C) have their largest entry at another class than `classes` (N,), as (N,).

    Logits that are not finite are no decision, and fool nobody.
    """
    return (values.argmax(dim=1) != classes) & values.isfinite().all(dim=1)


class Closest:
    """What an attack has found so far: one point for each image, and how far it is.

    `points` (B, K, H, W) are the images themselves, and `norms` (B,) inf, where nothing was found.
    """

    def __init__(self, images: Tensor, classes: Tensor):
        """For `images` (B, K, H, W) and `classes` int64 (B,), the decisions on them."""
        self.images = images
        self.classes = classes
        self.points = images.clone()
        self.norms = torch.full_like(images[:, 0, 0, 0], torch.inf)

    @torch.no_grad()
    def offer(self, points: Tensor, values: Tensor) -> Tensor:
        """Keep those of `points` that are nearer, by their logits `values` (B, C); who fooled."""
        success = fooled(values, self.classes)
        norms = l2_norms(points - self.images)
        nearer = success & (norms < self.norms)
        self.points = torch.where(per_image(nearer), points, self.points)
        self.norms = torch.where(nearer, norms, self.norms)
        return success


@torch.no_grad()
def nearest_other(images: Tensor, classes: Tensor, pool: Tensor, pool_classes: Tensor) -> Tensor:
    """Of each image the nearest one (L2) of the pool that is of another class, (B, K, H, W).

    `images` (B, K, H, W) and `pool` (N, K, H, W) are of one floating-point type; `classes` (B,) and
    `pool_classes` (N,), int64, are a network's decisions on them. Raises ValueError where the pool
    has no image of another class.
    """
    kinds = pool_classes.unique()
    if len(kinds) == 0 or (len(kinds) == 1 and (classes == kinds).any()):
        raise ValueError(
            f"the pool needs images of two classes or more; its {len(pool)} are of {len(kinds)}"
        )
    points, size = pool.flatten(1), max(1, DISTANCES // len(pool))
    nearest = []
    for part, own in zip(images.split(size), classes.split(size), strict=True):
        distances = torch.cdist(part.flatten(1), points)
        distances.masked_fill_(own[:, None] == pool_classes, torch.inf)
        nearest.append(distances.argmin(dim=1))
    return pool[torch.cat(nearest)]
