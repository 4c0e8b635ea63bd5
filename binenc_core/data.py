"""Datasets as tensors."""

import struct
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from binenc_core.sources import ARCHIVES, DataError, RawFile, check_name, read_verified

IDX_UNSIGNED_BYTE = 0x08
DIGITS_TRAIN_SIZE = (1_437, 8)
DIGITS_TEST_FRACTION = 0.2
DIGITS_SPLIT_SEED = 0


class Dataset(NamedTuple):
    """A train set and a test set of gray images and their classes.

    Images are float32 (N, 1, H, W) in [-1, 1], labels int64 (N,), all contiguous on the CPU.
    """

    train_images: torch.Tensor
    train_labels: torch.Tensor
    test_images: torch.Tensor
    test_labels: torch.Tensor


def load(name: str, folder: Path | None = None) -> Dataset:
    """Load a dataset, after verifying its files; missing files are fetched first.

    `name` is "mnist" or "fashion_mnist" (60,000 train and 10,000 test images of 28 x 28 pixels), or
    "digits" (1,437 and 360 images of 8 x 8, which scikit-learn ships). Pixels are scaled to [0, 1],
    then to (x - 0.5) / 0.5, as the authors' released code does. `folder` is the data folder, by
    default the environment variable BINENC_DATA, else `data` in the project. Raises ValueError for
    an unknown dataset, DataError where a file in the folder is not the expected one or no source
    supplies it.
    """
    check_name(name)
    return _digits() if name == "digits" else _from_files(name, folder)


def train_size(name: str) -> tuple[int, int]:
    """Number of a dataset's training images and their side in pixels, without loading them."""
    check_name(name)
    return DIGITS_TRAIN_SIZE if name == "digits" else ARCHIVES[name].files[0].shape[:2]


def _from_files(name: str, folder: Path | None) -> Dataset:
    contents = read_verified(name, folder)
    arrays = (_parse_idx(contents[file.name], file) for file in ARCHIVES[name].files)
    return _dataset(*arrays, largest=255)


def _digits() -> Dataset:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    digits = load_digits()
    train_images, test_images, train_labels, test_labels = train_test_split(
        digits.images,
        digits.target,
        test_size=DIGITS_TEST_FRACTION,
        random_state=DIGITS_SPLIT_SEED,
        stratify=digits.target,
    )
    return _dataset(train_images, train_labels, test_images, test_labels, largest=16)


def _dataset(
    train_images: np.ndarray,
    train_labels: np.ndarray,
    test_images: np.ndarray,
    test_labels: np.ndarray,
    largest: int,
) -> Dataset:
    return Dataset(
        train_images=_scaled(train_images, largest),
        train_labels=_labels(train_labels),
        test_images=_scaled(test_images, largest),
        test_labels=_labels(test_labels),
    )


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


def _scaled(images: np.ndarray, largest: int) -> torch.Tensor:
    scaled = torch.empty((len(images), 1, *images.shape[1:]), dtype=torch.float32)
    # Worked out in the tensor's own memory: MNIST's train images take 188 MB as float32.
    pixels = scaled.numpy()[:, 0]
    np.divide(images, largest, out=pixels, dtype=np.float32, casting="same_kind")
    pixels -= 0.5
    pixels /= 0.5
    return scaled


def _labels(labels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(labels.astype(np.int64))
