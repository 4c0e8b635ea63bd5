"""The command that builds the book: notebooks, pages, static pictures, checks of the site."""

import argparse
import ast
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from binenc_book import pictures
from binenc_book.check_site import check
from binenc_book.execute import execute
from replication.base import console

SITE = Path("_build", "html")


def parse_value(text: str) -> Any:
    """Read a Python literal, such as 50, 1e-3, True or [1, 2]; anything else is a string."""
    try:
        return ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return text


def make_pages(changed: bool = False) -> bool:
    """Build all pages, or what has changed, with warnings as errors; tell what Sphinx says."""
    flags = ["-W", "-n", "--keep-going", "-q"]
    if not changed:
        flags.append("--all")
        shutil.rmtree(SITE, ignore_errors=True)  # a page that left the contents must not stay
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", *flags]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        print(done.stdout)
    return not done.returncode


def main(argv: Sequence[str] | None = None) -> int:
    """Build the book of the current folder; 0 for done, 1 where a step failed, 2 for bad input.

    `argv` are the command-line arguments, those of the process by default.
    """
    console.prepare()
    try:
        return _build(argv)
    except BrokenPipeError:  # `console.run` knows what to do
        raise
    except OSError as error:
        print(f"book: {error}", file=sys.stderr)
        return 1


def _build(argv: Sequence[str] | None) -> int:
    parser = argparse.ArgumentParser(prog="python -m binenc_book", description=__doc__)
    parser.add_argument(
        "-p",
        dest="parameters",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="set a parameter in every notebook that knows it; may be repeated",
    )
    parser.add_argument(
        "--changed",
        action="store_true",
        help="make the pages that have changed, without static pictures and checks",
    )
    asked = parser.parse_args(argv)
    given = {name: parse_value(value) for name, value in asked.parameters}
    start = time.monotonic()
    print("book: running the notebooks that are not current", flush=True)
    try:
        if not execute(Path.cwd(), given):
            return 1
    except ValueError as error:
        print(f"book: {error}", file=sys.stderr)
        return 2
    print("book: making the pages, with warnings as errors", flush=True)
    if not make_pages(asked.changed):
        return 1
    if asked.changed:
        return 0
    try:
        print(f"book: {pictures.save(SITE)}", flush=True)
    except ValueError as error:
        print(f"book: {error}", file=sys.stderr)
        return 1
    print("book: checking links, sizes and that nothing is loaded from elsewhere", flush=True)
    if faults := check(SITE):
        print("\n".join(faults), file=sys.stderr)
        return 1
    print(f"book: {SITE / 'index.html'} is ready ({time.monotonic() - start:.0f} s)")
    return 0
