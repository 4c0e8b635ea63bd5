"""The forest plot: every judged claim as a point with its interval, in units of its margin."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import plotly.graph_objects as go

from replication.claims import words
from replication.claims.judge import Verdict, to_frame
from replication.claims.rules import NOT_JUDGED
from replication.figures.common.figure_meta import figure_meta
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
# Color of each data set and protocol, in the order of the table; the mark tells the verdict.
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
LINE_HEIGHT, LEAST_WIDTH, WRAP = 30, 640, 56


class Forest(NamedTuple):
    """The verdicts that have an estimate, and all of them as a table."""

    shown: list[Verdict]
    table: pd.DataFrame
    caption: str


def data(verdicts: Sequence[Verdict]) -> Forest:
    """The verdicts of the claims that are judged, in the order of the table of claims."""
    shown = [v for v in verdicts if v.judged.verdict != NOT_JUDGED and not math.isnan(v.judged.low)]
    waiting = len({v.claim.id for v in verdicts} - {v.claim.id for v in shown})
    rest = f" {waiting} claims are not judged yet." if waiting else ""
    caption = (
        "Every judged claim with its 95 % interval, to the right as claimed, in units of its "
        f"margin (gray band, in which equality lies); where it has a threshold, of {UNIT} from "
        f"that. Pale: provisional. The axis is a square root.{rest}"
    )
    return Forest(shown, to_frame(verdicts), caption)


def figure(forest: Forest) -> go.Figure:
    """A line for each claim, under the name of its group; colors by setting, marks by verdict."""
    lines = _lines(forest.shown)
    fig = go.Figure()
    fig.add_vrect(-1, 1, fillcolor=NEUTRAL, opacity=0.18, line_width=0, layer="below")
    titles = list(dict.fromkeys(words.title(v.setting) for v in forest.shown))
    for place, title in enumerate(titles):
        own = [v for v in forest.shown if words.title(v.setting) == title]
        fig.add_trace(_marks(own, lines, place, len(titles)))
    heads = {name: y for (name, claim), y in lines.items() if claim is None}
    for name, y in heads.items():
        fig.add_annotation(
            x=0,
            xref="paper",
            y=y,
            text=f"<b>{name[:1].upper()}{name[1:]}</b>",
            showarrow=False,
            xanchor="left",
            bgcolor="rgba(0,0,0,0)",
        )
    named = {y: claim for (_, claim), y in lines.items() if claim}
    texts = {v.claim.id: v.claim.text for v in forest.shown}
    fig.update_yaxes(
        tickvals=list(named),
        ticktext=[_wrapped(texts[claim]) for claim in named.values()],
        range=[max(lines.values()) + 0.8, -0.8],
        zeroline=False,
        showgrid=False,
        automargin=True,
        tickfont={"size": 11},
    )
    fig.update_xaxes(
        tickvals=[_place(tick) for tick in TICKS],
        ticktext=[f"{tick:g}".replace("-", "−") for tick in TICKS],
        range=[min([_place(-4), *_lowest(forest.shown)]) - 0.2, _place(FARTHEST) + 0.2],
        title_text="effect, in margins",
        zeroline=True,
    )
    fig.update_layout(
        height=LINE_HEIGHT * len(lines) + 110,
        hovermode="closest",
        meta=figure_meta(
            figure,
            alt="Forest plot: for each claim of the paper the effect with its interval, in units "
            "of the margin that was fixed beforehand.",
            caption=forest.caption,
            table=forest.table,
        )
        | {"least_width": LEAST_WIDTH},
    )
    return fig


def _lines(shown: Sequence[Verdict]) -> dict[tuple[str, str | None], int]:
    """The height of each claim, and of each group's name (None) above its claims."""
    keys: dict[tuple[str, str | None], None] = {}
    for group in dict.fromkeys(v.claim.group for v in shown):
        keys[group, None] = None
        keys |= {(group, v.claim.id): None for v in shown if v.claim.group == group}
    return {key: y for y, key in enumerate(keys)}


def _place(margins: float) -> float:
    """Where so many margins lie: the root of their size, so that 1 is seen beside 20."""
    return math.copysign(math.sqrt(min(abs(margins), FARTHEST)), margins)


def _lowest(shown: Sequence[Verdict]) -> list[float]:
    return [_place(min(_in_margins(verdict))) for verdict in shown]


def _in_margins(verdict: Verdict) -> list[float]:
    """Estimate and interval, in the claimed direction and in margins."""
    claim, judged = verdict.claim, verdict.judged
    start = 0.0
    if claim.threshold is not None:
        start = claim.threshold if claim.direction == "higher" else -claim.threshold
    unit = UNIT if math.isnan(verdict.margin) else verdict.margin
    return [(value - start) / unit for value in (judged.estimate, judged.low, judged.high)]


def _marks(own: Sequence[Verdict], lines: dict, place: int, titles: int) -> go.Scatter:
    middles, lows, highs = zip(*[[_place(m) for m in _in_margins(v)] for v in own], strict=True)
    color = COLORS[place % len(COLORS)]
    return go.Scatter(
        name=words.title(own[0].setting),
        legendgroup=words.title(own[0].setting),
        x=middles,
        y=[lines[v.claim.group, v.claim.id] + 0.16 * (place - (titles - 1) / 2) for v in own],
        mode="markers",
        marker={
            "color": color,
            "size": 9,
            "symbol": [SYMBOLS[v.kind] for v in own],
            "opacity": [0.45 if v.provisional else 1 for v in own],
        },
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [high - middle for middle, high in zip(middles, highs, strict=True)],
            "arrayminus": [middle - low for middle, low in zip(middles, lows, strict=True)],
            "color": color,
            "thickness": 1.5,
            "width": 0,
        },
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
        if lines[-1] and len(lines[-1]) + len(word) >= WRAP:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)
