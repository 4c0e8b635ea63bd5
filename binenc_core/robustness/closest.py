"""The nearest point to each image that a network was seen to decide otherwise."""

import torch
from torch import Tensor

from binenc_core.robustness.boundary import l2_norms, per_image


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
