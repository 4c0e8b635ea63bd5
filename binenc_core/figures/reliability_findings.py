"""What the reliability of the architectures says, by a rule that was fixed before it was seen."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from binenc_core.assessments import Assessment
from binenc_core.figures import reliability_numbers, wording
from binenc_core.figures.assessed import Group
from binenc_core.figures.reliability_numbers import FEW, Numbers, by_head
from binenc_core.figures.style import LOOKS
from binenc_core.reliability import OUTSIDE, SCORES

BINARY = "binary"


class Claim(NamedTuple):
    """A number of which binary encoding has the highest, or the lowest; where the table has it."""

    text: str
    task: str
    score: str
    metric: str
    highest: bool


CLAIMS = (
    Claim(
        "Misclassified images, Mahalanobis distance: the highest AUROC (the authors' claim)",
        *("misclassified", "mahalanobis", "auroc", True),
    ),
    Claim(
        "Misclassified images, maximum softmax probability: the highest AUROC",
        *("misclassified", "msp", "auroc", True),
    ),
    Claim(
        "Maximum softmax probability: the smallest area under the risk–coverage curve",
        *("misclassified", "msp", "aurc", False),
    ),
    Claim("Calibration error as trained: the lowest", "calibration", "logits", "ece_before", False),
    Claim(
        "Calibration error after temperature scaling: the lowest",
        *("calibration", "logits", "ece_after", False),
    ),
    Claim(
        "Images of another dataset, Mahalanobis distance: the highest AUROC",
        *("outside", "mahalanobis", "auroc", True),
    ),
    Claim(
        "Images of another dataset, maximum softmax probability: the highest AUROC",
        *("outside", "msp", "auroc", True),
    ),
)

# What one seed says of a claim.
SEEN, AGAINST, OPEN, FEWER, FAILED = "seen", "not seen", "not settled", "too few", "failed"


def rule() -> str:
    """How the claims are judged, in words."""
    return (
        "**The rule.** In each seed binary encoding is compared with every other architecture of "
        "the same seed, by the 95 % bootstrap intervals over the images. A claim is *seen* where "
        "its interval is beyond all the others, *not seen* where it is behind one of them, and "
        f"*not settled* where it overlaps. Where a network misclassifies fewer than {FEW} images "
        "there are *too few to say*, and binary encoding's interval is given. An AUROC that failed "
        "a control is not judged. Two scores were taken beforehand, the authors' and the plainest "
        "one: to choose each architecture's best score by the test images would flatter all."
    )


def findings(found: Sequence[Assessment]) -> str:
    """The claims and the evidence for each dataset and protocol, as Markdown."""
    numbers = reliability_numbers.data(found)
    parts = ["**What we see.** Binary encoding against the other architectures.", rule()]
    for group in numbers.groups:
        parts.append(f"**{group.title}**")
        lines = [f"{claim}: {said}." for claim, said in verdicts(numbers, group).items()]
        lines = [*lines, *best(numbers, group)] if lines else [unjudged(group)]
        parts.append("\n".join(f"- {line}" for line in lines))
        parts.append(table(numbers, group))
    parts.append(
        "The area under the risk–coverage curve holds both how often a network errs and how well "
        "it ranks its errors; what is in excess of a perfect ranking holds the second alone."
    )
    if any(group.protocol == "released" for group in numbers.groups):
        parts.append(
            "As released the loss takes softmax twice. The figure and the claims are about the "
            "softmax of the logits. By the loss's own reading the network says what the softmax of "
            "these probabilities is, of which none can be large; the table has that beside it."
        )
    return "\n\n".join(parts)


def verdicts(numbers: Numbers, group: Group) -> dict[str, str]:
    """The verdict on every claim; none where an architecture is missing."""
    if group.heads != list(LOOKS):
        return {}
    said = {
        claim: judged(numbers, group, claim)
        for claim in CLAIMS
        if claim.task != "outside" or group.dataset in OUTSIDE
    }
    return {
        claim.text: verdict(own) + (_interval(numbers, group, claim) if FEWER in set(own) else "")
        for claim, own in said.items()
    }


def unjudged(group: Group) -> str:
    """Why no claim on a group is judged."""
    missing = [look.name.lower() for head, look in LOOKS.items() if head not in group.heads]
    return f"Not judged: there is no network of {', '.join(missing)}."


def best(numbers: Numbers, group: Group) -> list[str]:
    """Which score finds the errors best, binary encoding's and that of all, chosen afterwards.

    No sentence where a network has too few errors, or binary encoding no sound number.
    """
    means = {}
    for score in SCORES:
        place = (numbers, group, "misclassified", score, "auroc")
        if (by_head(*place, "positives") < FEW).any(axis=None):
            return []
        sound = by_head(*place).where(by_head(*place, "failed") == "")
        means |= {(head, score): mean for head, mean in sound.mean().dropna().items()}
    own = max((key for key in means if key[0] == BINARY), key=means.get, default=None)
    if own is None:
        return []
    top = max(means, key=means.get)
    text = f"Chosen afterwards, binary encoding's best score is {SCORES[own[1]]} ({means[own]:.3f})"
    if top == own:
        return [f"{text}, and no architecture has a better one."]
    other = f"{SCORES[top[1]]} with {LOOKS[top[0]].name.lower()} ({means[top]:.3f})"
    return [f"{text}; the best of all is {other}."]


def judged(numbers: Numbers, group: Group, claim: Claim) -> pd.Series:
    """What each seed (index) in which every architecture went through says of a claim."""
    columns = ("low", "high", "positives", "failed")
    found = {
        column: by_head(numbers, group, claim.task, claim.score, claim.metric, column)
        for column in columns
    }
    seeds = found["positives"].dropna().index
    return pd.Series(
        {seed: _judge({c: found[c].loc[seed] for c in columns}, claim.highest) for seed in seeds},
        dtype=object,
    )


def _judge(own: dict[str, pd.Series], highest: bool) -> str:
    """What one seed says; `own` has the table's columns, each by head."""
    if (own["failed"] != "").any():
        return FAILED
    if (own["positives"] < FEW).any():
        return FEWER
    if highest:
        ahead = own["low"][BINARY] > own["high"].drop(BINARY)
        behind = own["high"][BINARY] < own["low"].drop(BINARY)
    else:
        ahead = own["high"][BINARY] < own["low"].drop(BINARY)
        behind = own["low"][BINARY] > own["high"].drop(BINARY)
    if ahead.all():
        return SEEN
    return AGAINST if behind.any() else OPEN


