"""The effects of the switches in numbers, and what `metrics` defines in two ways."""

from collections.abc import Sequence

from replication.base import markdown
from replication.data.datasets import DATASETS
from replication.figures.common import wording
from replication.figures.common.curves import last_values
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
            wording.written(row.metric)[not is_text](
                (values if is_text else changes)(effects, setting, "binary", row.title)
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
            wording.Quantity(
                f"{row.title}, {source}", last_values(own, row), wording.written(row.metric)[0]
            )
            for pair in pairs
            if pair[0] != pair[1]
            for row, source in zip(pair, sources, strict=True)
        ]
    )
