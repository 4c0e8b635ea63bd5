"""Datasets as tensors."""

import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from binenc_core import torchvision_sets
from binenc_core.data_folder import DataError, check_name
from binenc_core.sources import ARCHIVES, RawFile, read_verified

IDX_UNSIGNED_BYTE = 0x08
DIGITS_TEST_FRACTION = 0.2
DIGITS_SPLIT_SEED = 0
DRAW_SEED = 0


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


def load(name: str, folder: Path | None = None) -> Dataset:
    """Load a dataset, after verifying its files; missing files are fetched first.

    `name` is "mnist", "fashion_mnist" or "kmnist" (60,000 train and 10,000 test images of 28 x 28
    pixels), "digits" (1,437 and 360 images of 8 x 8, which scikit-learn ships), or, in color and of
    32 x 32 pixels, "svhn" (73,257 and 26,032), "cifar10" or "cifar100" (50,000 and 10,000).
    `folder` is the data folder, by default the environment variable BINENC_DATA, else `data` in the
    project. Raises ValueError for an unknown dataset, DataError where a file in the folder is not
    the expected one or no source supplies it.
    """
    check_name(name)
    if name == "digits":
        return _digits()
    if name in torchvision_sets.SERVED:
        splits = torchvision_sets.read(name, folder)
        return Dataset(*(torch.from_numpy(part) for split in splits for part in split))
    return _from_files(name, folder)


def _from_files(name: str, folder: Path | None) -> Dataset:
    contents = read_verified(name, folder)
    images, labels, test_images, test_labels = (
        _parse_idx(contents[file.name], file) for file in ARCHIVES[name].files
    )
    return Dataset(_bytes(images), _labels(labels), _bytes(test_images), _labels(test_labels))


def _digits() -> Dataset:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()  # whose pixels are whole numbers up to 16
    images, test_images, labels, test_labels = train_test_split(
        scaled(torch.from_numpy(digits.images)[:, None], largest=16),
        digits.target,
        test_size=DIGITS_TEST_FRACTION,
        random_state=DIGITS_SPLIT_SEED,
        stratify=digits.target,
    )
    return Dataset(images, _labels(labels), test_images, _labels(test_labels))


def validation_split(data: Dataset, fraction: float) -> Dataset:
    """A dataset whose test set is a part of the training set, the same in every run.

    `fraction` of the training images are held out, at least one of them and of the others; the
    real test set is not in it.
    """
    count = len(data.train_labels)
    order = draw(count, None).to(data.train_labels.device)
    held = min(max(1, round(fraction * count)), count - 1)
    images, labels = data.train_images[order], data.train_labels[order]
    return Dataset(images[held:], labels[held:], images[:held], labels[:held])


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


def _parse_idx(content: bytes, file: RawFile) -> np.ndarray:
    """View the data of an IDX file as an array, without a copy."""
    axes = len(file.shape)
    header = struct.Struct(f">HBB{axes}I")
    expected = (0, IDX_UNSIGNED_BYTE, axes, *file.shape)
    found = header.unpack_from(content) if len(content) >= header.size else tuple(content)
    if found != expected or len(content) != file.size:
        raise DataError(
            f"{file.name}: expected {file.size:,} bytes with the IDX header {expected} "
            f"(zeros, type, axes, lengths), found {len(content):,} bytes with {found}"
        )
    return np.frombuffer(content, np.uint8, offset=header.size).reshape(file.shape)


def _bytes(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images[:, None].copy())  # what a file gives cannot be written to


def _labels(labels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(labels.astype(np.int64))
