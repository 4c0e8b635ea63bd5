"""The effects of the switches in numbers, and what `metrics` defines in two ways."""

from collections.abc import Callable, Sequence

import pandas as pd

from replication.base import markdown
from replication.data.datasets import DATASETS
from replication.figures.common import wording
from replication.figures.common.curves import Row, curve_data, values_at
from replication.figures.paper import fig2_encoding, fig4_collapse
from replication.figures.protocols.protocol_effects import (
    QUANTITIES,
    RELEASED,
    Effects,
    changes,
    lead,
    setting_of,
    values,
)
from replication.figures.protocols.switches import TEXT
from replication.runs.store import Run

Write = Callable[[pd.Series], str]
BINARY = "binary"
FRACTIONS = ("accuracy", "whole_code_agreement", "bit_agreement", "bit_agreement_predicted")


def _written(row: Row) -> tuple[Write, Write]:
    """How the values and the changes of a quantity are written."""
    if row.metric in FRACTIONS:
        return wording.percent, wording.points
    return wording.value, wording.signed


def table(effects: Effects) -> str:
    """A Markdown table: binary encoding as described, what each setting changes, and its lead.

    Nothing where there is no run.
    """
    if not effects.runs:
        return ""
    title = DATASETS[effects.runs[0].config.dataset].title
    rows = []
    for setting in effects.settings:
        is_text = setting == TEXT
        cells = [
            _written(row)[not is_text](
                (values if is_text else changes)(effects, setting, BINARY, row.title)
            )
            for row in QUANTITIES
        ]
        cells.append(wording.points(lead(effects, setting)))
        label = f"*{setting}*" if setting == RELEASED else f"`{setting}`"
        rows.append([label, *cells])
    return markdown.table([title, *(row.title for row in QUANTITIES), "lead"], rows)


def definitions(runs: Sequence[Run]) -> str:
    """A Markdown table: what `metrics` defines in two ways, by both, of the runs as described."""
    own = [run for run in runs if setting_of(run.config) == TEXT]
    sources = ("described", "released")
    figures = (fig2_encoding, fig4_collapse)
    pairs = zip(
        *([row for figure in figures for row in figure.rows("train", s)] for s in sources),
        strict=True,
    )
    return wording.table(
        [
            wording.Quantity(f"{row.title}, {source}", _last(own, row), _written(row)[0])
            for pair in pairs
            if pair[0] != pair[1]
            for row, source in zip(pair, sources, strict=True)
        ]
    )


def _last(runs: Sequence[Run], row: Row) -> pd.DataFrame:
    return values_at(curve_data(runs, [row], ""), runs[0].config.dataset, row)
