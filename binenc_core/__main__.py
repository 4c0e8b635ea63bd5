"""The command line: python -m binenc_core train | freeze | data."""

import argparse
import itertools
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import Field, fields
from typing import NoReturn

from binenc_core.config import DATASETS, HEADS, RunConfig, checked, recipe
from binenc_core.sources import ARCHIVES, DataError, check_name, fetch

# A command is checked whole before any work: bad input is told at once.
Work = Callable[[], None]

# What a campaign is a grid over; every other parameter has one value.
GRID = ("dataset", "head", "seed")


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, without the usage above it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}\n")


def _setting_type(item: Field):
    """What turns an option's text into a valid value of a RunConfig field."""

    def convert(text: str):
        try:
            return checked(item, text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    """An option for each field of RunConfig, with its default from the dataset's recipe."""
    group = parser.add_argument_group("what to train")
    standard = {name: recipe(name) for name in DATASETS}
    for item in fields(RunConfig):
        values = [getattr(standard[name], item.name) for name in DATASETS]
        if item.name in GRID:
            default = {"dataset": ["mnist"], "head": list(HEADS), "seed": [0]}[item.name]
            shown = " ".join(str(value) for value in default)
        else:
            default = None
            pairs = (f"{v} ({d})" for v, d in zip(values, DATASETS, strict=True))
            shown = str(values[0]) if len(set(values)) == 1 else ", ".join(pairs)
        choices = item.metadata["choices"]
        allowed = f"; one of {', '.join(choices)}" if choices else ""
        group.add_argument(
            f"--{item.name.replace('_', '-')}",
            nargs="+" if item.name in GRID else None,
            type=_setting_type(item),
            default=default,
            metavar=item.name.upper(),
            help=f"{item.metadata['help']}{allowed} (default: {shown})",
        )


def _configs(arguments: argparse.Namespace) -> list[RunConfig]:
    changes = {
        item.name: getattr(arguments, item.name)
        for item in fields(RunConfig)
        if item.name not in GRID and getattr(arguments, item.name) is not None
    }
    grid = itertools.product(*(getattr(arguments, name) for name in GRID))
    configs = [recipe(dataset, head=head, seed=seed, **changes) for dataset, head, seed in grid]
    return list(dict.fromkeys(configs))


def _parser() -> Parser:
    parser = Parser(prog="python -m binenc_core", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    train = commands.add_parser(
        "train",
        help="train the runs that are not on disk yet",
        description="Train every combination of dataset, head and seed that is not on disk yet.",
    )
    _add_run_options(train)
    where = train.add_argument_group("where and how")
    where.add_argument(
        "--device",
        default="auto",
        help="auto, cuda, mps or cpu; auto is the first of these that is there (default: auto)",
    )
    where.add_argument(
        "--threads",
        type=_threads,
        help="CPU threads of the training, ≥ 1 (default: as many as PyTorch chooses)",
    )
    freeze = commands.add_parser(
        "freeze",
        help="collect finished runs into results/NAME",
        description="Collect finished runs into results/NAME; a name that is a dataset's gives "
        "the figures of the book their runs.",
    )
    freeze.add_argument("name", metavar="NAME", help="name of the folder in results/")
    _add_run_options(freeze)
    data = commands.add_parser(
        "data",
        help="fetch and verify MNIST and FashionMNIST",
        description="Fetch and verify the data sets that come as files.",
    )
    data.add_argument(
        "names", nargs="*", metavar="DATASET", help="mnist, fashion_mnist (default: both)"
    )
    for command, prepare in ((train, _train), (freeze, _freeze), (data, _data)):
        names = [action.option_strings[-1] for action in command._actions if action.option_strings]
        command.set_defaults(options=names, prepare=prepare)
    return parser


def _threads(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"threads is {text!r}; allowed: a whole number ≥ 1")
    return int(text)


def _train(arguments: argparse.Namespace) -> Work:
    configs = _configs(arguments)
    import torch

    from binenc_core.devices import resolve_device
    from binenc_core.store import get_or_train

    resolve_device(arguments.device)

    def work() -> None:
        if arguments.threads:
            torch.set_num_threads(arguments.threads)
        for run in [get_or_train(config, arguments.device) for config in configs]:
            if run.info["diverged_epoch"] is not None:
                print(f"diverged in epoch {run.info['diverged_epoch']}: {run.config.label}")

    return work


def _options(arguments: argparse.Namespace) -> str:
    """The options that choose these runs, as they are typed."""
    words = []
    for item in fields(RunConfig):
        value = getattr(arguments, item.name)
        if value is not None:
            values = value if item.name in GRID else [value]
            words += [f"--{item.name.replace('_', '-')}", *map(str, values)]
    return shlex.join(words)


def _freeze(arguments: argparse.Namespace) -> Work:
    from binenc_core import freeze, store

    freeze.check_name(arguments.name, arguments.dataset)
    configs = _configs(arguments)
    found = [store.find(config) for config in configs]
    missing = [c.label for c, run in zip(configs, found, strict=True) if run is None]
    options = _options(arguments)
    train = f"python -m binenc_core train {options}"
    if missing:
        raise ValueError(f"not trained yet: {', '.join(missing)}; train them with `{train}`")
    # The number of threads changes the last digits, so it belongs to the command.
    threads = {run.info["threads"] for run in found}
    same = f" --threads {threads.pop()}" if len(threads) == 1 else ""
    command = f"{train}{same} && python -m binenc_core freeze {arguments.name} {options}"

    def work() -> None:
        freeze.freeze(found, store.RESULTS / arguments.name, command)
        print(f"froze {len(found)} runs into results/{arguments.name}")

    return work


def _data(arguments: argparse.Namespace) -> Work:
    for name in arguments.names:
        check_name(name)

    def work() -> None:
        for name in arguments.names or ARCHIVES:
            fetch(name)

    return work


def _with_negative_numbers(argv: Sequence[str]) -> list[str]:
    """The words, with a negative number joined to its option: argparse takes -1e3 for an option."""
    words: list[str] = []
    for word in argv:
        is_number = re.fullmatch(r"-[\d.]\S*|-inf|-nan", word)
        if is_number and words and re.fullmatch(r"--[a-z-]+", words[-1]):
            words[-1] += f"={word}"
        else:
            words.append(word)
    return words


def _run(parser: Parser, arguments: argparse.Namespace) -> int:
    try:
        work = arguments.prepare(arguments)
    except ValueError as error:
        parser.error(str(error))
    work()
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 for success, 2 for bad input, 1 for what fails while it works."""
    parser = _parser()
    words = _with_negative_numbers(sys.argv[1:] if argv is None else argv)
    arguments, unknown = parser.parse_known_args(words)
    if unknown:
        allowed = ", ".join(arguments.options)
        parser.error(f"unknown parameter {unknown[0]!r}; allowed: {allowed or 'none'}")
    try:
        return _run(parser, arguments)
    except DataError as error:
        parser.exit(1, f"error: {error}\n")
    except (OSError, RuntimeError) as error:
        # PyTorch's own end in a trace of its C++ code.
        parser.exit(1, f"error: {str(error).partition(chr(10))[0]}\n")
    except KeyboardInterrupt:
        parser.exit(130, "\ninterrupted: finished runs are kept, the current one is not\n")


if __name__ == "__main__":
    sys.exit(main())