def verdict(said: pd.Series) -> str:
    """One verdict on a claim from what each seed says of it."""
    total = len(said)
    if not total:
        return "**not judged** (nothing to compare)"
    counts = said.value_counts()
    seeds = f"of {total} seed{'s' if total > 1 else ''}"
    if len(counts) == 1:
        (word,) = counts.index
        full = {FEWER: "too few to say", FAILED: "not judged: a control failed"}.get(word, word)
        # As on the other pages, of a claim that is not seen the seeds in which it is.
        return f"**{full}** ({0 if word == AGAINST else total} {seeds})"
    word = "seen in part" if SEEN in counts else OPEN
    parts = ", ".join(f"{name} in {counts[name]}" for name in counts.index)
    return f"**{word}** ({parts} {seeds})"


def _interval(numbers: Numbers, group: Group, claim: Claim) -> str:
    """Binary encoding's interval, from the lowest to the highest end of any seed."""
    low, high = (
        by_head(numbers, group, claim.task, claim.score, claim.metric, column)[BINARY]
        for column in ("low", "high")
    )
    return f"; binary encoding: {low.min():.3g} to {high.max():.3g}"


def table(numbers: Numbers, group: Group) -> str:
    """A Markdown table: the numbers behind the claims, a column for each architecture."""

    def line(name: str, write, *place: str, column: str = "value") -> wording.Quantity:
        return wording.Quantity(name, by_head(numbers, group, *place, column), write)

    names = SCORES | {"msp": "maximum softmax", "vertex": "nearest vertex"}
    errors = "misclassified"
    lines = [
        line("misclassified test images", wording.value, errors, "msp", "auroc", column="positives")
    ]
    for score in SCORES:
        lines.append(line(f"AUROC, {names[score]}", wording.value, errors, score, "auroc"))
    for score in ("mahalanobis", "msp"):
        lines.append(line(f"AUPR, {names[score]}", wording.value, errors, score, "aupr"))
        title = f"risk–coverage area, {names[score]}"
        lines.append(line(f"{title}, ‰", _per_mille, errors, score, "aurc"))
        lines.append(line(f"{title}, in excess, ‰", _per_mille, errors, score, "excess_aurc"))
    for reading, note in (("logits", ""), ("probabilities", ", as its loss reads it")):
        for metric, title in (
            ("ece_before", "calibration error"),
            ("ece_after", "calibration error after scaling"),
        ):
            lines.append(line(title + note, wording.percent, "calibration", reading, metric))
        lines.append(
            line(f"temperature{note}", wording.value, "calibration", reading, "temperature")
        )
    for score in SCORES:
        title = f"another dataset: AUROC, {names[score]}"
        lines.append(line(title, wording.value, "outside", score, "auroc"))
    return wording.table([quantity for quantity in lines if len(quantity.values)])


def _per_mille(fractions: pd.Series) -> str:
    return wording.value(1000 * fractions)
