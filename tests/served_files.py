"""Small files in the formats of KMNIST, SVHN and CIFAR that torchvision takes for the real ones."""

import gzip
import hashlib
import io
import pickle
import tarfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import scipy.io
from torchvision import datasets

from replication.data.datasets import DATASETS

# Where nothing listens.
NOWHERE = "http://127.0.0.1:9/"
NAMES = ("kmnist", "svhn", "cifar10", "cifar100")


class Made(NamedTuple):
    """What torchvision is to find.

    `images` uint8 (N, K, H, W) and `labels` (N,) by split; the content of the files `served` at an
    address by their name, and of those that are `loaded` by their path in the data folder.
    """

    images: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]
    served: dict[str, bytes]
    loaded: dict[str, bytes]


def make(name: str, monkeypatch: pytest.MonkeyPatch, address: str = NOWHERE, each: int = 2) -> Made:
    """`each` images of every class in each split; torchvision expects them, from `address`."""
    rng = np.random.default_rng(list(name.encode()))
    _, _, _, channels, side, classes, *_ = DATASETS[name]
    images, labels = {}, {}
    for split in ("train", "test"):
        labels[split] = rng.permutation(np.repeat(np.arange(classes), each))
        shape = (len(labels[split]), channels, side, side)
        images[split] = rng.integers(256, size=shape, dtype=np.uint8)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    makers = {"kmnist": _kmnist, "svhn": _svhn}
    return makers.get(name, _cifar)(name, images, labels, monkeypatch, address)


def place(files: dict[str, bytes], folder: Path) -> None:
    """Write files by their paths in a folder."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def everything_in(folder: Path) -> dict[str, bytes]:
    """The content of all files in a folder by path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def _idx(array: np.ndarray) -> bytes:
    lengths = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + lengths + array.astype(np.uint8).tobytes()


def _kmnist(name, images, labels, monkeypatch, address) -> Made:
    served = {}
    for split, prefix in (("train", "train"), ("test", "t10k")):
        served[f"{prefix}-images-idx3-ubyte.gz"] = gzip.compress(_idx(images[split][:, 0]))
        served[f"{prefix}-labels-idx1-ubyte.gz"] = gzip.compress(_idx(labels[split]))
    monkeypatch.setattr(datasets.KMNIST, "mirrors", [address])
    sums = [(file, md5(content)) for file, content in served.items()]
    monkeypatch.setattr(datasets.KMNIST, "resources", sums)
    loaded = {f"KMNIST/raw/{file}": content for file, content in served.items()}
    return Made(images, labels, served, loaded)


def _svhn(name, images, labels, monkeypatch, address) -> Made:
    served, table = {}, {}
    for split in ("train", "test"):
        numbers = np.where(labels[split] == 0, 10, labels[split])[:, None].astype(np.uint8)
        stream = io.BytesIO()
        scipy.io.savemat(stream, {"X": images[split].transpose(2, 3, 1, 0), "y": numbers})
        file = f"{split}_32x32.mat"
        served[file] = stream.getvalue()
        table[split] = [address + file, file, md5(served[file])]
    monkeypatch.setattr(datasets.SVHN, "split_list", table)
    return Made(images, labels, served, served)


def _cifar(name, images, labels, monkeypatch, address) -> Made:
    kind = {"cifar10": datasets.CIFAR10, "cifar100": datasets.CIFAR100}[name]
    key = "labels" if name == "cifar10" else "fine_labels"
    files, tables = {}, {}
    for split, table in (("train", kind.train_list), ("test", kind.test_list)):
        parts = np.array_split(np.arange(len(labels[split])), len(table))
        for (file, _), own in zip(table, parts, strict=True):
            rows = images[split][own].reshape(len(own), -1)
            files[file] = pickle.dumps({"data": rows, key: labels[split][own].tolist()})
        tables[f"{split}_list"] = [[file, md5(files[file])] for file, _ in table]
    about = kind.meta["filename"]
    files[about] = pickle.dumps(
        {kind.meta["key"]: list(map(str, range(len(set(labels["train"])))))}
    )
    tables["meta"] = {**kind.meta, "md5": md5(files[about])}
    loaded = {f"{kind.base_folder}/{file}": content for file, content in files.items()}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for path, content in loaded.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    served = {kind.filename: stream.getvalue()}
    tables |= {"tgz_md5": md5(served[kind.filename]), "url": address + kind.filename}
    for attribute, value in tables.items():
        monkeypatch.setattr(kind, attribute, value)
    return Made(images, labels, served, loaded)
