"""The datasets that torchvision alone supplies, in its layout and verified by its MD5 checksums.

torchvision is imported where it is needed, so that the commands can be listed without it.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from replication.data.folder import DataError, cannot_write, default_folder, quiet_download, reason


class StoredFile(NamedTuple):
    """A file by its place in the data folder, its MD5, and the address that it comes from.

    The address is None for a file that comes in an archive.
    """

    path: str
    md5: str
    address: str | None


class Split(NamedTuple):
    """Images uint8 (N, K, H, W) and labels int64 (N,), contiguous."""

    images: NDArray
    labels: NDArray


class Served(NamedTuple):
    """One dataset as torchvision has it.

    `kind`: the name of its class in torchvision.datasets. `files(kind)`: what is loaded, all with a
    checksum; `packed(kind)`: archives from which torchvision takes such files. `splits`: the
    arguments that choose its train and its test set; `split(dataset)`: one of them as arrays.
    `unpacks`: whether the class reads unpacked copies of the files, which have no checksum.
    """

    kind: str
    files: Callable[[Any], list[StoredFile]]
    packed: Callable[[Any], list[StoredFile]]
    splits: tuple[dict[str, Any], dict[str, Any]]
    split: Callable[[Any], Split]
    unpacks: bool = False


def _idx_files(kind: Any) -> list[StoredFile]:
    folder = f"{kind.__name__}/raw"
    return [StoredFile(f"{folder}/{n}", md5, kind.mirrors[0] + n) for n, md5 in kind.resources]


def _idx_split(found: Any) -> Split:
    return Split(found.data[:, None].contiguous().numpy(), found.targets.numpy())


def _matlab_files(kind: Any) -> list[StoredFile]:
    parts = (kind.split_list[name] for name in ("train", "test"))
    return [StoredFile(name, md5, address) for address, name, md5 in parts]


def _matlab_split(found: Any) -> Split:
    return Split(np.ascontiguousarray(found.data), found.labels)


def _batch_files(kind: Any) -> list[StoredFile]:
    named = [*kind.train_list, *kind.test_list, (kind.meta["filename"], kind.meta["md5"])]
    return [StoredFile(f"{kind.base_folder}/{name}", md5, None) for name, md5 in named]


def _batch_archive(kind: Any) -> list[StoredFile]:
    return [StoredFile(kind.filename, kind.tgz_md5, kind.url)]


def _batch_split(found: Any) -> Split:
    images = np.ascontiguousarray(found.data.transpose(0, 3, 1, 2))
    return Split(images, np.array(found.targets, dtype=np.int64))


def _nothing(kind: Any) -> list[StoredFile]:
    return []


_BY_FLAG = ({"train": True}, {"train": False})
_BY_NAME = ({"split": "train"}, {"split": "test"})
SERVED = {
    "kmnist": Served("KMNIST", _idx_files, _nothing, _BY_FLAG, _idx_split, unpacks=True),
    "svhn": Served("SVHN", _matlab_files, _nothing, _BY_NAME, _matlab_split),
    "cifar10": Served("CIFAR10", _batch_files, _batch_archive, _BY_FLAG, _batch_split),
    "cifar100": Served("CIFAR100", _batch_files, _batch_archive, _BY_FLAG, _batch_split),
}

Say = Callable[[str], None]


def fetch(name: str, folder: Path | None = None, say: Say = print) -> Path:
    """Make sure that the verified files of a dataset in SERVED are in the data folder.

    `folder` is the data folder, by default `default_folder()`; `say` gets a line of text for each
    thing that is done. Returns the folder of the files. Raises DataError where a file in the folder
    is not the expected one, which is left as it is, or is neither there nor can be downloaded.
    """
    root = default_folder() if folder is None else Path(folder)
    files = _complete(name, root, say)
    place = (root / files[0].path).parent
    say(f"{name}: {len(files)} files verified in {place}")
    return place


def read(name: str, folder: Path | None = None, say: Say = print) -> tuple[Split, Split]:
    """The train and the test set of a dataset in SERVED, from files that are verified first.

    Fetches what is missing; `folder`, `say` and the errors are those of `fetch`, but `say` gets
    nothing when all files are there.
    """
    root = default_folder() if folder is None else Path(folder)
    files = _complete(name, root, say)
    served = SERVED[name]
    if not served.unpacks:
        return _opened(name, root)
    with TemporaryDirectory() as scratch:
        _copy(files, root, Path(scratch))
        return _opened(name, Path(scratch), download=True)  # unpacks what is there


def _opened(name: str, root: Path, download: bool = False) -> tuple[Split, Split]:
    """Both splits, as torchvision reads them from a folder."""
    served = SERVED[name]
    kind = _kind(name)
    with quiet_download():
        train, test = (
            served.split(kind(root, download=download, **which)) for which in served.splits
        )
    return train, test


def _kind(name: str) -> Any:
    """The dataset's class; raises DataError where torchvision is not installed."""
    try:
        from torchvision import datasets
    except ImportError as error:
        needed = "torchvision, which is not installed here: pip install -r requirements.txt"
        raise DataError(f"{name} needs {needed}") from error
    return getattr(datasets, SERVED[name].kind)


