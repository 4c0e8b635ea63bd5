"""The engine: claims × frozen runs -> verdicts, the one object that everything shows."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from binenc_core.config import known
from replication.claims import measures, rules, table
from replication.claims.arms import (
    Arms,
    Missing,
    assessed,
    compared,
    contrasts,
    curves_of,
    series_of,
    sign_of,
    values_of,
)
from replication.claims.rules import LEAST_SEEDS, NOT_JUDGED, Judged
from replication.claims.table import Claim, Setting, Table
from replication.data.datasets import DATASETS
from replication.runs import store
from replication.runs.series import before_switch, drift, end
from replication.runs.store import Run
from replication.studies import assessments
from replication.studies.assessments import Assessment
from replication.studies.catalog import STUDIES

# Trainings are deterministic: a seed that has been looked at is no test. Earlier ones explored.
FIRST_SEED = 10
# "Sooner" needs each of these first epochs.
EARLY = range(6)
# How a verdict's note calls an arm whose own name says too little.
ARM_NAMES = {
    "linear": "the linear layer",
    "nonlinear": "the non-linear layer",
    "none": "no penultimate layer",
}


class Verdict(NamedTuple):
    """A claim judged on a setting.

    Estimate and interval are in the claimed direction and in the units of the margin: differences,
    or differences of natural logarithms, for a threshold the fraction itself. `epochs` and `n`: of
    the runs that judge; 0 where there are none. `holm`: the adjusted p in the claim's dataset and
    protocol. `provisional`: fewer seeds than planned. `note`: what else has to be said.
    """

    claim: Claim
    setting: Setting
    epochs: int
    n: int
    judged: Judged
    margin: float
    note: str = ""
    holm: float = np.nan

    @property
    def provisional(self) -> bool:
        """Whether some of the planned seeds are missing: such a verdict feeds no sentence."""
        return self.n < self.setting.planned

    @property
    def kind(self) -> str:
        """What the verdict comes to, one of rules.CLASSES' values."""
        return rules.CLASSES[self.judged.verdict]


def judge_all(names: Sequence[str] | None = None) -> list[Verdict]:
    """Every claim on every setting (or on these), from results/, in the order of the table.

    Holm's p are those among all settings, whichever are asked for. Raises ValueError for an unknown
    setting, RuntimeError for damaged files.
    """
    claims = table.read()
    known("setting", claims.settings, *(names or ()))
    studies = {name: assessments.frozen_of(name) for name in STUDIES}
    asked = [claims.settings[name] for name in names or claims.settings]
    families = {_family(setting) for setting in asked}
    related = [own for own in claims.settings.values() if _family(own) in families]
    found = [v for own in related for v in judge(claims, own, _frozen(own), studies)]
    return [v for v in _with_holm(found) if v.setting in asked]


def _family(setting: Setting) -> tuple[str, str]:
    """Dataset and protocol: Holm's p counts the claims that share both."""
    return setting.dataset, setting.protocol


def _frozen(setting: Setting) -> list[Run]:
    return [run for run in store.campaign_of(setting.name) if run.config.seed >= FIRST_SEED]


# What each study found of networks, by its name and the id of the network's run.
Studies = Mapping[str, Mapping[str, Assessment]]


def judge(
    claims: Table, setting: Setting, runs: Sequence[Run], studies: Studies | None = None
) -> list[Verdict]:
    """The claims on one setting, from its runs and from what studies found of their networks.

    Holm's p is that of the setting alone.
    """
    asked = [claim for claim in claims.claims if setting.name in claim.settings]
    return _with_holm([_judge(claims, claim, setting, runs, studies or {}) for claim in asked])


def _with_holm(found: Sequence[Verdict]) -> list[Verdict]:
    by_family: dict[tuple[str, str], list[int]] = {}
    for k, verdict in enumerate(found):
        by_family.setdefault(_family(verdict.setting), []).append(k)
    adjusted = list(found)
    for places in by_family.values():
        for k, p in zip(places, rules.holm([found[k].judged.p for k in places]), strict=True):
            adjusted[k] = found[k]._replace(holm=float(p))
    return adjusted


