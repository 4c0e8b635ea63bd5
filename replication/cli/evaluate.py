"""evaluate: new metrics of a campaign's runs, from their weights."""

import argparse

from replication.campaigns import grids
from replication.cli.options import Work, add_command, add_device_option
from replication.runs import pytorch, trainer


def add(commands) -> None:
    """Add the command to a parser."""
    parser = add_command(
        commands,
        "evaluate",
        "add new metrics to a campaign's runs, without training",
        _prepare,
        "Compute the metrics that the runs of a campaign lack from the weights of their last "
        "logged epoch, and add them to the runs folder and to results/NAME. Earlier epochs stay "
        "empty: their weights are gone.",
    )
    parser.add_argument(
        "campaign", metavar="CAMPAIGN", help="a name in campaigns/, or the path of a .toml file"
    )
    parser.add_argument(
        "--from-checkpoint",
        action="store_true",
        required=True,
        help="from the weights that a run's folder keeps",
    )
    add_device_option(parser)


def _prepare(arguments: argparse.Namespace) -> Work:
    trainer.check_device(arguments.device)
    named = grids.read(arguments.campaign)
    pytorch.check()
    from replication.campaigns.evaluate import evaluate_campaign

    return lambda: 0 if evaluate_campaign(named, arguments.device) else 1
