"""What the effects of the switches say, by a rule that was fixed before they were measured."""

from collections.abc import Callable, Sequence

import pandas as pd

from replication.data.recipes import recipe
from replication.figures.common import wording
from replication.figures.common.curves import Row
from replication.figures.paper import fig2_encoding, fig4_collapse
from replication.figures.protocols.protocol_effects import (
    DATASET,
    QUANTITIES,
    RELEASED,
    Effects,
    acting,
    at_last_epoch,
    changes,
    lead,
    values,
)
from replication.figures.protocols.switches import TEXT, changed
from replication.runs.store import Run

# How the values and the changes of a quantity are written.
Write = Callable[[pd.Series], str]
WRITTEN: dict[str, tuple[Write, Write]] = {
    "test accuracy": (wording.percent, wording.points),
    "train accuracy": (wording.percent, wording.points),
    "whole-code agreement": (wording.percent, wording.points),
    "peak separation": (wording.value, wording.signed),
    "standard deviation": (wording.value, wording.signed),
}
BINARY = "binary"


# What a setting does to a quantity, in the order in which a sentence says it.
RAISES, LOWERS = "**raises**", "**lowers**"
LEAVES, MIXED, UNKNOWN = "does not change", "has no consistent sign in", "is not judged in"


def direction(differences: pd.Series) -> str:
    """The rule: an effect is one that has the same sign in every seed (index)."""
    if differences.empty:
        return UNKNOWN
    if (differences > 0).all():
        return RAISES
    if (differences < 0).all():
        return LOWERS
    return LEAVES if (differences == 0).all() else MIXED


def findings(effects: Effects) -> str:
    """A sentence for each setting, the values behind it, and what is left out, as Markdown."""
    settings = [setting for setting in effects.settings if setting != TEXT]
    return "\n\n".join(
        [
            "**What we see.** Binary encoding, against its training as described. "
            f"{chance(effects.table['seed'].nunique(), len(settings))}",
            "\n".join(f"- {_label(name)}: {_sentence(effects, name)}." for name in settings),
            _leads(effects),
            table(effects),
            silent(),
            "What `metrics` changes are the numbers themselves. Of the runs as described, on the "
            "train set after the last epoch, by both definitions:",
            definitions(effects.described),
        ]
    )


def chance(seeds: int, settings: int) -> str:
    """How often the rule finds an effect where there is none, for a number of seeds."""
    if seeds < 2:
        return "One seed shows no effect: the next one may have the other sign."
    alone = 2 * 0.5**seeds
    count = settings * len(QUANTITIES)
    return (
        f"Where a setting has no effect, {seeds} seeds still agree on a sign with a probability of "
        f"up to {100 * alone:.3g} %, so chance alone may give {count * alone:.1f} of the {count} "
        "comparisons below."
    )


def _label(setting: str) -> str:
    return f"*{setting}*" if setting == RELEASED else f"`{setting}`"


def _sentence(effects: Effects, setting: str) -> str:
    """What a setting does to binary encoding, the quantities grouped by the verdict on them."""
    measured = {row.title: changes(effects, setting, BINARY, row.title) for row in QUANTITIES}
    asked = effects.table["seed"].nunique()
    compared = len(measured[QUANTITIES[0].title])
    seeds = "every seed" if asked > 1 else "the one seed"
    if compared < asked:
        seeds = f"the {compared} of {asked} seeds that went through"
    parts = []
    for verdict in (RAISES, LOWERS, LEAVES, MIXED, UNKNOWN):
        names = [name for name, own in measured.items() if direction(own) == verdict]
        if names:
            said = [_with_number(name, measured[name], verdict) for name in names]
            every = f" in {seeds}" if verdict in (RAISES, LOWERS) else ""
            parts.append(f"{verdict} {', '.join(said)}{every}")
    return "; ".join(parts)


def _with_number(name: str, differences: pd.Series, verdict: str) -> str:
    if verdict in (LEAVES, UNKNOWN):
        return name
    _, write = WRITTEN[name]
    return f"{name} ({write(differences)})"


def _leads(effects: Effects) -> str:
    """In which settings binary encoding leads the linear layer in test accuracy."""
    ahead = {}
    for setting in effects.settings:
        leads = lead(effects, setting)
        ahead[setting] = int((leads > 0).sum()), len(leads)
    counts = ", ".join(f"{_label(s)} in {up} of {count}" for s, (up, count) in ahead.items())
    always = sum(up == count > 0 for up, count in ahead.values())
    return (
        "Does binary encoding still lead the linear penultimate layer in test accuracy? It does "
        f"so in every seed under {always} of the {len(ahead)} settings: {counts} seeds."
    )


# The columns of the table: the figure's panels.
SHOWN = ("test accuracy", "whole-code agreement", "peak separation")


def table(effects: Effects) -> str:
    """A Markdown table: a line for each setting with binary encoding's values and its lead."""
    lines = [
        f"| Setting | {' | '.join(SHOWN)} | lead in test accuracy |",
        f"|{'---|' * (2 + len(SHOWN))}",
    ]
    for setting in effects.settings:
        cells = [WRITTEN[name][0](values(effects, setting, BINARY, name)) for name in SHOWN]
        cells.append(wording.points(lead(effects, setting)))
        lines.append(f"| {_label(setting)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def silent() -> str:
    """Which of the released code's switches change no training here, and why."""
    names = [name for name in changed("released") if name not in acting()]
    backbone = recipe(DATASET).backbone.upper()
    reasons = {
        "cnn_dense_layers": f"acts on convolutional networks, and the digits' is an {backbone}",
        "metrics": "changes no training anywhere",
    }
    said = "; ".join(f"`{name}` {reasons[name]}" for name in names)
    return f"Not among the settings, since they have nothing to change: {said}."


def definitions(runs: Sequence[Run]) -> str:
    """A Markdown table: what `metrics` defines in two ways, from the same runs' last epochs."""
    figures = (fig2_encoding, fig4_collapse)
    by_text, released = (
        [row for figure in figures for row in figure.rows("train", source)]
        for source in ("described", "released")
    )
    return wording.table(
        [
            wording.Quantity(f"{row.title}, {source}", _at_last_epoch(runs, row), _write(row))
            for pair in zip(by_text, released, strict=True)
            if pair[0] != pair[1]
            for row, source in zip(pair, ("described", "released"), strict=True)
        ]
    )


def _write(row: Row) -> Write:
    return wording.percent if row.metric.startswith("bit_agreement") else wording.value


def _at_last_epoch(runs: Sequence[Run], row: Row) -> pd.DataFrame:
    cells = [(run.config.seed, run.config.head, at_last_epoch(run, row)) for run in runs]
    long = pd.DataFrame(cells, columns=["seed", "head", "value"])
    return long.pivot(index="seed", columns="head", values="value")
