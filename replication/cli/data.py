"""data: fetch and verify the datasets that come as files; without a name, those of the book."""

import argparse

from binenc_core.config import known
from replication.cli.options import Work, add_command
from replication.data.datasets import DATASETS, PAPER_DATASETS
from replication.data.sources import fetch


def add(commands) -> None:
    """Add the command to a parser."""
    about = "fetch and verify MNIST and FashionMNIST, or the datasets named"
    parser = add_command(commands, "data", about, _prepare)
    default = f"(default: {' '.join(PAPER_DATASETS)})"
    parser.add_argument(
        "names", nargs="*", metavar="DATASET", help=f"{', '.join(DATASETS)} {default}"
    )


def _prepare(arguments: argparse.Namespace) -> Work:
    known("dataset", DATASETS, *arguments.names)

    def work() -> int:
        for name in arguments.names or PAPER_DATASETS:
            fetch(name)
        return 0

    return work