def _judge(
    claims: Table, claim: Claim, setting: Setting, runs: Sequence[Run], studies: Studies
) -> Verdict:
    margin = claims.margins[claim.margin].on(setting.dataset) if claim.margin else np.nan
    arms = compared(claims, claim, runs)
    if claim.study:
        arms = assessed(arms, studies.get(claim.study, {}))
    epochs = max(
        (run.config.epochs for own in arms.runs.values() for run in own.values()), default=0
    )
    answer = Verdict(claim, setting, epochs, len(arms.seeds), Judged(NOT_JUDGED), margin)
    if arms.diverged:
        return answer._replace(note=f"{arms.diverged} of {arms.planned} runs diverged")
    if not arms.seeds:
        return answer._replace(note=_missing(claim, arms))
    if len(arms.seeds) < LEAST_SEEDS:
        return answer
    try:
        judged, note = _KINDS[claim.kind](claim, setting, arms, margin)
    except Missing as missing:
        return answer._replace(note=str(missing))
    return answer._replace(judged=judged, note=note)


def _missing(claim: Claim, arms: Arms) -> str:
    if claim.study:
        return "no frozen assessment"
    if len(arms.absent) in (0, len(claim.arms)):
        return "no frozen run"
    return f"no frozen run of {', '.join(map(_named, arms.absent))}"


def _named(arm: str) -> str:
    return ARM_NAMES.get(arm, arm)


def _at_ceiling(claim: Claim, values: dict[str, np.ndarray], margin: float) -> bool:
    others = claim.arms[1:]
    return claim.ceiling is not None and any(
        values[name].mean() >= claim.ceiling - margin for name in others
    )


def _contrast(claim: Claim, setting: Setting, arms: Arms, margin: float) -> tuple[Judged, str]:
    """Contrasts of one or two arms, and of the first with each other (most)."""
    values = values_of(claim, arms)
    if _at_ceiling(claim, values, margin):
        return Judged(NOT_JUDGED), "ceiling"
    pairs = contrasts(claim, values)
    judged = rules.most(pairs, margin)
    notes = _rival(claim, pairs, margin, judged) if claim.kind == "most" else []
    if len(claim.arms) > 1 and claim.value == "end" and not claim.study:
        if _still_moving(claim, arms, margin):
            notes.append("still moving")
        others = [(claim.arms[0], other) for other in claim.arms[1:]]
        if images := _by_image(claim, arms, others):
            notes.append(_survival(judged, rules.most(pairs, margin, images)))
    return judged, "; ".join(notes)


def _rival(claim: Claim, pairs: Sequence[np.ndarray], margin: float, judged: Judged) -> list[str]:
    """Which arm decides on `most`, and the level where the verdict is not its 95 % interval's."""
    alone = rules.contrast(pairs[judged.which], margin).verdict
    level = f"asked at {100 * rules.strict_level(len(pairs)):.1f} %"
    return [
        f"against {_named(claim.arms[1 + judged.which])}",
        *([] if alone == judged.verdict else [level]),
    ]


def _still_moving(claim: Claim, arms: Arms, margin: float) -> bool:
    """Whether the differences drift by more than the margin within the window of the end value."""
    drifts = {n: [drift(own) for own in s] for n, s in series_of(claim, arms).items()}
    first, *others = claim.arms
    return any(abs(np.mean(np.subtract(drifts[first], drifts[o]))) > margin for o in others)


def _by_image(
    claim: Claim, arms: Arms, pairs: Sequence[tuple[str, str]]
) -> list[np.ndarray] | None:
    """Each pair's difference by test image (N,), the mean over the seeds.

    None where the claim is not one on the test accuracy, or where not all runs kept their images.
    """
    if (claim.measure, claim.split) != ("accuracy", "test"):
        return None
    hits = {n: [measures.correct(run) for run in own.values()] for n, own in arms.runs.items()}
    if any(own is None for several in hits.values() for own in several):
        return None
    mean = {name: np.mean(own, axis=0) for name, own in hits.items()}
    return [mean[one] - mean[other] for one, other in pairs]


def _survival(judged: Judged, by_images: Judged) -> str:
    """Whether a verdict is the same where the test images are a sample as well."""
    same = judged.verdict == by_images.verdict
    return "survives the images" if same else "does not survive the images"


def _level(claim: Claim, setting: Setting, arms: Arms, margin: float) -> tuple[Judged, str]:
    values = values_of(claim, arms)
    sign = sign_of(claim)
    if claim.kind == "level":
        judged = rules.level([sign * own for own in values.values()], sign * claim.threshold)
    else:
        size = DATASETS[setting.dataset]
        number = size.train_images if claim.split == "train" else size.test_images
        judged = _threshold(list(values.values()), claim, number)
    note = f"weakest: {_named(claim.arms[judged.which])}" if len(claim.arms) > 1 else ""
    return judged, note


