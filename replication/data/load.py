"""Datasets as tensors, from their verified files."""

import pickle
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from numpy.typing import NDArray

from binenc_core.config import known
from binenc_core.dataset import Dataset, scaled
from replication.data.datasets import DATASETS
from replication.data.sources import content, verified

DIGITS_TEST_FRACTION = 0.2
DIGITS_SPLIT_SEED = 0

# Train images, train labels, test images and test labels: images uint8 (N, K, H, W).
Arrays = tuple[NDArray, NDArray, NDArray, NDArray]


def load(name: str, folder: Path | None = None) -> Dataset:
    """Load a dataset, after verifying its files; missing files are fetched first.

    `name` is a key of DATASETS, which has the numbers and the size of the images. `folder` is the
    data folder, by default the environment variable BINENC_DATA, else `data` in the project. Raises
    ValueError for an unknown dataset, DataError where a file in the folder is not the expected one
    or no source supplies it.
    """
    known("dataset", DATASETS, name)
    files = DATASETS[name].files
    if files is None:
        return _digits()
    images, labels, test_images, test_labels = READERS[files.format](verified(name, folder))
    return Dataset(_tensor(images), _labels(labels), _tensor(test_images), _labels(test_labels))


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


def _from_idx(paths: Sequence[Path]) -> Arrays:
    """MNIST's format: two zeros, the type, the number of axes, their lengths, the data."""

    def array(path: Path) -> NDArray:
        whole = content(path)
        axes = whole[3]
        lengths = np.frombuffer(whole, ">u4", axes, offset=4)
        return np.frombuffer(whole, np.uint8, offset=4 + 4 * axes).reshape(lengths)

    images, labels, test_images, test_labels = map(array, paths)
    return images[:, None], labels, test_images[:, None], test_labels


def _from_svhn(paths: Sequence[Path]) -> Arrays:
    from scipy.io import loadmat

    def split(path: Path) -> tuple[NDArray, NDArray]:
        found = loadmat(path)
        return found["X"].transpose(3, 2, 0, 1), found["y"].ravel() % 10  # they call the 0 10

    return *split(paths[0]), *split(paths[1])


def _from_cifar(paths: Sequence[Path]) -> Arrays:
    """The batches in CIFAR's archive: pickles, whose checksum has been verified."""
    batches = {}
    with tarfile.open(paths[0]) as tar:
        for member in tar:
            name = PurePosixPath(member.name).name
            if name.startswith("data_batch") or name in ("train", "test", "test_batch"):
                batches[name] = pickle.load(tar.extractfile(member), encoding="latin1")

    def split(test: bool) -> tuple[NDArray, NDArray]:
        own = [batches[name] for name in sorted(batches) if name.startswith("test") == test]
        labels = [b.get("labels") or b["fine_labels"] for b in own]
        images = np.concatenate([b["data"] for b in own]).reshape(-1, 3, 32, 32)
        return images, np.concatenate(labels)

    return *split(test=False), *split(test=True)


READERS: dict[str, Callable[[Sequence[Path]], Arrays]] = {
    "idx": _from_idx,
    "svhn": _from_svhn,
    "cifar": _from_cifar,
}


def _tensor(images: NDArray) -> torch.Tensor:
    return torch.from_numpy(images.copy())  # contiguous; what a file gives cannot be written to


def _labels(labels: NDArray) -> torch.Tensor:
    return torch.from_numpy(labels.astype(np.int64))
