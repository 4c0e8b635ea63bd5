"""The runs that a claim compares, by arm and seed, and the numbers that it takes from them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from replication.claims.measures import STUDY_MEASURES
from replication.claims.table import Claim, Table
from replication.runs.series import Series, change, end, measured
from replication.runs.store import Run
from replication.studies.assessments import Assessment


class Arms(NamedTuple):
    """The runs of each arm by seed, the same seeds in all, in their order.

    How many of all `planned` runs diverged; the arms that have no run; what the claim's study found
    of their networks, by the id of the run.
    """

    runs: dict[str, dict[int, Run]]
    seeds: list[int]
    diverged: int
    planned: int
    absent: list[str]
    found: Mapping[str, Assessment]


class Missing(Exception):
    """Why there is nothing to judge by."""


def compared(claims: Table, claim: Claim, runs: Sequence[Run]) -> Arms:
    """The runs that a claim compares, of the seeds that every arm has."""
    found: dict[str, dict[int, Run]] = {}
    diverged = 0
    for name in claim.arms:
        wanted = claims.arms[name]
        own = [r for r in runs if all(getattr(r.config, k) == v for k, v in wanted.items())]
        if len({run.config.seed for run in own}) < len(own):
            raise ValueError(f"arm {name} has two runs of one seed; allowed: fields that tell them")
        diverged += sum(run.info["diverged_epoch"] is not None for run in own)
        found[name] = {run.config.seed: run for run in own}
    seeds = sorted(set.intersection(*(set(own) for own in found.values())))
    shared = {name: {seed: own[seed] for seed in seeds} for name, own in found.items()}
    absent = [name for name, own in found.items() if not own]
    return Arms(shared, seeds, diverged, sum(len(own) for own in found.values()), absent, {})


def assessed(arms: Arms, found: Mapping[str, Assessment]) -> Arms:
    """The arms' runs of the seeds in which each was assessed; `found` by the id of the run."""
    seeds = [s for s in arms.seeds if all(own[s].id in found for own in arms.runs.values())]
    runs = {name: {seed: own[seed] for seed in seeds} for name, own in arms.runs.items()}
    return arms._replace(runs=runs, seeds=seeds, found=found)


def series_of(claim: Claim, arms: Arms) -> dict[str, list[Series]]:
    """The measure of every run over the epochs, by arm in the order of the seeds."""

    def own(run: Run) -> Series:
        found = measured(run, claim.measure, claim.split, claim.scale == "log")
        if found is None:
            raise Missing(f"the runs did not record {claim.measure}")
        return found

    return {name: [own(run) for run in runs.values()] for name, runs in arms.runs.items()}


def values_of(claim: Claim, arms: Arms) -> dict[str, np.ndarray]:
    """The number of every run that a claim compares, (n,) by arm."""
    log = claim.scale == "log"
    if claim.study:
        measure = STUDY_MEASURES[claim.study][claim.measure]
        values = {
            name: np.array([measure(arms.found[run.id]) for run in own.values()])
            for name, own in arms.runs.items()
        }
        if log:
            values = {n: np.log(np.where(own > 0, own, np.nan)) for n, own in values.items()}
        if any(np.isnan(own).any() for own in values.values()):
            raise Missing("a number is not defined, or failed a control")
        return values
    take = change if claim.value == "change" else end
    return {
        name: np.array([take(own, log) for own in series])
        for name, series in series_of(claim, arms).items()
    }


def curves_of(claim: Claim, arms: Arms) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The logged epochs (E,), and the curves (n, E) by arm, turned to fall in the claim's way."""
    found = series_of(claim, arms)
    epochs = [own.epochs for series in found.values() for own in series]
    if any(len(own) != len(epochs[0]) or (own != epochs[0]).any() for own in epochs):
        raise Missing("the runs did not log the same epochs")
    turn = -sign_of(claim)
    return epochs[0], {n: turn * np.array([own.values for own in s]) for n, s in found.items()}


def sign_of(claim: Claim) -> int:
    """1, or −1 where a claim says that its measure is lower."""
    return -1 if claim.direction == "lower" else 1


def contrasts(claim: Claim, values: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The first arm against each other one, seed by seed; of one arm alone its values."""
    first, *others = claim.arms
    against = [values[first] - values[other] for other in others] or [values[first]]
    return [sign_of(claim) * own for own in against]
