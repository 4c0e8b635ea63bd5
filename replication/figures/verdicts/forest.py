"""The forest plot: every judged claim as a point with its interval, in units of its margin."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go

from replication.claims import words
from replication.claims.judge import Verdict, to_frame
from replication.claims.rules import NOT_JUDGED
from replication.figures.common.drawing import bars, described
from replication.figures.common.style import NEUTRAL

# The page that shows a group of claims, from the book's folder.
PAGES = {
    "figure 1": "figures/fig1_binarity",
    "figure 2": "figures/fig2_encoding",
    "figure 3": "figures/fig3_accuracy",
    "figure 4": "figures/fig4_collapse",
    "vertices": "codes",
    "why": "why",
    "robustness": "robustness",
    "reliability": "reliability",
}
# A claim with a threshold has no margin: its distance from the threshold counts in these.
UNIT = 0.05
# Color of each dataset and protocol, in the order of the table; the mark tells the verdict.
COLORS = ("#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7")
SYMBOLS = {
    "replicated": "circle",
    "small": "diamond",
    "not replicated": "x",
    "reversed": "triangle-left",
    "inconclusive": "circle-open",
}
FARTHEST = 30
TICKS = (-16, -4, -1, 0, 1, 4, 9, 16, 25)
# Heights in pixels: of a group's name, of a line of a claim's text, of the space below it, and of
# its marks. A line has as many characters as a phone shows.
HEAD, TEXT, SPACE, MARKS, LETTERS = 34, 14, 4, 14, 54
MARGINS = {"t": 60, "b": 10, "l": 10, "r": 10}


class Forest(NamedTuple):
    """The verdicts that have an estimate, all of them as a table, and how many claims wait."""

    shown: list[Verdict]
    table: pd.DataFrame
    waiting: int


def data(verdicts: Sequence[Verdict]) -> Forest:
    """The verdicts of the claims that are judged, in the order of the table of claims."""
    shown = [v for v in verdicts if v.judged.verdict != NOT_JUDGED and not math.isnan(v.judged.low)]
    waiting = len({v.claim.id for v in verdicts} - {v.claim.id for v in shown})
    return Forest(shown, to_frame(verdicts), waiting)


def figure(forest: Forest) -> go.Figure:
    """Each claim's text and below it its marks, by group; colors by setting, marks by verdict.

    The vertical axis counts pixels.
    """
    rows, total = _rows(forest.shown)
    fig = go.Figure()
    fig.add_vrect(-1, 1, fillcolor=NEUTRAL, opacity=0.18, line_width=0, layer="below")
    settings = {v.setting: words.title(v.setting) for v in forest.shown}
    titles = list(dict.fromkeys(settings.values()))
    for place, title in enumerate(titles):
        own = [v for v in forest.shown if settings[v.setting] == title]
        fig.add_trace(_marks(own, rows, place, len(titles)))
    for (group, text), top in rows.items():
        name = _wrapped(text) if text else f"<b>{words.heading(group)}</b>"
        fig.add_annotation(
            text=name,
            x=0,
            xref="paper",
            y=top if text else top + HEAD - TEXT - 8,
            xanchor="left",
            yanchor="top",
            align="left",
            font={"size": 11 if text else 13},
            borderpad=0,
            showarrow=False,
        )
    fig.update_yaxes(range=[total, 0], visible=False)
    lowest = _place(min([-4, *(size for v in forest.shown for size in _in_margins(v))]))
    fig.update_xaxes(
        tickvals=[_place(tick) for tick in TICKS],
        ticktext=[f"{tick:g}".replace("-", "−") for tick in TICKS],
        range=[lowest - 0.2, _place(FARTHEST) + 0.2],
        title_text="effect, in margins",
        side="top",
        zeroline=True,
    )
    rest = f" {forest.waiting} claims are not judged yet." if forest.waiting else ""
    return described(
        fig,
        figure,
        alt="Forest plot: for each claim of the paper the effect with its interval, in units "
        "of the margin that was fixed beforehand.",
        caption="Every judged claim with its 95 % interval, to the right as claimed, in units of "
        f"its margin (gray band), or of {UNIT} from its threshold. Pale: provisional. The "
        f"axis is a square root.{rest}",
        table=forest.table,
        height=total + MARGINS["t"] + MARGINS["b"],
        margin=MARGINS,
        hovermode="closest",
    )


def _rows(shown: Sequence[Verdict]) -> tuple[dict[tuple[str, str], int], int]:
    """Where the text of each claim begins, and each group's name (with no text); where all ends."""
    tops: dict[tuple[str, str], int] = {}
    top = 0
    for group in dict.fromkeys(v.claim.group for v in shown):
        tops[group, ""] = top
        top += HEAD
        for text in dict.fromkeys(v.claim.text for v in shown if v.claim.group == group):
            tops[group, text] = top
            top += _text_height(text) + MARKS
    return tops, top


def _text_height(text: str) -> int:
    """The height of a claim's text with the space below it."""
    return TEXT * (1 + _wrapped(text).count("<br>")) + SPACE


def _place(margins: float) -> float:
    """Where so many margins lie: the root of their size, so that 1 is seen beside 20."""
    return math.copysign(math.sqrt(min(abs(margins), FARTHEST)), margins)


def _in_margins(verdict: Verdict) -> list[float]:
    """Estimate and interval, in the claimed direction and in margins."""
    claim, judged = verdict.claim, verdict.judged
    start = 0.0
    if claim.threshold is not None:
        start = claim.threshold if claim.direction == "higher" else -claim.threshold
    unit = UNIT if math.isnan(verdict.margin) else verdict.margin
    return [(value - start) / unit for value in (judged.estimate, judged.low, judged.high)]


def _marks(own: Sequence[Verdict], rows: dict, place: int, titles: int) -> go.Scatter:
    middles, lows, highs = zip(*[[_place(m) for m in _in_margins(v)] for v in own], strict=True)
    color = COLORS[place % len(COLORS)]
    return go.Scatter(
        name=words.title(own[0].setting),
        legendgroup=words.title(own[0].setting),
        x=middles,
        y=[
            rows[v.claim.group, v.claim.text]
            + _text_height(v.claim.text)
            + MARKS * (place + 0.5) / titles
            for v in own
        ],
        mode="markers",
        marker={
            "color": color,
            "size": 9,
            "symbol": [SYMBOLS[v.kind] for v in own],
            "opacity": [0.45 if v.provisional else 1 for v in own],
        },
        error_x=bars(middles, lows, highs, color, thickness=1.5),
        text=[_hover(v) for v in own],
        customdata=[f"{PAGES[v.claim.group]}.html" for v in own],
        hovertemplate="%{text}<extra></extra>",
    )


def _hover(verdict: Verdict) -> str:
    return (
        f"{_wrapped(verdict.claim.text)}<br>{words.title(verdict.setting)}: "
        f"{words.MARKS[verdict.kind]} {verdict.judged.verdict}<br>{words.estimate(verdict)}, asked "
        f"{words.bound(verdict) or 'an order'}; {words.seeds(verdict)}"
    )


def _wrapped(text: str) -> str:
    """A text in lines of some length."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= LETTERS:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)
