"""Networks of which the exact distance to the boundary is known, and images to attack."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from binenc_core.robustness.boundary import l2_norms, nearest_other
from binenc_core.robustness.network import Logits, decisions

SIDE = 4


class Attacked(NamedTuple):
    """`images` and `others` (B, 1, 4, 4), `classes` and the exact `distances` float64 (B,)."""

    logits: Logits
    images: Tensor
    classes: Tensor
    others: Tensor
    distances: Tensor

    def ratios(self, points: Tensor) -> Tensor:
        """‖r‖ of points over the exact distance, float64 (B,); inf where not decided otherwise."""
        norms = l2_norms((points - self.images).double())
        success = decisions(self.logits, points) != self.classes
        return norms.where(success, torch.inf) / self.distances


def linear(
    dtype: torch.dtype = torch.float64,
    bend: Callable[[Tensor], Tensor] = lambda values: values,
    number: int = 24,
    classes: int = 5,
) -> Attacked:
    """A linear classifier whose logits are bent by `bend`, which must not change their order."""
    draw = torch.Generator().manual_seed(0)
    weights = torch.randn(classes, SIDE * SIDE, generator=draw, dtype=torch.float64)
    images = torch.randn(4 * number, 1, SIDE, SIDE, generator=draw, dtype=torch.float64)
    values = images.flatten(1) @ weights.T
    margins = values.amax(dim=1, keepdim=True) - values
    apart = (weights[values.argmax(dim=1), None] - weights).norm(dim=2)
    distances = (margins / apart).nan_to_num(torch.inf).amin(dim=1)
    # Rounding would show in images that lie almost on the boundary.
    clear = (distances > 0.1).nonzero()[:number, 0]

    def logits(images: Tensor) -> Tensor:
        return bend(images.flatten(1) @ weights.to(images).T)

    pool = images.to(dtype)
    own = decisions(logits, pool)
    others = nearest_other(pool[clear], own[clear], pool, own)
    return Attacked(logits, pool[clear], own[clear], others, distances[clear])


def flat(steepness: float) -> Callable[[Tensor], Tensor]:
    """Margins between the two largest logits squashed by tanh: flat but near the boundary."""

    def bend(values: Tensor) -> Tensor:
        middle = values.topk(2, dim=1).values.mean(dim=1, keepdim=True)
        return torch.tanh(steepness * (values - middle))

    return bend
