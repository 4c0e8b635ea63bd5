"""Verdicts in words: one rendering for pages, README, front page and the command line."""

from collections.abc import Collection, Sequence

import numpy as np

from replication.base import markdown
from replication.claims import table as claim_table
from replication.claims.judge import FIRST_SEED, Verdict, judge_all
from replication.claims.rules import NOT_JUDGED
from replication.claims.table import Claim, Setting
from replication.data import recipes
from replication.data.datasets import DATASETS, PAPER_DATASETS
from replication.runs.store import Trained

# By what a verdict comes to: never told by a color alone.
MARKS = {
    "replicated": "✓",
    "small": "≈",
    "not replicated": "✗",
    "reversed": "⇄",
    "inconclusive": "?",
    "not judged": "–",
}
LEGEND = (
    "✓ replicated · ≈ there, but small or perhaps small · ✗ not replicated, or no effect as large "
    "as the margin · ⇄ reversed · ? inconclusive · – not judged. In brackets the 95 % interval: "
    "differences above 0, and factors above 1, favor the claim. “Against” names the rival that "
    "decides. A provisional verdict has fewer seeds than planned: conclude nothing from it yet."
)
# Fractions, of which readers want percentages and their differences in points.
FRACTIONS = (
    *("accuracy", "bit_agreement", "whole_code_agreement"),
    *("noise_accuracy", "ece", "ece_scaled"),
)


NOTHING = "No claim is judged on this dataset."


def title(setting: Setting) -> str:
    """Dataset and protocol, for people."""
    return recipes.title(setting.dataset, setting.protocol)


def heading(group: str) -> str:
    """A group of claims as a heading; this book's own figures have other numbers."""
    name = f"{group} of the paper" if group.startswith("figure") else group
    return name[:1].upper() + name[1:]


def is_factor(claim: Claim) -> bool:
    """Whether a claim's numbers are logarithms, which readers want as factors."""
    return claim.scale == "log" or claim.kind == "sooner"


def number(claim: Claim, value: float, signed: bool = True) -> str:
    """A claim's number in a reader's units: a factor, points, a percentage, or as it is."""
    if is_factor(claim):
        return f"×{np.exp(value):{'#' if signed else ''}.3g}".rstrip(".")
    if claim.measure in FRACTIONS and claim.kind == "threshold":
        return f"{100 * value:.1f} %"
    if claim.measure in FRACTIONS:
        value *= 100
    is_difference = claim.kind not in ("level", "threshold")
    form = ".2f" if claim.measure in FRACTIONS and signed else ".3g"
    text = f"{value:{'+' if signed and is_difference else ''}{form}}"
    return text.replace("-", "−")


def unit(claim: Claim) -> str:
    """What stands behind a number or an interval."""
    points = claim.measure in FRACTIONS and claim.kind != "threshold" and not is_factor(claim)
    return " points" if points else ""


def bound(verdict: Verdict) -> str:
    """The margin, or the level, that a verdict was asked for."""
    claim = verdict.claim
    if claim.threshold is not None:
        return (
            f"{'≥' if claim.direction == 'higher' else '≤'} {number(claim, claim.threshold, False)}"
        )
    if claim.margin is None:
        return ""
    size = number(claim, verdict.margin, signed=False)
    return f"{size}{' point' if size == '1' and unit(claim) else unit(claim)}"


def estimate(verdict: Verdict) -> str:
    """The estimate with its interval, or nothing where nothing was judged."""
    claim, judged = verdict.claim, verdict.judged
    if np.isnan(judged.estimate):
        return ""
    own = (judged.estimate, judged.low, judged.high)
    # A level is a quantity itself, not a difference in a direction.
    if claim.threshold is not None and claim.direction == "lower":
        own = (-judged.estimate, -judged.high, -judged.low)
    middle, low, high = (number(claim, value) for value in own)
    return f"{middle} [{low}, {high}]{unit(claim)}"


def cell(verdict: Verdict) -> str:
    """Mark, verdict, estimate and what else has to be said, in one cell of a table."""
    mark = MARKS[verdict.kind]
    if verdict.judged.verdict == NOT_JUDGED:
        return f"{mark} not judged: {verdict.note or seeds(verdict)}"
    parts = [f"{mark} **{verdict.judged.verdict}**", estimate(verdict), verdict.note]
    text = "<br>".join(filter(None, parts))
    return f'<span class="provisional">{text}</span>' if verdict.provisional else text


def seeds(verdict: Verdict) -> str:
    """How many of the planned seeds there are."""
    if verdict.provisional:
        return f"{verdict.n} of {verdict.setting.planned} seeds"
    return f"{verdict.n} seeds"


def table(verdicts: Sequence[Verdict]) -> str:
    """A Markdown table: a line for each claim, a column for each setting with verdicts."""
    columns = _by_setting(verdicts, judged=True)
    if not columns:
        return ""
    found = {(v.claim.id, v.setting): v for own in columns.values() for v in own}
    claims = {v.claim.id: v.claim for own in columns.values() for v in own}
    heads = [f"{title(setting)}<br>{state(own)}" for setting, own in columns.items()]
    rows = []
    for name, claim in claims.items():
        own = [found.get((name, setting)) for setting in columns]
        bounds = dict.fromkeys(bound(verdict) for verdict in own if verdict)
        cells = [cell(verdict) if verdict else "" for verdict in own]
        rows.append([claim.text, " or ".join(bounds), *cells])
    return markdown.table(["Claim", "Margin", *heads], rows)


