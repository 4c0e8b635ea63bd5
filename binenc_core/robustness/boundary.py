"""Where the decision changes on the way from an image to another point."""

import torch
from torch import Tensor

from binenc_core.robustness.network import Logits, decisions
from binenc_core.robustness.strength import HALVINGS


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
