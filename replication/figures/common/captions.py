"""What a page and its figures say of the runs behind them: how they were trained, or can be."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from functools import cache
from html import escape
from typing import Any

from binenc_core.config import RESNET_WIDTHS, RunConfig
from replication.data.datasets import DATASETS, PAPER_DATASETS
from replication.data.recipes import PROTOCOL_WORDS, departures, protocol_of, recipe
from replication.figures.common.style import (
    ACTIVATION_NAMES,
    AUGMENTATION_NAMES,
    BACKBONE_NAMES,
    HEAD_STYLES,
    PROTOCOL_NAMES,
    typed,
)
from replication.runs.store import Trained

# What a sentence says by itself.
SAID = ("head", "seed", "gamma", "penalty", "backbone", "width", "latent_dim", "epochs")


def datasets(runs: Sequence[Trained]) -> list[str]:
    """Names of the runs' datasets, in order of appearance."""
    return list(dict.fromkeys(run.config.dataset for run in runs))


def fold(runs: Sequence[Trained], *more: str) -> str:
    """A page's setting, with `more` sentences, behind a line of essentials; HTML, "" without runs.

    It stands once, at the head of the page.
    """
    if not runs:
        return ""
    line = f"How the networks of this page were trained: {essentials(runs)}"
    items = "".join(f"<li>{escape(text)}</li>" for text in [*_sentences(runs), *more])
    inside = f"<summary>{escape(line)}</summary><ul>{items}</ul>"
    return f'\n\n<details class="book-fold">{inside}</details>'


def essentials(runs: Sequence[Trained]) -> str:
    """Dataset, width, epochs, seeds and protocol of runs, in a line."""
    found: dict[str, list[str]] = {}
    for protocol, configs in _groups(runs):
        title = DATASETS[configs[0].dataset].title
        text = f"{title}, {_any_of(map(_size, configs))}, {_epochs(configs)}, {_seeds(configs)}"
        words = PROTOCOL_WORDS[protocol] + (" (varied)" if _varied(configs) else "")
        found.setdefault(text, []).append(words)
    return "; ".join(f"{text}, {' and '.join(words)}" for text, words in found.items())


def setting(runs: Sequence[Trained]) -> str:
    """How runs were trained: a sentence for each dataset and protocol, and one on the diverged."""
    return " ".join(_sentences(runs))


def _sentences(runs: Sequence[Trained]) -> list[str]:
    stops = [_stop(run) for run in runs if run.info.get("diverged_epoch") is not None]
    diverged = [f"Diverged: {'; '.join(stops)}."] if stops else []
    return [_sentence(protocol, configs) for protocol, configs in _groups(runs)] + diverged


def _stop(run: Trained) -> str:
    """A run whose loss was no longer finite, by name, and when that was."""
    config = run.config
    name = f"{DATASETS[config.dataset].title} {HEAD_STYLES[config.head].name.lower()}"
    weight = f" γ = {config.gamma:g}" if config.gamma else ""
    return f"{name}{weight} seed {config.seed} in epoch {run.info['diverged_epoch']}"


def _groups(runs: Sequence[Trained]) -> list[tuple[str, list[RunConfig]]]:
    """The runs' configurations by dataset and protocol.

    The penalty is left aside, which not all heads have; but of those that go together, the ones
    with the penalty tell the protocol.
    """
    found: dict[tuple[str, str], list[RunConfig]] = {}
    known = cache(protocol_of)
    for config in dict.fromkeys(run.config for run in runs):
        alike = known(config.change(head="linear", seed=0))
        found.setdefault((config.dataset, alike), []).append(config)
    return [
        (protocol_of(max(configs, key=lambda config: config.gamma > 0)), configs)
        for configs in found.values()
    ]


def _sentence(protocol: str, configs: Sequence[RunConfig]) -> str:
    dataset = configs[0].dataset
    parts = [
        _any_of(map(_network, configs)),
        f"P = {_any_of(config.latent_dim for config in configs)}",
        *_penalties(configs),
        *filter(None, [_any_of(AUGMENTATION_NAMES[config.augmentation] for config in configs)]),
        _epochs(configs),
        _seeds(configs) + _fewer(configs),
    ]
    text = PROTOCOL_NAMES[protocol]
    if dataset not in PAPER_DATASETS:
        text = f"{DATASETS[dataset].origin}, {text}"
    if changed := _changed(protocol, configs):
        text += f", but {', '.join(changed)}"
    if varied := _varied(configs):
        text += f"; varied: {', '.join(name.replace('_', ' ') for name in varied)}"
    return f"{DATASETS[dataset].title}: {', '.join(parts)}; {text}."


