"""Images of another dataset, to be told from a network's own test images."""

import torch
from torch import Tensor

from binenc_core.evaluation import Outputs


def joined(own: Outputs, foreign: Outputs) -> tuple[Outputs, Tensor]:
    """A network's outputs for own and foreign images together, and which are foreign, bool (N,)."""
    both = Outputs(*(torch.cat(parts) for parts in zip(own, foreign, strict=True)))
    places = torch.arange(len(both.x), device=both.x.device)
    return both, places >= len(own.x)
