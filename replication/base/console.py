"""What every command does for its output, wherever that goes."""

import os
import signal
import sys
from collections.abc import Callable


def prepare() -> None:
    """Let output survive any encoding, with replacements, and keep control codes out of files.

    Where a stream is closed it goes nowhere: the next file that is opened would else take its place
    and get what a library writes there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if not sys.stdout.isatty():
        os.environ.pop("FORCE_COLOR", None)


def run(command: Callable[[], int]) -> int:
    """What a command returns; where nobody reads its output any more, what SIGPIPE would end in."""
    try:
        code = command()
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the flush at the end
        return 128 + signal.SIGPIPE
