"""What every command does for its output, wherever that goes."""

import os
import sys


def prepare() -> None:
    """Let output survive any encoding, with replacements, and keep control codes out of files."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if not sys.stdout.isatty():
        os.environ.pop("FORCE_COLOR", None)
