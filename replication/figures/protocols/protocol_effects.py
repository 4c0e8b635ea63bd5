"""What each switch alone, and all together, change in a dataset's trainings, paired by seed.

In tables as well, with what `metrics` defines in two ways.
"""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd

from binenc_core.config import LINEAR_HEADS, RunConfig, read_whole
from replication.base import markdown
from replication.campaigns import grids
from replication.campaigns.selection import campaign_runs
from replication.data.datasets import DATASETS
from replication.data.recipes import switches
from replication.figures.common import wording
from replication.figures.common.curves import Row, last_values
from replication.figures.common.style import typed
from replication.figures.common.tables import select
from replication.figures.paper import fig2_encoding, fig4_collapse
from replication.figures.protocols.switches import TEXT, changed
from replication.runs.series import end_value
from replication.runs.store import Run

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


class Effects(NamedTuple):
    """What the switches change on one dataset.

    `table`: a line for each setting, head, seed and quantity, with its end `value` and its
    `change`, the value less that of the same head and seed as described. A diverged run has nan
    for both; what a setting leaves as it was has no line.
    """

    settings: list[str]
    table: pd.DataFrame
    runs: list[Run]


def digits_configs(
    seeds: int | None, gamma: float | None, epochs: int | None, width: int | None
) -> list[RunConfig]:
    """The trainings of the campaign on the digits, each once; None asks for what it has.

    `seeds` asks for the seeds 0 … seeds−1. Raises ValueError for a value out of range.
    """
    given = {"gamma": gamma, "epochs": epochs, "width": width}
    asked = {name: value for name, value in given.items() if value is not None}
    configs = grids.read("digits_switches").configs
    if seeds is not None:
        count = read_whole("seeds", seeds)
        configs = [c.change(seed=seed) for c in configs for seed in range(count)]
    return list(dict.fromkeys(c.change(**asked) for c in configs))


def mnist_runs() -> list[Run]:
    """MNIST's frozen runs in every setting, of the seeds that have each switch; perhaps none."""
    switched = campaign_runs("switches")
    seeds = {run.config.seed for run in switched}
    every = [*campaign_runs("mnist"), *switched, *campaign_runs("mnist_released")]
    return [r for r in every if r.config.seed in seeds and r.config.head in LINEAR_HEADS]


def setting_of(config: RunConfig) -> str:
    """The switches of the released code that a training has, each alone or all together."""
    names = changed("released")
    text, released = switches(TEXT), switches("released")
    usual = config.change(**{name: text[name] for name in names})
    own = [name for name in names if getattr(config, name) != getattr(usual, name)]
    if len(own) > 1 and config.id == config.change(**{n: released[n] for n in names}).id:
        return RELEASED
    return ", ".join(_alone(name) for name in own if name != "metrics") or TEXT


def _alone(name: str) -> str:
    return f"{name} = {typed(switches('released')[name])}"


def data(runs: Sequence[Run]) -> Effects:
    """The effects of the settings that runs of one dataset have."""
    lines = [
        (
            setting,
            run.config.head,
            run.config.seed,
            row.title,
            end_value(run, row.metric, row.split),
        )
        for run in runs
        for setting in [setting_of(run.config)]
        for row in QUANTITIES
    ]
    table = pd.DataFrame(lines, columns=["setting", "head", "seed", "quantity", "value"])
    key = ["head", "seed", "quantity"]
    described = table[table["setting"] == TEXT].set_index(key)["value"]
    table["change"] = table["value"] - described.reindex(table.set_index(key).index).to_numpy()
    known = [TEXT, *map(_alone, changed("released")), RELEASED]
    return Effects([name for name in known if name in set(table["setting"])], table, list(runs))


def changes(effects: Effects, setting: str, head: str, quantity: str) -> pd.Series:
    """A quantity's changes by seed, of the seeds that have one."""
    return _select(effects, setting, head, quantity)["change"].dropna()


def values(effects: Effects, setting: str, head: str, quantity: str) -> pd.Series:
    """A quantity's values by seed, of the seeds that have one; of what is left as it was, those."""
    own = _select(effects, setting, head, quantity)
    return (_select(effects, TEXT, head, quantity) if own.empty else own)["value"].dropna()


def lead(effects: Effects, setting: str) -> pd.Series:
    """Test accuracy of binary encoding less that of the linear head, by seed in which both ended.

    A setting that does not act on the linear head is compared with that head as it is.
    """
    binary, linear = (values(effects, setting, head, ACCURACY) for head in LINEAR_HEADS)
    return (binary - linear).dropna()


def _select(effects: Effects, setting: str, head: str, quantity: str) -> pd.DataFrame:
    found = select(effects.table, setting=setting, head=head, quantity=quantity)
    return found.set_index("seed")


def table(effects: Effects) -> str:
    """A Markdown table: binary encoding as described, what each setting changes, and its lead.

    Nothing where there is no run.
    """
    if not effects.runs:
        return ""
    title = DATASETS[effects.runs[0].config.dataset].title
    rows = []
    for setting in effects.settings:
        is_text = setting == TEXT
        cells = [
            wording.written(row.metric)[not is_text](
                (values if is_text else changes)(effects, setting, "binary", row.title)
            )
            for row in QUANTITIES
        ]
        cells.append(wording.points(lead(effects, setting)))
        label = f"*{setting}*" if setting == RELEASED else f"`{setting}`"
        rows.append([label, *cells])
    return markdown.table([title, *(row.title for row in QUANTITIES), "lead"], rows)


def definitions(runs: Sequence[Run]) -> str:
    """A Markdown table: what `metrics` defines in two ways, by both, of the runs as described."""
    own = [run for run in runs if setting_of(run.config) == TEXT]
    sources = ("described", "released")
    figures = (fig2_encoding, fig4_collapse)
    pairs = zip(
        *([row for figure in figures for row in figure.rows("train", s)] for s in sources),
        strict=True,
    )
    return wording.table(
        [
            wording.Quantity(
                f"{row.title}, {source}", last_values(own, row), wording.written(row.metric)[0]
            )
            for pair in pairs
            if pair[0] != pair[1]
            for row, source in zip(pair, sources, strict=True)
        ]
    )
