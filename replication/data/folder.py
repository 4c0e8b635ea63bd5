"""The folder of the data files, and what all that fill it have in common."""

import contextlib
import io
import os
import socket
import textwrap
from collections.abc import Iterator
from pathlib import Path

from replication.base.provenance import ROOT

# For each address tried and each read, not for a whole download.
SOCKET_TIMEOUT_SECONDS = 5


class DataError(RuntimeError):
    """A data file is missing, altered or cannot be read or written."""


def default_folder() -> Path:
    """Return the data folder: the environment variable BINENC_DATA, else `data` in the project."""
    chosen = os.environ.get("BINENC_DATA")
    return Path(chosen).expanduser() if chosen else ROOT / "data"


@contextlib.contextmanager
def quiet_download() -> Iterator[None]:
    """A context in which torchvision's downloads show no progress bars and do not wait forever.

    torchvision sets no time limit of its own, so a silent network would hang it.
    """
    previous_timeout = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SOCKET_TIMEOUT_SECONDS)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        socket.setdefaulttimeout(previous_timeout)


def reason(error: Exception) -> str:
    """Why something failed, in one line of bounded length."""
    kind = "" if isinstance(error, DataError) else f"{type(error).__name__}: "
    return textwrap.shorten(f"{kind}{error}", 400, placeholder=" ...")


def cannot_write(path: Path, error: OSError) -> DataError:
    """The error that tells that a file cannot be written, and what helps."""
    advice = "choose another data folder with the environment variable BINENC_DATA"
    return DataError(f"cannot write {path}: {error.strerror or error}; {advice}")
