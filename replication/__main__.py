"""The command line: python -m replication COMMAND.

Commands: campaign | train | evaluate | verdicts | assess | costs | data.
"""

import re
import signal
import sys
import threading
from collections.abc import Sequence

from replication.base import console
from replication.cli import assess, campaign, costs, data, evaluate, train, verdicts
from replication.cli.options import Parser
from replication.data.sources import DataError


def _parser() -> Parser:
    parser = Parser(prog="python -m replication", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (campaign, train, evaluate, verdicts, assess, costs, data):
        command.add(commands)
    return parser


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


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 for success, 2 for bad input, 1 for what fails while it works."""
    console.prepare()
    parser = _parser()
    words = _with_negative_numbers(sys.argv[1:] if argv is None else argv)
    arguments, unknown = parser.parse_known_args(words)
    if unknown:
        options = [action.option_strings[-1:] for action in arguments.parser._actions]
        allowed = ", ".join(name for names in options for name in names)
        parser.error(f"unknown parameter {unknown[0]!r}; allowed: {allowed}")
    if threading.current_thread() is threading.main_thread():
        # What batch systems send ends a command as Ctrl-C does: with what was logged, and a word.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        try:
            work = arguments.prepare(arguments)
        except ValueError as error:
            parser.error(str(error))
        return work()
    except DataError as error:
        parser.exit(1, f"error: {error}\n")
    except BrokenPipeError:  # `console.run` knows what to do
        raise
    except (OSError, RuntimeError) as error:
        # PyTorch's own end in a trace of its C++ code.
        parser.exit(1, f"error: {str(error).partition(chr(10))[0]}\n")
    except KeyboardInterrupt:
        parser.exit(
            130,
            "\ninterrupted: finished runs are kept, and the same command goes on with the others "
            "from their last logged epoch\n",
        )


if __name__ == "__main__":
    sys.exit(console.run(main))
