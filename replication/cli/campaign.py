"""campaign: a named set of runs, side by side on this machine or on a cluster."""

import argparse
import shlex

from replication.campaigns import campaign, grids
from replication.campaigns.cluster import MINUTES, WIDTH, SlurmExecutor
from replication.cli.options import Work, add_command, add_where_options, add_whole_number
from replication.runs import freeze, pytorch, store, trainer
from replication.runs.labels import labels

# The options that belong to each executor.
OPTIONS = {"local": ["processes"], "slurm": ["partition", "gpus", "minutes", "width"]}


def add(commands) -> None:
    """Add the command to a parser."""
    parser = add_command(
        commands,
        "campaign",
        "train a named set of runs side by side",
        _prepare,
        f"Train the runs of campaigns/NAME.toml ({', '.join(grids.names())}) that are not on disk "
        "yet. Ctrl-C ends it; the same command goes on from the last logged epochs.",
    )
    parser.add_argument(
        "name", metavar="NAME", help="a name in campaigns/, or the path of a .toml file"
    )
    add_whole_number(parser, "seeds", "the first so many seeds alone (default: all)")
    parser.add_argument(
        "--freeze",
        action="store_true",
        help="train nothing; freeze in results/NAME every group of runs that is there whole",
    )
    add_where_options(parser, threads=1)
    parser.add_argument(
        "--executor",
        default="local",
        choices=OPTIONS,
        metavar="EXECUTOR",
        help="local: processes of this machine; slurm: a job array (default: local)",
    )
    about = "of this machine, side by side (default: its cores over the threads; 1 on a GPU)"
    add_whole_number(parser, "processes", about)
    slurm = parser.add_argument_group("with --executor slurm")
    slurm.add_argument("--partition", help="where the jobs run (default: the cluster's)")
    add_whole_number(slurm, "gpus", "GPUs of a job (default: none)")
    about = f"time limit of a job, after which it is queued again and goes on (default: {MINUTES})"
    add_whole_number(slurm, "minutes", about)
    add_whole_number(slurm, "width", f"jobs of the array that may run at once (default: {WIDTH})")


def _prepare(arguments: argparse.Namespace) -> Work:
    _check_options(arguments)
    trainer.check_device(arguments.device)
    named = grids.read(arguments.name)
    if arguments.seeds:
        named = named.first_seeds(arguments.seeds)
    if arguments.freeze:
        freeze.check_name(named.name, [config.dataset for config in named.configs])
    state = campaign.begin(named.configs)
    if arguments.freeze:
        return lambda: _freeze(arguments, named, state)
    if state.waiting:
        pytorch.check(state.waiting)
    executor = _executor(arguments, named, len(state.waiting)) if state.waiting else None

    def work() -> int:
        if executor:
            from replication.campaigns.watch import watching

            with watching(state, named.name) as watch:
                campaign.train_missing(state, executor, watch)
        return _end(named, state)

    return work


def _check_options(arguments: argparse.Namespace) -> None:
    """Raise ValueError for an option that another executor has."""
    for executor, names in OPTIONS.items():
        given = [name for name in names if getattr(arguments, name) is not None]
        if given and executor != arguments.executor:
            raise ValueError(f"--{given[0]} goes with --executor {executor}")


def _executor(arguments: argparse.Namespace, named: grids.NamedRuns, missing: int):
    """Where the missing runs are trained; raises ValueError for what is not there."""
    if arguments.executor == "slurm":
        given = {name: getattr(arguments, name) for name in OPTIONS["slurm"]}
        asked = {name: value for name, value in given.items() if value is not None}
        return SlurmExecutor(
            name=f"binenc-{named.name}",
            folder=store.runs_folder() / ".slurm" / named.name,
            device=arguments.device,
            threads=arguments.threads,
            **asked,
        )
    from replication.campaigns.local import LocalExecutor, default_processes

    allowed = default_processes(arguments.device, arguments.threads)
    processes = min(arguments.processes or allowed, missing)
    return LocalExecutor(processes, arguments.threads, arguments.device)


def _end(named: grids.NamedRuns, state: campaign.Campaign) -> int:
    """Say how a campaign ended."""
    print(f"{named.name}: {len(state.runs)} of {len(state.configs)} runs, hits: {state.hits}")
    _tell_diverged(state)
    names = labels(state.configs)
    for config, reason in state.failed.items():
        print(f"failed: {names[config]} ({config.id}): {reason}")
    return 1 if state.failed else 0


def _tell_diverged(state: campaign.Campaign) -> None:
    names = labels(state.configs)
    for config, run in state.runs.items():
        if run.info["diverged_epoch"] is not None:
            print(f"diverged in epoch {run.info['diverged_epoch']}: {names[config]}")


def _freeze(arguments: argparse.Namespace, named: grids.NamedRuns, state: campaign.Campaign) -> int:
    """Freeze the groups whose runs are all on disk, and name those that are not."""
    whole = [group for group in named.groups if all(c in state.runs for c in group)]
    for group in [group for group in named.groups if group not in whole]:
        there = sum(config in state.runs for config in group)
        print(f"not frozen: {named.name} seed {group[0].seed}, {there} of {len(group)} runs")
    runs = [state.runs[config] for group in whole for config in group]
    if not runs:
        print(f"nothing to freeze: no seed of {named.name} has all of its runs")
        return 1
    _tell_diverged(state)
    words = ["python", "-m", "replication", "campaign", arguments.name]
    if arguments.seeds:
        words += ["--seeds", str(arguments.seeds)]
    trained = [*words, "--threads", str(arguments.threads)] if arguments.threads != 1 else words
    command = f"{shlex.join(trained)} && {shlex.join([*words, '--freeze'])}"
    freeze.freeze(runs, store.RESULTS / named.name, command)
    print(f"froze {len(runs)} runs into results/{named.name}")
    return 0
