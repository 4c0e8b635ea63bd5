"""Whether the two distances that the page shows can be trusted: sanity checks (a) to (d).

The checks themselves are `replication.studies.sanity_checks`.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from replication.base import markdown
from replication.figures.common import wording
from replication.figures.common.assessed import Group
from replication.figures.common.style import HEAD_STYLES
from replication.studies import sanity_checks
from replication.studies.assessments import Assessment
from replication.studies.robustness_numbers import NUMBERS, mean, relative
from replication.studies.sanity_checks import Outcome

# Of each number. The smallest perturbation is never above the bisection, one of its attacks.
CHECKS = {"deepfool": ("a", "b", "c", "d"), "smallest": ("b", "c", "d")}


def data(shown: Sequence[Group]) -> pd.DataFrame:
    """The sanity checks of every network: a line for each number and sanity check.

    Columns dataset, protocol, head, seed, number (a key of NUMBERS), check (one of its
    CHECKS), measured, limit and passed; what could not be measured is nan, and not passed.
    """
    return pd.DataFrame(
        [
            {
                **group.columns(found),
                "number": number,
                "check": outcome.name,
                "measured": outcome.measured,
                "limit": outcome.limit,
                "passed": outcome.passed,
            }
            for group in shown
            for found in group.found
            for number in NUMBERS
            for outcome in outcomes_of(found, number)
        ]
    )


def outcomes_of(found: Assessment, number: str) -> list[Outcome]:
    """What the checks say of one network's number; reruns are compared where there are any."""
    sizes, taken = relative(found, number), relative(found, NUMBERS[number])
    scaled = [relative(found, f"{number}_{key}") for key in ("up", "down")]
    double, second = relative(found, f"{number}_float64"), _second(found, number)
    again = scaled[0].notna() & scaled[1].notna()
    outcomes = [
        sanity_checks.above_bound(sizes, relative(found, "bisection")),
        sanity_checks.change_with_scale(_sure(sizes[again]), [_sure(own[again]) for own in scaled]),
        sanity_checks.change_with_precision(
            _sure(sizes[double.notna()]), _sure(double[double.notna()])
        ),
        sanity_checks.excess_over_second(
            _sure(taken[second.notna()]), _sure(second[second.notna()])
        ),
    ]
    return [outcome for outcome in outcomes if outcome.name in CHECKS[number]]


def _sure(values: pd.Series) -> NDArray[np.float64]:
    """The values, or one nan where nothing was run again, which passes no check."""
    return values.to_numpy(float) if len(values) else np.array([np.nan])


def _second(found: Assessment, number: str) -> pd.Series:
    """The second attack of (d): for the smallest perturbation that of the stronger attacks.

    For DeepFool the better of the two whose loss or steps do not depend on the logits' scale.
    """
    if number == "smallest":
        return relative(found, "smallest_strong")
    return relative(found, min(("margin", "apgd"), key=lambda attack: mean(found, attack)))


def failed(
    outcomes: pd.DataFrame, group: Group, head: str, number: str, seed: int | None = None
) -> str:
    """The sanity checks that a number fails in any network of an architecture, as in "a, d".

    `seed`: of this network alone. Nothing for what is not a key of NUMBERS.
    """
    own = group.select(outcomes, head=head, number=number)
    own = own[~own["passed"] & (own["seed"] == seed if seed is not None else True)]
    return ", ".join(sorted(set(own["check"])))


def note(outcomes: pd.DataFrame, group: Group, head: str, number: str) -> str:
    """What stands behind a number in a table: " (failed a, d)", or nothing."""
    letters = failed(outcomes, group, head, number)
    return f" (failed {letters})" if letters else ""


def legend(shown: Sequence[Group], outcomes: pd.DataFrame) -> str:
    """What the sanity checks' letters in `table` stand for, with their limits, as Markdown."""
    limits = dict(zip(outcomes["check"], outcomes["limit"], strict=True))
    again = {int(a.table["smallest_strong"].notna().sum()) for g in shown for a in g.found}
    percent = {check: wording.share(limit) for check, limit in limits.items()}
    return (
        f"**The sanity checks**, passed by what is at most the limit. (a) Share of images above "
        f"the bisection bound, {percent['a']}; an image on which the attack does not succeed "
        "counts as above. The smallest perturbation is never above it, since the bisection is one "
        "of its attacks, and the margin attack and APGD begin where it ends. (b) Change of "
        "the mean where the logits are multiplied by 1000 or 0.001, "
        f"{percent['b']}. (c) Its change in float64, {percent['c']}. (d) How far the mean is above "
        f"that of a second attack, {percent['d']}: for DeepFool the better of the margin attack "
        "and APGD, for the smallest perturbation all attacks with more steps, restarts and "
        "targets. What is run again, for (b), (c) and the smallest perturbation's (d), is run on "
        f"the first {' or '.join(map(str, sorted(again)))} images of each network."
    )


def table(group: Group, outcomes: pd.DataFrame) -> str:
    """A Markdown table: a line for each number, a column for each architecture.

    Of several networks each sanity check's worst value, and in how many of them it fails.
    """
    rows = [
        [
            name,
            *(_cell(group.select(outcomes, head=head, number=number)) for head in group.heads),
        ]
        for number, name in (("deepfool", "DeepFool"), ("smallest", "Smallest of all"))
    ]
    heads = [HEAD_STYLES[head].name for head in group.heads]
    return markdown.table(["Sanity checks of", *heads], rows)


def _cell(networks: pd.DataFrame) -> str:
    """One architecture's sanity checks, a line for each: passed, or in how many networks failed."""
    return "<br>".join(f"({check}) {_said(own)}" for check, own in networks.groupby("check"))


def _said(own: pd.DataFrame) -> str:
    worst, fails = own["measured"].max(), int((~own["passed"]).sum())
    if own["measured"].isna().all():
        return "not measured"
    value = f"{100 * worst:.1f} %".replace("-", "−")
    several = f" ({fails} of {len(own)} seeds)" if len(own) > 1 else ""
    return f"{value} **failed**{several}" if fails else f"{value} passed"
