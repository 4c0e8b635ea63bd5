"""Measured numbers as a reader wants them in a sentence."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from binenc_core.figures.curves import Curves
from binenc_core.figures.style import DATASET_NAMES, LOOKS

NO_VALUE = "no value"

# A figure's claims on a dataset, each with the seeds (index) in which it is seen.
Claims = Callable[[Curves, str], dict[str, pd.Series]]


def _with_spread(values: pd.Series, mean: str, spread: str, unit: str = "") -> str:
    """Mean ± standard deviation (ddof 1) over the seeds, or one seed's value, so formatted."""
    values = values.dropna()
    if values.empty:
        return NO_VALUE
    text = _number(values.mean(), mean)
    if len(values) > 1:
        text += f" ± {_number(values.std(ddof=1), spread)}"
    return text + unit


def _number(number: float, form: str) -> str:
    """A number as it is printed: with a minus sign, and powers of ten in place of an e."""
    digits, _, exponent = format(number, form).partition("e")
    power = f"·10<sup>{int(exponent)}</sup>" if exponent else ""
    return (digits + power).replace("-", "−")


def value(values: pd.Series) -> str:
    """A quantity over the seeds, to three digits."""
    return _with_spread(values, ".3g", ".2g")


def signed(differences: pd.Series) -> str:
    """Differences of a quantity over the seeds, to three digits with a sign."""
    return _with_spread(differences, "+.3g", ".2g")


def percent(fractions: pd.Series) -> str:
    """Fractions over the seeds as percentages."""
    return _with_spread(100 * fractions, ".2f", ".2f", " %")


def points(differences: pd.Series) -> str:
    """Differences of fractions over the seeds in signed percentage points."""
    return _with_spread(100 * differences, "+.2f", ".2f", " points")


class Quantity(NamedTuple):
    """A line of a table: what it is, its values (seeds × heads), and how to write a column."""

    name: str
    values: pd.DataFrame
    write: Callable[[pd.Series], str]


def table(quantities: Sequence[Quantity]) -> str:
    """A Markdown table: a line for each quantity, a column for each architecture that has any."""
    heads = [head for head in LOOKS if any(head in q.values for q in quantities)]
    lines = [
        f"| Quantity | {' | '.join(LOOKS[head].name for head in heads)} |",
        f"|{'---|' * (1 + len(heads))}",
    ]
    for name, values, write in quantities:
        cells = [write(values[head]) if head in values else "–" for head in heads]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def verdict(seen: pd.Series) -> str:
    """Whether a statement is seen, and in how many of the seeds (index)."""
    count, total = int(seen.sum()), len(seen)
    if not total:
        return "**not judged** (nothing to compare)"
    part = "seen in part" if count else "not seen"
    word = "seen" if count == total else part
    return f"**{word}** ({count} of {total} seed{'s' if total > 1 else ''})"


def verdict_table(columns: Mapping[str, Mapping[str, str]]) -> str:
    """A Markdown table: a line for each claim that a column has, a column of verdicts for each."""
    lines = [f"| Claim | {' | '.join(columns)} |", f"|{'---|' * (1 + len(columns))}"]
    for claim in dict.fromkeys(claim for own in columns.values() for claim in own):
        cells = " | ".join(own.get(claim, "not judged") for own in columns.values())
        lines.append(f"| {claim} | {cells} |")
    return "\n".join(lines)


def judged(
    claims: Claims, heads: Sequence[str], curves: Curves, dataset: str
) -> dict[str, pd.Series] | None:
    """A figure's claims on a dataset, or None where one of the heads they compare has no values."""
    own = curves.table[curves.table["dataset"] == dataset]
    return claims(curves, dataset) if set(heads) <= set(own["head"]) else None


def findings(
    curves: Curves,
    heads: Sequence[str],
    claims: Claims,
    evidence: Callable[[str], Sequence[Quantity]],
) -> str:
    """The claims, their verdicts and the evidence for each dataset of a figure, as Markdown."""
    parts = []
    for dataset in curves.datasets:
        parts.append(f"**{DATASET_NAMES[dataset]}**")
        seen = judged(claims, heads, curves, dataset)
        if seen is None:
            parts.append("Not judged: an architecture that the claims compare has no values.")
        else:
            parts.append("\n".join(f"- {claim}: {verdict(s)}." for claim, s in seen.items()))
            parts.append(table(evidence(dataset)))
    return "\n\n".join(parts)
