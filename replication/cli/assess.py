"""assess: a study of the networks of a campaign."""

import argparse
import shlex

from binenc_core.config import known
from replication.campaigns import grids
from replication.campaigns.assess import get_or_assess_all
from replication.cli.options import Work, add_command, add_device_option, add_whole_number
from replication.runs import freeze, trainer
from replication.studies import assessments
from replication.studies.catalog import STUDIES


def add(commands) -> None:
    """Add the command to a parser."""
    parser = add_command(
        commands,
        "assess",
        "study the networks of a campaign",
        _prepare,
        "Find out the robustness or the reliability of a campaign's networks. What is in results/ "
        "or was found before is taken; networks whose weights are missing are trained first.",
    )
    parser.add_argument("study", metavar="STUDY", help=f"one of {', '.join(STUDIES)}")
    parser.add_argument(
        "campaign", metavar="CAMPAIGN", help="a name in campaigns/, or the path of a .toml file"
    )
    numbers = ", ".join(f"{s.images or 'all'} ({name})" for name, s in STUDIES.items())
    add_whole_number(parser, "images", f"test images to take (default: as frozen, else {numbers})")
    add_whole_number(parser, "seeds", "the campaign's first so many (default: all)")
    add_device_option(parser)
    about = "side by side, of one thread each (default: one for each core; 1 on a GPU)"
    add_whole_number(parser, "processes", about)
    parser.add_argument(
        "--freeze", action="store_true", help="freeze them in results/STUDY/CAMPAIGN"
    )


def _prepare(arguments: argparse.Namespace) -> Work:
    known("study", STUDIES, arguments.study)
    trainer.check_device(arguments.device)
    named = grids.read(arguments.campaign)
    if arguments.freeze:
        freeze.check_name(named.name, [config.dataset for config in named.configs])
    if arguments.seeds:
        named = named.first_seeds(arguments.seeds)

    def work() -> int:
        found = get_or_assess_all(
            arguments.study, named.configs, arguments.images, arguments.device, arguments.processes
        )
        if arguments.freeze:
            folder = assessments.freeze_all(arguments.study, named.name, found, _command(arguments))
            place = "/".join(["results", *folder.parts[-2:]])
            print(f"froze the {arguments.study} of {len(found)} networks into {place}")
        return 0

    return work


def _command(arguments: argparse.Namespace) -> str:
    """What is typed to make and freeze the same."""
    words = ["python", "-m", "replication", "assess", arguments.study, arguments.campaign]
    for name in ("images", "seeds"):
        if value := getattr(arguments, name):
            words += [f"--{name}", str(value)]
    return shlex.join([*words, "--freeze"])
