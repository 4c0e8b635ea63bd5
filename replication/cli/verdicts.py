"""verdicts: the paper's claims as the frozen runs judge them."""

import argparse

from binenc_core.config import known
from replication.cli.options import Work, add_command


def add(commands) -> None:
    """Add the command to a parser."""
    parser = add_command(
        commands,
        "verdicts",
        "judge every claim by the frozen runs",
        _prepare,
        "Judge every claim of the table by the runs frozen in results/.",
    )
    parser.add_argument("--csv", action="store_true", help="as a table of comma-separated values")
    parser.add_argument("--setting", nargs="+", help="frozen campaigns (default: all)")
    parser.add_argument("--group", nargs="+", help="groups of claims, as 'figure 1' (default: all)")


def _prepare(arguments: argparse.Namespace) -> Work:
    # Statistics take a while to import, and other commands do without.
    from replication.claims import judge, table, words

    groups = list(dict.fromkeys(claim.group for claim in table.read().claims))
    known("group", groups, *(arguments.group or ()))
    found = judge.judge_all(arguments.setting)
    shown = [v for v in found if v.claim.group in (arguments.group or groups)]

    def work() -> int:
        print(judge.to_frame(shown).to_csv(index=False) if arguments.csv else words.terminal(shown))
        return 0

    return work
