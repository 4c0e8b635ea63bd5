"""Datasets as tensors, from their verified files."""

import struct
from pathlib import Path

import numpy as np
import torch

from binenc_core.dataset import Dataset, scaled
from replication.data import torchvision_sets
from replication.data.datasets import check_name
from replication.data.folder import DataError
from replication.data.sources import ARCHIVES, RawFile, read_verified

IDX_UNSIGNED_BYTE = 0x08
DIGITS_TEST_FRACTION = 0.2
DIGITS_SPLIT_SEED = 0


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
