"""A dataset as tensors, and its pixels as a network computes with them."""

from typing import NamedTuple

import torch

from binenc_core.config import DRAW_SEED


class Dataset(NamedTuple):
    """A train set and a test set of images and their classes.

    Images (N, K, H, W), gray with K = 1 or in color with K = 3, are uint8 in [0, 255], or float32
    in [-1, 1] where the files have another range; the network takes both and scales the bytes.
    Labels are int64 (N,), all contiguous on the CPU.
    """

    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor

    @property
    def classes(self) -> int:
        """How many classes there are: all have training images, the last one too."""
        return int(self.train_labels.max()) + 1


def validation_split(data: Dataset, fraction: float) -> Dataset:
    """A dataset whose test set is a part of the training set, the same in every run.

    `fraction` of the training images are held out, as many as `held_out` says; the real test set
    is not in it.
    """
    count = len(data.train_labels)
    order = draw(count, None).to(data.train_labels.device)
    held = held_out(count, fraction)
    images, labels = data.train_images[order], data.train_labels[order]
    return Dataset(images[held:], labels[held:], images[:held], labels[:held])


def held_out(count: int, fraction: float) -> int:
    """A fraction of `count` images as a number: at least one of them and of the others."""
    return min(max(1, round(fraction * count)), count - 1)


def scaled(pixels: torch.Tensor, largest: int = 255) -> torch.Tensor:
    """Pixels between 0 and `largest` as float32 in [-1, 1], as the authors' released code has them.

    First x / `largest`, then (x − 0.5) / 0.5, each rounded to float32.
    """
    return pixels.float().div_(largest).sub_(0.5).div_(0.5)


def as_scaled(images: torch.Tensor) -> torch.Tensor:
    """Images of a Dataset, or a batch of them, as the network computes with them."""
    return scaled(images) if images.dtype == torch.uint8 else images


def draw(count: int, number: int | None) -> torch.Tensor:
    """Indices of `number` of `count` images (None: of all) in a random order, int64, on the CPU.

    Always the same: fewer are the first ones of more. Raises ValueError for more than there are.
    """
    if number is not None and number > count:
        raise ValueError(f"images is {number}; allowed: 1 to {count}, as many as there are")
    return torch.randperm(count, generator=torch.Generator().manual_seed(DRAW_SEED))[:number]


def as_bytes(images: torch.Tensor) -> torch.Tensor:
    """Images of a Dataset as uint8 pixels between 0 and 255, to be looked at."""
    if images.dtype == torch.uint8:
        return images
    return images.add(1).mul(127.5).round().to(torch.uint8)
