"""The claims of the paper's later versions with their verdicts, from what results/ holds."""

from collections.abc import Sequence

from binenc_core.figures import (
    assessed,
    captions,
    reliability_findings,
    reliability_numbers,
    robustness_corruptions,
    robustness_falsified,
    robustness_findings,
    wording,
)
from binenc_core.figures.assessed import Group
from binenc_core.selection import assessments_shown
from binenc_core.studies import STUDIES


def findings() -> str:
    """Every verdict of the two studies by dataset and protocol, as Markdown."""
    found = {study: assessed.groups(assessments_shown(study)) for study in STUDIES}
    parts = [_judged(study, shown) if shown else _missing(study) for study, shown in found.items()]
    # Where both studies took the same networks, these are described once.
    settings = dict.fromkeys(
        captions.setting(group.found) for shown in found.values() for group in shown
    )
    return "\n\n".join([*parts, " ".join(settings)]).strip()


def _judged(study: str, shown: Sequence[Group]) -> str:
    return f"**{study.capitalize()}**, {_IMAGES[study](shown)}.\n\n{_TABLES[study](shown)}"


def _missing(study: str) -> str:
    return (
        f"**{study.capitalize()}.** Not judged: `results/{study}` holds nothing. "
        f"`python -m binenc_core assess {study} mnist --freeze` makes it."
    )


def _robustness(shown: Sequence[Group]) -> str:
    return robustness_findings.table(shown, robustness_falsified.data(shown))


def _reliability(shown: Sequence[Group]) -> str:
    numbers = reliability_numbers.data([found for group in shown for found in group.found])
    return wording.verdict_table(
        {group.title: reliability_findings.verdicts(numbers, group) for group in shown}
    )


def _attacked(shown: Sequence[Group]) -> str:
    noisy = assessed.images(shown, robustness_corruptions.images)
    return f"{assessed.images(shown)}; in noise {noisy}"


def _scored(shown: Sequence[Group]) -> str:
    return (
        f"{assessed.images(shown)}; calibration on those of them on which no temperature was fitted"
    )


_IMAGES = {"robustness": _attacked, "reliability": _scored}
_TABLES = {"robustness": _robustness, "reliability": _reliability}
