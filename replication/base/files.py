"""Writing files and folders so that they appear whole or not at all."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

# What file systems answer that have no such call.
CANNOT_SYNC = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)


def check_writable(folder: Path, variable: str) -> None:
    """Make a folder if it is missing; raises OSError where nothing can be written in it.

    The error, one line, names the folder and the environment variable that chooses another.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=folder):
            pass
    except OSError as error:
        reason = error.strerror or error
        raise OSError(f"cannot write {folder}: {reason}; {variable} chooses another") from error


@contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A temporary file to write, which takes the place of `target` when the block succeeds.

    If the block fails the temporary file is removed and `target` is as it was; a link stays one.
    Raises OSError where the disk is full or the folder cannot be written.
    """
    target = target.resolve()
    draft = target.with_name(f".{target.name.lstrip('.')}-{uuid4().hex}")
    try:
        # Some libraries write files that their owner alone can read: this has what the umask asks.
        draft.touch()
        mode = draft.stat().st_mode
        yield draft
        if draft.stat().st_mode != mode:
            draft.chmod(mode)
        _sync(draft)
        os.replace(draft, target)
    except OSError as error:
        _name(target, error)
        raise
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A temporary folder to fill, which takes the place of `target` when the block succeeds.

    If the block fails the temporary folder is removed and `target` is as it was; a link stays one.
    Raises OSError where the disk is full, the parent cannot be written, or `target` is a file.
    """
    target = target.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}-{uuid4().hex}")
    draft.mkdir()  # not tempfile's, whose folders are their owner's alone
    try:
        yield draft
        for path in draft.rglob("*"):
            if path.is_file():
                _sync(path)
        _exchange(draft, target)
    except OSError as error:
        _name(target, error)
        raise
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _name(target: Path, error: OSError) -> None:
    """Let an error that names no file, as that of a full disk, name what was to be written."""
    if error.errno and error.filename is None:
        error.filename = str(target)


def _sync(path: Path) -> None:
    """Bring a file to the disk: a power cut must not leave it empty under its new name."""
    with path.open("rb") as file:
        try:
            os.fsync(file.fileno())
        except OSError as error:
            if error.errno not in CANNOT_SYNC:
                raise


def _exchange(draft: Path, target: Path) -> None:
    """Rename `draft` to `target`, whose old content is deleted last.

    Where the renaming fails half-way, the old content is in a hidden folder beside `target`.
    """
    if not target.is_dir():
        os.replace(draft, target)
        return
    old = target.with_name(f".{target.name}-old-{uuid4().hex}")
    os.replace(target, old)
    try:
        os.replace(draft, target)
    except OSError:
        os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)
