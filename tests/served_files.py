"""Small files in the formats of the datasets, which are taken for the real ones."""

import gzip
import hashlib
import io
import pickle
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import numpy as np
import pytest
import scipy.io

from replication.data.datasets import DATASETS

# Where nothing listens.
NOWHERE = "http://127.0.0.1:9/"
NAMES = tuple(name for name, info in DATASETS.items() if info.files)


class Made(NamedTuple):
    """What stands in for a dataset.

    `images` uint8 (N, K, H, W) and `labels` (N,) by split; the content of its `files` by name, and
    the `place` of these in the data folder.
    """

    images: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]
    files: dict[str, bytes]
    place: str


def make(name: str, monkeypatch: pytest.MonkeyPatch, address: str = NOWHERE, each: int = 2) -> Made:
    """`each` images of every class in each split are the dataset's, and come from `address`."""
    rng = np.random.default_rng(list(name.encode()))
    info = DATASETS[name]
    images, labels = {}, {}
    for split in ("train", "test"):
        labels[split] = rng.permutation(np.repeat(np.arange(info.classes), each))
        shape = (len(labels[split]), info.channels, info.side, info.side)
        images[split] = rng.integers(256, size=shape, dtype=np.uint8)
    files = MAKERS[info.files.format](name, images, labels)
    contents = {
        n: hashlib.sha256(gzip.decompress(files[n])).hexdigest() for n in info.files.contents
    }
    sums = {n: md5(content) for n, content in files.items()}
    own = info.files._replace(servers=(address,), checksums=sums, contents=contents)
    monkeypatch.setitem(DATASETS, name, info._replace(files=own))
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return Made(images, labels, files, info.files.folder)


def place(files: dict[str, bytes], folder: Path) -> None:
    """Write files by their names in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Address of a server on this machine that has the files in a folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = partial(Quiet, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as opened:
        thread = Thread(target=opened.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{opened.server_port}"
        opened.shutdown()
        thread.join()


def everything_in(folder: Path) -> dict[str, bytes]:
    """The content of all files in a folder by path."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


def _idx(array: np.ndarray) -> bytes:
    lengths = np.array(array.shape, ">u4").tobytes()
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + lengths + array.astype(np.uint8).tobytes())


def _idx_files(name, images, labels) -> dict[str, bytes]:
    arrays = [part for split in ("train", "test") for part in (images[split][:, 0], labels[split])]
    return {n: _idx(a) for n, a in zip(DATASETS[name].files.checksums, arrays, strict=True)}


def _svhn_files(name, images, labels) -> dict[str, bytes]:
    files = {}
    for split in ("train", "test"):
        numbers = np.where(labels[split] == 0, 10, labels[split])[:, None].astype(np.uint8)
        stream = io.BytesIO()
        scipy.io.savemat(stream, {"X": images[split].transpose(2, 3, 1, 0), "y": numbers})
        files[f"{split}_32x32.mat"] = stream.getvalue()
    return files


def _cifar_files(name, images, labels) -> dict[str, bytes]:
    """The archive, in which the batches lie in another order than they are read."""
    key, batches = "fine_labels", {"train": ["train"], "test": ["test"]}
    if name == "cifar10":
        key, batches = "labels", {"train": ["data_batch_1", "data_batch_2"], "test": ["test_batch"]}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for split, names in batches.items():
            parts = np.array_split(np.arange(len(labels[split])), len(names))
            for rows, batch in reversed(list(zip(parts, names, strict=True))):
                pixels = images[split][rows].reshape(len(rows), -1)
                _add(tar, batch, pickle.dumps({"data": pixels, key: labels[split][rows].tolist()}))
        _add(tar, "batches.meta", b"not read")
    return {next(iter(DATASETS[name].files.checksums)): stream.getvalue()}


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(f"cifar/{name}")
    entry.size = len(content)
    tar.addfile(entry, io.BytesIO(content))


MAKERS = {"idx": _idx_files, "svhn": _svhn_files, "cifar": _cifar_files}