def waiting(verdicts: Sequence[Verdict]) -> str:
    """A sentence that names the settings on which nothing is judged yet, or nothing."""
    names = [f"{title(s)} ({state(own)})" for s, own in _by_setting(verdicts, False).items()]
    return f"Not judged yet: {'; '.join(names)}." if names else ""


def _by_setting(verdicts: Sequence[Verdict], judged: bool) -> dict[Setting, list[Verdict]]:
    """The verdicts on each setting on which any is judged, or on each of the others."""
    settings: dict[Setting, list[Verdict]] = {}
    for verdict in verdicts:
        settings.setdefault(verdict.setting, []).append(verdict)
    return {
        setting: own
        for setting, own in settings.items()
        if any(verdict.judged.verdict != NOT_JUDGED for verdict in own) == judged
    }


def state(verdicts: Sequence[Verdict]) -> str:
    """The seeds of the verdicts on a setting, and whether they are provisional."""
    most = max(verdicts, key=lambda verdict: verdict.n)
    judged = any(verdict.judged.verdict != NOT_JUDGED for verdict in verdicts)
    return f"{seeds(most)}{', provisional' if most.provisional and judged else ''}"


def _judged(groups: Collection[str], datasets: Collection[str] = DATASETS) -> list[Verdict]:
    """The verdicts on groups of claims on datasets."""
    known = claim_table.read()
    asked = {name for claim in known.claims if claim.group in groups for name in claim.settings}
    names = [n for n, own in known.settings.items() if n in asked and own.dataset in datasets]
    found = judge_all(names) if names else []
    return [verdict for verdict in found if verdict.claim.group in groups]


def page(shown: Sequence[Trained], *groups: str) -> str:
    """The verdicts on groups of claims for the datasets of the runs that a page shows, as Markdown.

    Lines say so where runs that judge are not shown, and where the shown ones do not judge.
    """
    found = _judged(groups, {run.config.dataset for run in shown})
    if not found:
        return NOTHING
    parts = [table(found), waiting(found), LEGEND]
    drawn = [
        (recipes.title(run.config.dataset, recipes.protocol_of(run.config)), run.config.seed)
        for run in shown
    ]
    judged = map(title, _by_setting(found, judged=True))
    if others := [name for name in judged if name not in dict(drawn)]:
        parts.append(f"Judged as well, but not drawn on this page: {'; '.join(others)}.")
    exploring = dict.fromkeys(name for name, seed in drawn if seed < FIRST_SEED)
    if exploring:
        parts.append(
            f"The figures show exploratory runs of {'; '.join(exploring)}. Verdicts use seeds from "
            f"{FIRST_SEED} on alone, trained after the claims and their margins had been fixed."
        )
    return "\n\n".join(filter(None, parts))


def why_in_short() -> str:
    """How many predictions on why there is a code came true, by setting; which did not."""
    found = _judged(["why"])
    said = []
    for setting in dict.fromkeys(verdict.setting for verdict in found):
        title = DATASETS[setting.dataset].title
        own = [verdict for verdict in found if verdict.setting == setting]
        if any(verdict.provisional for verdict in own):
            said.append(f"On {title} they are not judged yet, for want of seeds.")
            continue
        others = [verdict for verdict in own if verdict.kind != "replicated"]
        text = f"On {title} {len(own) - len(others)} of {len(own)} came true"
        rest = "; ".join(f"*{v.claim.text}* ({v.judged.verdict})" for v in others)
        which = "the other" if len(others) == 1 else "the others"
        said.append(f"{text}; {which}: {rest}." if rest else f"{text}.")
    return "**Our predictions.** " + " ".join(said)


def why() -> str:
    """The verdicts on the predictions of the page on why there is a code, as Markdown."""
    found = _judged(["why"])
    return f"{table(found)}\n\n{LEGEND}"


def overview() -> str:
    """The verdicts on the paper's claims, on its datasets, a table for each group, as Markdown."""
    groups = {claim.group for claim in claim_table.read().claims} - {"why"}
    found = _judged(groups, PAPER_DATASETS)
    if not found:
        return NOTHING
    groups = dict.fromkeys(verdict.claim.group for verdict in found)
    parts = [
        f"**{heading(name)}**\n\n"
        + table([verdict for verdict in found if verdict.claim.group == name])
        for name in groups
    ]
    return "\n\n".join(filter(None, [*parts, waiting(found), LEGEND]))


def terminal(verdicts: Sequence[Verdict]) -> str:
    """The verdicts as lines for a terminal."""
    grey = {True: " (provisional)", False: ""}
    rows = [
        (
            v.claim.id,
            v.setting.name,
            f"{MARKS[v.kind]} {v.judged.verdict}{grey[v.n > 0 and v.provisional]}",
            estimate(v),
            f"{v.n} of {v.setting.planned}",
            v.note,
        )
        for v in verdicts
    ]
    head = ("claim", "setting", "verdict", "estimate [95 %]", "seeds", "note")
    widths = [max(len(row[k]) for row in [head, *rows]) for k in range(len(head))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in [head, *rows]
    )
