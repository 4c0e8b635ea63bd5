"""A trained network as what attacks need: a function from images to logits."""

from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor

from binenc_core.models import Classifier

# Logits (B, C) of images (B, K, H, W) in the network's input space, pixels scaled to [-1, 1] but
# not clipped to it; both of one floating-point type.
Logits = Callable[[Tensor], Tensor]

# Pixels of the images that a network sees at once: of 1,000 of MNIST, or 255 of CIFAR.
PIXELS = 784_000


def logits_of(model: Classifier, dtype: torch.dtype = torch.float32, scale: float = 1.0) -> Logits:
    """The logits of a network in evaluation mode, times `scale`, as a function of images.

    All of it computes in `dtype`, whatever the precision it was trained in: the steps of bfloat16
    would hide the gradients. The network itself is left as it is; no gradient reaches its weights.
    """
    own = deepcopy(model).to(dtype).eval().requires_grad_(False)
    own.bf16 = False
    return lambda images: own(images)[0] * scale


@torch.no_grad()
def decisions(logits: Logits, images: Tensor) -> Tensor:
    """The class with the largest logit of each image, int64 (B,)."""
    size = max(1, PIXELS // images[0].numel()) if len(images) else 1
    return torch.cat([logits(batch).argmax(dim=1) for batch in images.split(size)])
