"""Measured numbers as a reader wants them in a sentence."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import pandas as pd

from replication.base import markdown
from replication.data.datasets import DATASETS
from replication.figures.common.curves import Curves, values_at
from replication.figures.common.style import HEAD_STYLES

NO_VALUE = "no value"
# Words for what a quantity is over the seeds.
Write = Callable[[pd.Series], str]


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


def share(fraction: float, digits: int = 0) -> str:
    """A fraction as a percentage."""
    return f"{100 * fraction:.{digits}f} %"


def percent(fractions: pd.Series) -> str:
    """Fractions over the seeds as percentages."""
    return _with_spread(100 * fractions, ".2f", ".2f", " %")


def points(differences: pd.Series) -> str:
    """Differences of fractions over the seeds in signed percentage points."""
    return _with_spread(100 * differences, "+.2f", ".2f", " points")


# The logged quantities that are fractions.
FRACTIONS = ("accuracy", "whole_code_agreement", "bit_agreement", "bit_agreement_predicted")


def written(metric: str) -> tuple[Write, Write]:
    """How values and differences of a logged quantity are written."""
    return (percent, points) if metric in FRACTIONS else (value, signed)


class Quantity(NamedTuple):
    """A line of a table: what it is, its values (seeds × heads), and how to write a column."""

    name: str
    values: pd.DataFrame
    write: Write


def table(quantities: Sequence[Quantity]) -> str:
    """A Markdown table: a line for each quantity, a column for each architecture that has any."""
    heads = [head for head in HEAD_STYLES if any(head in q.values for q in quantities)]
    rows = [
        [name, *(write(values[head]) if head in values else "–" for head in heads)]
        for name, values, write in quantities
    ]
    return markdown.table(["Quantity", *(HEAD_STYLES[head].name for head in heads)], rows)


def last_epoch(curves: Curves, dataset: str) -> list[Quantity]:
    """Every row's values at the last epoch."""
    return [
        Quantity(
            f"{row.title}, last epoch", values_at(curves, dataset, row), written(row.metric)[0]
        )
        for row in curves.rows
    ]


def evidence(curves: Curves, quantities: Callable[[str], Sequence[Quantity]]) -> str:
    """The numbers behind a figure as Markdown: a table of `quantities` for each dataset."""
    parts = [f"**{DATASETS[name].title}**\n\n{table(quantities(name))}" for name in curves.datasets]
    return "\n\n".join(parts)
