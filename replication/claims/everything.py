"""Every verdict in one table for the page, which filters it, and the margins with their reasons."""

from collections.abc import Sequence
from html import escape

import numpy as np

from replication.base import markdown
from replication.claims import table, words
from replication.claims.judge import Verdict
from replication.claims.rules import NOT_JUDGED
from replication.data.recipes import departures
from replication.runs import store

HEAD = (
    "Claim",
    "Setting",
    "Verdict",
    "Estimate [95 %]",
    "Asked",
    "Seeds",
    "Detectable",
    "Holm's p",
)


def html(verdicts: Sequence[Verdict]) -> str:
    """A table with a line for each claim and setting, in a box that scrolls, under a filter."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in HEAD)
    rows = "".join(_row(verdict) for verdict in verdicts)
    return (
        '<p class="book-filter" data-name="all-verdicts" hidden><label>Show lines with '
        '<input type="search" aria-controls="all-verdicts"></label> <output></output> '
        '<button type="button" class="book-copy" hidden>Copy link</button></p>'
        '<div class="book-table" tabindex="0" role="region" aria-label="All verdicts">'
        f'<table id="all-verdicts"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(verdict: Verdict) -> str:
    judged, claim = verdict.judged, verdict.claim
    known = judged.verdict != NOT_JUDGED
    cells = (
        claim.text,
        words.title(verdict.setting),
        f"{words.MARKS[verdict.kind]} {judged.verdict}",
        words.estimate(verdict) if known else verdict.note,
        words.bound(verdict),
        f"{verdict.n} of {verdict.setting.planned}",
        "" if np.isnan(judged.detectable) else words.number(claim, judged.detectable, signed=False),
        f"{verdict.holm:.2g}" if not np.isnan(verdict.holm) else "",
    )
    look = ' class="provisional"' if known and verdict.provisional else ""
    first, *others = (escape(cell) for cell in cells)
    return f'<tr{look}><th scope="row">{first}</th>{"".join(f"<td>{c}</td>" for c in others)}</tr>'


def margins() -> str:
    """The margins and their reasons, as a Markdown table."""
    rows = []
    for name, own in table.read().margins.items():
        values = ", ".join(
            f"{size:g}" if key == "value" else f"{size:g} ({words.DATASETS[key].title})"
            for key, size in own.values.items()
        )
        rows.append((name.replace("_", " "), values, own.reason))
    return markdown.table(("Margin", "Smallest difference that counts", "Why"), rows)


def departures_text() -> str:
    """In what the frozen runs of each setting differ from the paper's, as a Markdown list."""
    lines = []
    for setting in table.read().settings.values():
        configs = [run.config for run in store.campaign_of(setting.name)]
        if configs and not setting.name.startswith("why"):
            seeds = len({config.seed for config in configs})
            phrases = sorted({p for c in configs for p in departures(c, setting.protocol)})
            differs = "; ".join(phrases) or "nothing"
            lines.append(f"- {words.title(setting)}, {seeds} seeds: {differs}.")
    return "\n".join(lines)