def _any_of(values: Iterable[Any]) -> str:
    return " or ".join(dict.fromkeys(map(str, values)))


def _size(config: RunConfig) -> str:
    """The network's size: a ResNet's is its name."""
    resnet = config.backbone in RESNET_WIDTHS
    return BACKBONE_NAMES[config.backbone] if resnet else f"width {config.width}"


def _network(config: RunConfig) -> str:
    """The backbone in words; ReLU goes without saying."""
    name, size = BACKBONE_NAMES[config.backbone], _size(config)
    activation = ACTIVATION_NAMES[config.activation]
    return (name if size == name else f"{name} of {size}") + (
        f" with {activation}" if config.activation != "relu" else ""
    )


def _epochs(configs: Sequence[RunConfig]) -> str:
    numbers = _any_of(sorted({config.epochs for config in configs}))
    return "1 epoch" if numbers == "1" else f"{numbers} epochs"


def _seeds(configs: Sequence[RunConfig]) -> str:
    """Such as "seed 0", "seeds 10–12"."""
    seeds = sorted({config.seed for config in configs})
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    first, last = seeds[0], seeds[-1]
    joined = last - first == len(seeds) - 1
    return "seeds " + (f"{first}–{last}" if joined else ", ".join(map(str, seeds)))


def _fewer(configs: Sequence[RunConfig]) -> str:
    """The seeds of the architectures that lack some of the others', in brackets."""
    whole, lacking = _seeds(configs), []
    for head in dict.fromkeys(config.head for config in configs):
        own = _seeds([config for config in configs if config.head == head])
        if own != whole:
            lacking.append(f"{HEAD_STYLES[head].name.lower()}: {own}")
    return f" ({'; '.join(lacking)})" if lacking else ""


def _varied(configs: Sequence[RunConfig]) -> list[str]:
    """The fields in which configurations differ, and a sentence says no more of it."""
    alike = {config.change(head="linear", seed=0) for config in configs}
    names = [f.name for f in fields(RunConfig) if f.name not in SAID and f.name[:4] != "log_"]
    return [name for name in names if len({getattr(config, name) for config in alike}) > 1]


def _penalties(configs: Sequence[RunConfig]) -> list[str]:
    """A phrase for each reading of L_Bin and growth of γ, with its weights."""
    weights: dict[tuple[str, str], set[float]] = {}
    for config in configs:
        if config.gamma:
            growth = ""
            if config.gamma_growth != 1:
                growth = f"·{config.gamma_growth:g}^epoch up to {typed(config.gamma_cap)}"
            weights.setdefault((growth, config.penalty), set()).add(config.gamma)
    none = {config.gamma for config in configs if config.head == "binary"} & {0.0}
    return [
        f"γ = {', '.join(f'{gamma:g}' for gamma in sorted(none | own))}{growth} ({penalty})"
        for (growth, penalty), own in weights.items()
    ]


def _changed(protocol: str, configs: Sequence[RunConfig]) -> list[str]:
    """How all configurations differ from their dataset's recipe, each phrase once.

    What an experiment varies is no departure.
    """
    usual = recipe(configs[0].dataset, protocol)
    binary = [config for config in configs if config.head == "binary"]
    names = [n for n in ("gamma", "penalty") if len({getattr(c, n) for c in binary}) > 1]
    same = {name: getattr(usual, name) for name in ["seed", *names, *_varied(configs)]}
    alike = dict.fromkeys(config.change(**same) for config in configs)
    return list(dict.fromkeys(phrase for c in alike for phrase in departures(c, protocol)))


def definitions(runs: Sequence[Trained]) -> str:
    """By whose definitions the quantities of all runs are plotted: RunConfig's `metrics`.

    Raises ValueError where the runs do not agree on them.
    """
    named = sorted({run.config.metrics for run in runs})
    if len(named) > 1:
        raise ValueError(f"runs of one figure have one value of metrics, not {', '.join(named)}")
    return named[0]


def mean_and_seeds(runs: Sequence[Trained]) -> str:
    """How the lines of a figure stand for the seeds."""
    several = len({run.config.seed for run in runs}) > 1
    return "Thick: mean over seeds; thin: each seed." if several else "One seed: no mean is taken."


def missing(name: str) -> str:
    """Which campaign is not there, and the two commands that make it."""
    run = f"python -m replication campaign {name}"
    return f"`results/{name}` is not there: `{run}` trains it, and `{run} --freeze` freezes it."
