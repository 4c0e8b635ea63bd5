"""Images of another dataset, to be told from a network's own test images."""

import torch
from torch import Tensor

from binenc_core import data
from binenc_core.evaluation import Outputs
from binenc_core.reliability import OUTSIDE


def images_of(dataset: str, device: torch.device) -> tuple[Tensor, Tensor] | None:
    """Test images and labels of the dataset that is foreign to `dataset`, or None without one.

    Raises DataError where its files are damaged or missing and no source supplies them.
    """
    if dataset not in OUTSIDE:
        return None
    other = data.load(OUTSIDE[dataset])
    return other.test_images.to(device), other.test_labels.to(device)


def joined(own: Outputs, foreign: Outputs) -> tuple[Outputs, Tensor]:
    """A network's outputs for own and foreign images together, and which are foreign, bool (N,)."""
    both = Outputs(*(torch.cat(parts) for parts in zip(own, foreign, strict=True)))
    places = torch.arange(len(both.x), device=both.x.device)
    return both, places >= len(own.x)