def _threshold(arms: Sequence[np.ndarray], claim: Claim, number: int) -> Judged:
    """A level on logits, told as fractions."""
    sign = sign_of(claim)
    bound = rules.logit([claim.threshold], number)[0]
    judged = rules.level([sign * rules.logit(own, number) for own in arms], sign * bound)
    told = [
        sign * float(rules.fraction(sign * value, number)) if np.isfinite(value) else value
        for value in (judged.estimate, judged.low, judged.high)
    ]
    nowhere = {"detectable": np.nan, "excludable": np.nan}  # a logit's tells no reader anything
    return judged._replace(estimate=told[0], low=told[1], high=told[2], **nowhere)


def _comparable(claim: Claim, setting: Setting, arms: Arms, margin: float) -> tuple[Judged, str]:
    values = values_of(claim, arms)
    names = list(combinations(claim.arms, 2))
    pairs = [values[a] - values[b] for a, b in names]
    judged = rules.comparable(pairs, margin)
    notes = [" less ".join(map(_named, names[judged.which]))] if len(names) > 1 else []
    if claim.value == "end" and (images := _by_image(claim, arms, names)):
        notes.append(_survival(judged, rules.comparable(pairs, margin, images)))
    return judged, "; ".join(notes)


def _order(claim: Claim, setting: Setting, arms: Arms, margin: float) -> tuple[Judged, str]:
    values = values_of(claim, arms)
    return rules.order(sign_of(claim) * np.column_stack([values[n] for n in claim.arms])), ""


def _sooner(claim: Claim, setting: Setting, arms: Arms, margin: float) -> tuple[Judged, str]:
    epochs, curves = curves_of(claim, arms)
    if not set(EARLY) <= set(epochs.tolist()):
        raise Missing("the runs did not log each of the first epochs")
    log = claim.scale == "log"
    first, second = claim.arms
    goals = [-sign_of(claim) * end(own, log) for own in series_of(claim, arms)[second]]
    gained = rules.sooner(curves[first], curves[second], epochs, goals)
    # In the first epoch against the last: the trainings end too soon, or begin too late, for more.
    soonest = np.allclose(gained, np.log(epochs[-1] + 1))
    return rules.contrast(gained, margin), "or more: reached in the first epoch" if soonest else ""


def _throughout(claim: Claim, setting: Setting, arms: Arms, margin: float) -> tuple[Judged, str]:
    _, curves = curves_of(claim, arms)
    first, second = (curves[name].mean(axis=1) for name in claim.arms)
    return rules.contrast(second - first, margin), ""


def _switch(claim: Claim, setting: Setting, arms: Arms, margin: float) -> tuple[Judged, str]:
    found = series_of(claim, arms)
    switched = claim.arms[0]
    runs = arms.runs[switched].values()
    before = [before_switch(r, own) for r, own in zip(runs, found[switched], strict=True)]
    after, goal = ([end(own) for own in found[name]] for name in claim.arms)
    return rules.switch(after, before, goal), ""


_KINDS = {
    "contrast": _contrast,
    "most": _contrast,
    "level": _level,
    "threshold": _level,
    "comparable": _comparable,
    "order": _order,
    "sooner": _sooner,
    "throughout": _throughout,
    "switch": _switch,
}


COLUMNS = [
    *("id", "claim", "dataset", "protocol", "epochs", "n", "planned"),
    *("estimate", "low", "high", "margin", "direction", "verdict"),
    *("holm", "detectable", "excludable"),
]


def to_frame(verdicts: Sequence[Verdict]) -> pd.DataFrame:
    """The verdicts as a table, a line for each; nan where a number does not apply."""
    lines = [
        {
            **verdict.setting._asdict(),
            **verdict.judged._asdict(),
            "id": verdict.claim.id,
            "claim": verdict.claim.text,
            "epochs": verdict.epochs,
            "n": verdict.n,
            "margin": verdict.margin,
            "direction": verdict.claim.direction or "",
            "holm": verdict.holm,
        }
        for verdict in verdicts
    ]
    return pd.DataFrame(lines, columns=COLUMNS)