def _complete(name: str, root: Path, say: Say) -> list[StoredFile]:
    """The files of a dataset, all in the data folder and verified."""
    kind = _kind(name)
    files, packed = SERVED[name].files(kind), SERVED[name].packed(kind)
    missing = [file for file in files if not os.path.exists(root / file.path)]
    # An archive beside all the files that it holds is of no use.
    useful = [*files, *packed] if missing else files
    present = [file for file in useful if os.path.exists(root / file.path)]
    try:
        for file in present:
            _verify(file, root)
    except DataError as error:
        kept = "The file was left as it is; move it away, then"
        raise DataError(f"{name}: {error}\n{kept} {_ways(name, root)}") from error
    if missing:
        say(f"{name}: {len(missing)} of {len(files)} files are not in {root}")
        _supply(name, root, missing, present, say)
        say(f"{name}: wrote {len(missing)} verified files to {root}")
    return files


def _verify(file: StoredFile, root: Path) -> None:
    from torchvision.datasets.utils import calculate_md5

    path = root / file.path
    try:
        found = calculate_md5(path)
    except OSError as error:
        raise DataError(
            f"{path}: expected MD5 {file.md5}, but it cannot be read: {error.strerror}"
        ) from error
    if found != file.md5:
        size = f"{path.stat().st_size:,} bytes"
        raise DataError(f"{path}: expected MD5 {file.md5}, found {size} with MD5 {found}")


def _supply(
    name: str, root: Path, missing: Sequence[StoredFile], present: Sequence[StoredFile], say: Say
) -> None:
    """Let torchvision unpack or download what is missing, beside the files, and move it in."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        # In the data folder, from which a file can be moved to its place at once.
        scratch = TemporaryDirectory(dir=root, prefix=f".{name}-")
    except OSError as error:
        raise cannot_write(root, error) from error
    with scratch:
        say(f"{name}: trying torchvision, which unpacks what is there and downloads the rest")
        try:
            _copy(present, root, Path(scratch.name))
            _opened(name, Path(scratch.name), download=True)
            for file in missing:
                _verify(file, Path(scratch.name))
        # Whatever torchvision, urllib or tarfile raise: the reader must learn what to do.
        except Exception as error:
            raise _not_supplied(name, root, missing, error) from error
        for file in missing:
            path = root / file.path
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                os.replace(Path(scratch.name, file.path), path)
            except OSError as error:
                raise cannot_write(path, error) from error


def _copy(files: Sequence[StoredFile], root: Path, target: Path) -> None:
    for file in files:
        (target / file.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / file.path, target / file.path)


def _not_supplied(
    name: str, root: Path, missing: Sequence[StoredFile], error: Exception
) -> DataError:
    absent = [f"{root / file.path}: expected MD5 {file.md5}, found no file" for file in missing]
    tried = [*absent, f"torchvision's download: {reason(error)}"]
    lines = "\n".join(f"  - {line}" for line in tried)
    return DataError(
        f"{name}: torchvision has not supplied the files\n{lines}\n{_ways(name, root)}"
    )


def _ways(name: str, root: Path) -> str:
    """Which files to place in which folder, and what else helps."""
    kind = _kind(name)
    files, packed = SERVED[name].files(kind), SERVED[name].packed(kind)
    wanted = packed or files
    sources = ", ".join(f"{_name(f)} (MD5 {f.md5}, from {f.address})" for f in wanted)
    ways = [f"put into {(root / wanted[0].path).parent}: {sources}"]
    if packed:
        held = ", ".join(map(_name, files))
        ways.append(f"put what it holds into {(root / files[0].path).parent}: {held}")
    ways.append("connect to the network, and torchvision downloads them")
    return "supply the files in one of these ways:\n" + "\n".join(f"  - {way}" for way in ways)


def _name(file: StoredFile) -> str:
    return Path(file.path).name
