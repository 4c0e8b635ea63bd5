"""How far a training is, for whoever watches it from another process."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from replication.base.files import whole_file

SECONDS_BETWEEN_WRITES = 1

# What is done with a line that tells what happens.
Say = Callable[[str], None]


class Progress(NamedTuple):
    """Epochs done, epochs in all, and the time that the rest will take, s."""

    done: int
    epochs: int
    seconds_left: float


class Reporter:
    """Keeps a file up to date with the progress of a training in this process."""

    def __init__(self, path: Path, done: int, epochs: int, expected: float):
        """Begin after `done` of `epochs` epochs, of which the rest may take `expected` seconds."""
        self.path, self.first, self.epochs = path, done, epochs
        self.begun = time.monotonic()
        self._write(Progress(done, epochs, expected))

    def __call__(self, done: int) -> None:
        """Tell that so many epochs are done."""
        now = time.monotonic()
        if now - self.written >= SECONDS_BETWEEN_WRITES:
            each = (now - self.begun) / (done - self.first)
            self._write(Progress(done, self.epochs, each * (self.epochs - done)))

    def _write(self, progress: Progress) -> None:
        self.written = time.monotonic()
        with whole_file(self.path) as draft:
            draft.write_text(json.dumps(progress), encoding="utf8")


def read(path: Path) -> Progress | None:
    """The progress in a file, or None where none can be read."""
    try:
        return Progress(*json.loads(path.read_text(encoding="utf8")))
    except (OSError, ValueError, TypeError):  # a shared disk may lose a file that is replaced
        return None


def duration(seconds: float) -> str:
    """A time in the unit a reader would choose: "4 s", "12 min", "3.5 h"."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
