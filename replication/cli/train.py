"""train: one run after another, in this process."""

import argparse

from replication.cli.options import Work, add_command, add_run_options, add_where_options, configs
from replication.runs import pytorch


def add(commands) -> None:
    """Add the command to a parser."""
    parser = add_command(
        commands,
        "train",
        "train the runs that are not on disk yet",
        _prepare,
        "Train every combination of dataset, protocol, head and seed that is not on disk yet, one "
        "after another. A training that was cut off goes on from its last logged epoch.",
    )
    add_run_options(parser)
    add_where_options(parser, threads=None)


def _prepare(arguments: argparse.Namespace) -> Work:
    chosen = configs(arguments)
    pytorch.check()
    import torch

    from replication.base.devices import resolve_device
    from replication.runs.trainer import get_or_train

    resolve_device(arguments.device)

    def work() -> int:
        if arguments.threads:
            torch.set_num_threads(arguments.threads)
        for config in chosen:
            get_or_train(config, arguments.device)
        return 0

    return work
