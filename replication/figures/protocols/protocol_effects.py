"""What each switch alone, and all together, change in the digits' trainings, paired by seed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd

from binenc_core.config import LINEAR_HEADS, RunConfig, read_whole
from replication.data.recipes import recipe, switches
from replication.figures.common import captions
from replication.figures.common.curves import Row
from replication.figures.common.style import typed
from replication.figures.protocols.switches import TEXT, changed
from replication.runs.store import Run

DATASET = "digits"
RELEASED = "released: all together"
# What is compared; the last one depends on the scale of x.
QUANTITIES = (
    Row("accuracy", "test", "test accuracy"),
    Row("accuracy", "train", "train accuracy"),
    Row("whole_code_agreement", "train", "whole-code agreement"),
    Row("peak_separation", "train", "peak separation"),
    Row("gmm_std", "train", "standard deviation"),
)
ACCURACY = QUANTITIES[0].title

# The trainings of each setting: by its name, those of all heads and seeds.
Plan = dict[str, list[RunConfig]]


class Effects(NamedTuple):
    """What the switches change.

    `table`: a line for each setting, head, seed and quantity, with its `value` after the last
    epoch and its `change`, the value less that of the same head and seed as described. A diverged
    run has nan for both, and a training that the setting leaves as it was has nan for the change.
    `described`: the runs that the others are compared with.
    """

    settings: list[str]
    table: pd.DataFrame
    described: list[Run]
    setting: str


def plan(seeds: int, gamma: float, epochs: int, width: int) -> Plan:
    """The trainings by setting: as described, with each switch alone, and with all as released.

    Raises ValueError for a value out of range.
    """
    seeds = read_whole("seeds", seeds)
    same = {"epochs": epochs, "width": width, "log_every": epochs}
    described = switches(TEXT) | {"gamma": gamma} | same
    settings = {TEXT: described}
    for name in acting():
        value = switches("released")[name]
        settings[f"{name} = {typed(value)}"] = described | {name: value}
    settings[RELEASED] = switches("released") | {"gamma": gamma} | same
    plan = {name: _trainings(changes, seeds) for name, changes in settings.items()}
    # Without the penalty (γ = 0) its form changes nothing.
    return {name: own for name, own in plan.items() if name == TEXT or own != plan[TEXT]}


def _trainings(changes: Mapping[str, Any], seeds: int) -> list[RunConfig]:
    standard = recipe(DATASET)
    return [
        standard.change(**changes, head=head, seed=seed)
        for head in LINEAR_HEADS
        for seed in range(seeds)
    ]


def acting() -> list[str]:
    """The switches of the released code that change the digits' trainings."""
    text = recipe(DATASET)
    released = switches("released")
    names = changed("released")
    return [name for name in names if text.change(**{name: released[name]}).id != text.id]


def configs(plan: Plan) -> list[RunConfig]:
    """Every training of a plan, each once."""
    return list(dict.fromkeys(config for own in plan.values() for config in own))


def data(plan: Plan, runs: Iterable[Run]) -> Effects:
    """The effects of a plan's settings, from the runs of its configurations."""
    found = {run.config: run for run in runs}
    lines = [
        (setting, run.config.head, run.config.seed, row.title, at_last_epoch(run, row))
        for setting, own in plan.items()
        for run in (found[config] for config in own)
        for row in QUANTITIES
    ]
    table = pd.DataFrame(lines, columns=["setting", "head", "seed", "quantity", "value"])
    key = ["head", "seed", "quantity"]
    described = table[table["setting"] == TEXT].set_index(key)["value"]
    table["change"] = table["value"] - described.reindex(table.set_index(key).index).to_numpy()
    table.loc[_unchanged(plan, table), "change"] = float("nan")
    described_runs = [found[config] for config in plan[TEXT]]
    setting = captions.setting([found[config] for config in configs(plan)])
    return Effects(list(plan), table, described_runs, setting)


def at_last_epoch(run: Run, row: Row) -> float:
    """A quantity after the last epoch; nan where the run diverged before."""
    last = run.history["epoch"] == run.config.epochs - 1
    values = run.history[last & (run.history["split"] == row.split)]
    return float(values[row.metric].iloc[0]) if len(values) else float("nan")


def _unchanged(plan: Plan, table: pd.DataFrame) -> Sequence[bool]:
    """Which lines are of trainings that their setting leaves as described."""
    same = {
        (setting, config.head)
        for setting, own in plan.items()
        for config in own
        if config in plan[TEXT]
    }
    return [pair in same for pair in zip(table["setting"], table["head"], strict=True)]


def changes(effects: Effects, setting: str, head: str, quantity: str) -> pd.Series:
    """A quantity's changes by seed, of the seeds that have one."""
    return _select(effects, setting, head, quantity).set_index("seed")["change"].dropna()


def values(effects: Effects, setting: str, head: str, quantity: str) -> pd.Series:
    """A quantity's values by seed; nan where a run diverged."""
    return _select(effects, setting, head, quantity).set_index("seed")["value"]


def lead(effects: Effects, setting: str) -> pd.Series:
    """Test accuracy of binary encoding less that of the linear head, by seed in which both ended.

    A setting that does not act on the linear head is compared with that head as it is.
    """
    binary, linear = (values(effects, setting, head, ACCURACY) for head in LINEAR_HEADS)
    return (binary - linear).dropna()


def _select(effects: Effects, setting: str, head: str, quantity: str) -> pd.DataFrame:
    table = effects.table
    wanted = {"setting": setting, "head": head, "quantity": quantity}
    return table[(table[list(wanted)] == list(wanted.values())).all(axis=1)]
