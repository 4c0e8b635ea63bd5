"""The nearest image that a network decides otherwise."""

import torch
from torch import Tensor

# Distances held at once, so that all images against a whole test set need no more than 64 MB.
DISTANCES = 2**24


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
