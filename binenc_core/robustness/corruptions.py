"""Accuracy on images with noise, blur, less contrast or a part hidden."""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional

from binenc_core.robustness import CORRUPTIONS, SEED
from binenc_core.robustness.network import Logits, decisions


class Draws(NamedTuple):
    """What is random: standard normal `noise` (B, K, H, W), and `places` (B, 2) in [0, 1)."""

    noise: Tensor
    places: Tensor


def drawn(images: Tensor, seed: int = SEED) -> Draws:
    """The random numbers of images (B, K, H, W): the same on every device and in every dtype."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(images.shape, generator=generator)
    places = torch.rand(len(images), 2, generator=generator)
    return Draws(noise.to(images), places.to(images))


def noisy(images: Tensor, std: float, draws: Draws) -> Tensor:
    """Images with Gaussian noise of a standard deviation, in units in which pixels are ±1."""
    return images + std * draws.noise


def blurred(images: Tensor, share: float, draws: Draws) -> Tensor:
    """Images under a Gaussian filter whose standard deviation is a share of the image's side."""
    sigma = share * images.shape[-1]
    return functional.gaussian_blur(images, 2 * math.ceil(3 * sigma) + 1, sigma)


def faded(images: Tensor, share: float, draws: Draws) -> Tensor:
    """Images with a share of their contrast taken away; with all of it, of their mean alone."""
    # Floating-point images are between 0 and 1 for torchvision.
    return functional.adjust_contrast((images + 1) / 2, 1 - share) * 2 - 1


def occluded(images: Tensor, share: float, draws: Draws) -> Tensor:
    """Images with a gray square at a place of their own, its side a share of the image's side."""
    rows, columns = (
        _hidden(draws.places[:, axis], images.shape[axis + 2], share) for axis in (0, 1)
    )
    return images.masked_fill(rows[:, None, :, None] & columns[:, None, None, :], 0)


def _hidden(places: Tensor, length: int, share: float) -> Tensor:
    """Which of `length` rows or columns the square covers in each image, bool (B, length)."""
    side = round(share * length)
    begins = (places * (length - side + 1)).floor()[:, None]
    positions = torch.arange(length, device=places.device)
    return (positions >= begins) & (positions < begins + side)


# By the names of `robustness.CORRUPTIONS`: images, severity and random numbers -> images.
APPLIED: dict[str, Callable[[Tensor, float, Draws], Tensor]] = {
    "noise": noisy,
    "blur": blurred,
    "contrast": faded,
    "occlusion": occluded,
}


@torch.no_grad()
def accuracy_under(logits: Logits, images: Tensor, labels: Tensor) -> dict[str, dict[float, float]]:
    """Accuracy by corruption and severity, those of CORRUPTIONS and none, severity 0.

    `images` (B, K, H, W) in [-1, 1], of one channel or three, and `labels` int64 (B,), on the
    network's device. Noise and places are the same for every network and severity; noisy images
    are not clipped. Raises ValueError where there are no images.
    """
    if len(images) == 0:
        raise ValueError("accuracy needs one image or more; there are none")

    def accuracy(shown: Tensor) -> float:
        return int((decisions(logits, shown) == labels).sum()) / len(labels)

    draws, clean = drawn(images), accuracy(images)
    found = {}
    for name, corruption in CORRUPTIONS.items():
        severities = corruption.severities
        applied = {s: accuracy(APPLIED[name](images, s, draws)) for s in severities}
        found[name] = {0.0: clean, **applied}
    return found
