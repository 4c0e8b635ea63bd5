"""Options that several commands share, and the errors of all."""

import argparse
import itertools
from collections.abc import Callable
from dataclasses import Field, fields
from functools import partial
from typing import Any, NoReturn

from binenc_core.config import HEADS, RunConfig, checked, read_whole
from replication.data.datasets import DATASETS
from replication.data.recipes import PROTOCOLS, recipe, usual_protocol

# A command is checked whole before any work: bad input is told at once. The work gives the exit
# code.
Work = Callable[[], int]

# What the runs of a command are a grid over, with the defaults; every other field has one value.
GRID = {"dataset": ["mnist"], "protocol": [None], "head": list(HEADS), "seed": [0]}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, without the usage above it."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}\n")


def add_command(commands, name: str, about: str, prepare, description: str = "") -> Parser:
    """A parser for a command; `prepare` makes its Work of the arguments, or raises ValueError."""
    parser = commands.add_parser(name, help=about, description=description or about)
    parser.set_defaults(parser=parser, prepare=prepare)
    return parser


def option_type(read: Callable[[str], Any]) -> Callable[[str], Any]:
    """What turns an option's text into a value, by a function that raises ValueError for others."""

    def convert(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def add_whole_number(parser, name: str, about: str, default: int | None = None) -> None:
    """An option for a whole number ≥ 1, of a parser or a group of its options."""
    read = option_type(partial(read_whole, name))
    parser.add_argument(f"--{name}", type=read, default=default, help=about)


def add_run_options(parser: Parser) -> None:
    """An option for each field of RunConfig, with its default from the dataset's recipe."""
    group = parser.add_argument_group("what to train")
    for item in fields(RunConfig):
        choices = DATASETS if item.name == "dataset" else item.metadata["choices"]
        allowed = f"; one of {', '.join(choices)}" if choices else ""
        group.add_argument(
            f"--{item.name.replace('_', '-')}",
            nargs="+" if item.name in GRID else None,
            type=option_type(partial(checked, item)),
            default=GRID.get(item.name),
            metavar=item.name.upper(),
            help=f"{item.metadata['help']}{allowed} (default: {_shown_default(item)})",
        )
        if item.name == "dataset":
            group.add_argument(
                "--protocol",
                nargs="+",
                choices=PROTOCOLS,
                default=GRID["protocol"],
                metavar="PROTOCOL",
                help="values of the switches below, which can be set alone; one of "
                f"{', '.join(PROTOCOLS)} (default: {_usual_protocols()})",
            )


def _shown_default(item: Field) -> str:
    if item.name in GRID:
        return " ".join(str(value) for value in GRID[item.name])
    return _by_dataset([getattr(recipe(name), item.name) for name in DATASETS])


def _usual_protocols() -> str:
    return _by_dataset([usual_protocol(name) for name in DATASETS])


def _by_dataset(values: list) -> str:
    """A value of each dataset, in words."""
    if len(set(values)) == 1:
        return str(values[0])
    named = {v: [d for d, own in zip(DATASETS, values, strict=True) if own == v] for v in values}
    return ", ".join(f"{value} ({' '.join(own)})" for value, own in named.items())


def add_device_option(parser) -> None:
    """An option for the device, of a parser or a group of its options."""
    parser.add_argument(
        "--device",
        default="auto",
        help="auto, cuda, mps or cpu; auto is the first of these that is there (default: auto)",
    )


def add_where_options(parser: Parser, threads: int | None) -> None:
    """Options for the device and the number of threads, with their default."""
    where = parser.add_argument_group("where and how")
    add_device_option(where)
    about = f"CPU threads of a training, ≥ 1 (default: {threads or 'as PyTorch chooses'})"
    add_whole_number(where, "threads", about, threads)


def configs(arguments: argparse.Namespace) -> list[RunConfig]:
    """The configurations that the run options choose, each once."""
    names = [item.name for item in fields(RunConfig) if item.name not in GRID]
    asked = {name: getattr(arguments, name) for name in names}
    changes = {name: value for name, value in asked.items() if value is not None}
    grid = itertools.product(*(getattr(arguments, name) for name in GRID))
    chosen = [recipe(**dict(zip(GRID, values, strict=True)), **changes) for values in grid]
    return list(dict.fromkeys(chosen))
