"""freeze: collect finished runs into results/NAME."""

import argparse

from replication.cli.options import Work, add_command, add_run_options, configs, options_text
from replication.runs import freeze, store


def add(commands) -> None:
    """Add the command to a parser."""
    parser = add_command(
        commands,
        "freeze",
        "collect finished runs into results/NAME",
        _prepare,
        "Collect finished runs into results/NAME; a name that is a dataset's gives the figures of "
        "the book their runs.",
    )
    parser.add_argument("name", metavar="NAME", help="name of the folder in results/")
    add_run_options(parser)


def _prepare(arguments: argparse.Namespace) -> Work:
    freeze.check_name(arguments.name, arguments.dataset)
    chosen = configs(arguments)
    found = [store.find(config) for config in chosen]
    missing = [c.label for c, run in zip(chosen, found, strict=True) if run is None]
    options = options_text(arguments)
    train = f"python -m replication train {options}"
    if missing:
        raise ValueError(f"not trained yet: {', '.join(missing)}; train them with `{train}`")
    # The number of threads changes the last digits, so it belongs to the command.
    threads = {str(run.info["threads"]) for run in found}
    same = f" --threads {threads.pop()}" if len(threads) == 1 and min(threads).isdecimal() else ""
    command = f"{train}{same} && python -m replication freeze {arguments.name} {options}"

    def work() -> int:
        freeze.freeze(found, store.RESULTS / arguments.name, command)
        print(f"froze {len(found)} runs into results/{arguments.name}")
        return 0

    return work
