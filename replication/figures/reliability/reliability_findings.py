"""The numbers behind the later versions' claim of reliability."""

from collections.abc import Sequence

import pandas as pd

from binenc_core.reliability import SCORES
from replication.figures.common import wording
from replication.figures.common.assessed import Group, Measured
from replication.figures.common.style import HEAD_STYLES
from replication.figures.reliability import reliability_numbers
from replication.figures.reliability.reliability_numbers import FEW, by_head
from replication.studies.assessments import Assessment

BINARY = "binary"


def findings(found: Sequence[Assessment]) -> str:
    """The numbers for each dataset and protocol, as Markdown."""
    numbers = reliability_numbers.data(found)
    parts = [reliability_numbers.control_outcome(numbers)]
    for group in numbers.groups:
        parts += [f"**{group.title}**", *best(numbers, group), table(numbers, group)]
    parts.append(
        "The area under the risk–coverage curve holds both how often a network errs and how well "
        "it ranks its errors; what is in excess of a perfect ranking holds the second alone."
    )
    if any(group.protocol == "released" for group in numbers.groups):
        parts.append(
            "As released the loss takes softmax twice. The figure and the verdicts are about the "
            "softmax of the logits. By the loss's own reading the network says what the softmax of "
            "these probabilities is, of which none can be large; the table has that beside it."
        )
    return "\n\n".join(parts)


def best(numbers: Measured, group: Group) -> list[str]:
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
    other = f"{SCORES[top[1]]} with {HEAD_STYLES[top[0]].name.lower()} ({means[top]:.3f})"
    return [f"{text}; the best of all is {other}."]


def table(numbers: Measured, group: Group) -> str:
    """A Markdown table: every number, a column for each architecture."""
    names = SCORES | {"msp": "maximum softmax", "vertex": "nearest vertex"}
    errors = "misclassified"
    # What a line is, how it is written, and its place in the numbers.
    lines = [("misclassified test images", wording.value, errors, "msp", "auroc", "positives")]
    for score in SCORES:
        lines.append((f"AUROC, {names[score]}", wording.value, errors, score, "auroc"))
    for score in ("mahalanobis", "msp"):
        lines.append((f"AUPR, {names[score]}", wording.value, errors, score, "aupr"))
        title = f"risk–coverage area, {names[score]}"
        lines.append((f"{title}, ‰", _per_mille, errors, score, "aurc"))
        lines.append((f"{title}, in excess, ‰", _per_mille, errors, score, "excess_aurc"))
    for reading, note in (("logits", ""), ("probabilities", ", as its loss reads it")):
        for metric, title, write in (
            ("ece_before", "calibration error", wording.percent),
            ("ece_after", "calibration error after scaling", wording.percent),
            ("temperature", "temperature", wording.value),
        ):
            lines.append((title + note, write, "calibration", reading, metric))
    for score in SCORES:
        title = f"another dataset: AUROC, {names[score]}"
        lines.append((title, wording.value, "outside", score, "auroc"))
    found = [
        wording.Quantity(name, by_head(numbers, group, *place), write)
        for name, write, *place in lines
    ]
    return wording.table([quantity for quantity in found if len(quantity.values)])


def _per_mille(fractions: pd.Series) -> str:
    return wording.value(1000 * fractions)
