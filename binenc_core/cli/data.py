"""data: fetch and verify the data sets that come as files."""

import argparse

from binenc_core.cli.options import Work, add_command
from binenc_core.sources import ARCHIVES, check_name, fetch


def add(commands) -> None:
    """Add the command to a parser."""
    parser = add_command(commands, "data", "fetch and verify MNIST and FashionMNIST", _prepare)
    parser.add_argument(
        "names", nargs="*", metavar="DATASET", help="mnist, fashion_mnist (default: both)"
    )


def _prepare(arguments: argparse.Namespace) -> Work:
    for name in arguments.names:
        check_name(name)

    def work() -> int:
        for name in arguments.names or ARCHIVES:
            fetch(name)
        return 0

    return work
