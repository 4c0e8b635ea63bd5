"""What a figure must say of the runs behind it: dataset, network, epochs, seeds, protocol."""

from collections.abc import Sequence

from binenc_core.config import RESNET_WIDTHS, RunConfig
from replication.data.datasets import DATASETS, PAPER_DATASETS
from replication.data.recipes import departures, protocol_of, recipe
from replication.figures.common.style import (
    ACTIVATION_NAMES,
    AUGMENTATION_NAMES,
    BACKBONE_NAMES,
    HEAD_STYLES,
    PROTOCOL_NAMES,
    typed,
)
from replication.runs.store import Trained


def datasets(runs: Sequence[Trained]) -> list[str]:
    """Names of the runs' datasets, in order of appearance."""
    return list(dict.fromkeys(run.config.dataset for run in runs))


def setting(runs: Sequence[Trained]) -> str:
    """One sentence for each dataset on how its runs were trained, and how that differs.

    Raises ValueError where runs on one dataset differ in more than head, seed and penalty.
    """
    return " ".join(_sentence([r for r in runs if r.config.dataset == d]) for d in datasets(runs))


def _sentence(runs: Sequence[Trained]) -> str:
    alike = {run.config.change(head="linear", seed=0, log_every=1) for run in runs}
    if len(alike) > 1:
        raise ValueError("runs on one dataset may differ only in head, seed and penalty")
    config = alike.pop()
    seeds = len({run.config.seed for run in runs})
    parts = [
        _network(config),
        f"P = {config.latent_dim}",
        *_penalties(runs),
        *filter(None, [AUGMENTATION_NAMES[config.augmentation]]),
        "1 epoch" if config.epochs == 1 else f"{config.epochs} epochs",
        "one seed" if seeds == 1 else f"{seeds} seeds",
    ]
    protocol = PROTOCOL_NAMES[_protocol(runs)]
    if config.dataset not in PAPER_DATASETS:
        protocol = f"{DATASETS[config.dataset].origin}, {protocol}"
    if changed := differences(runs):
        protocol += f", but {', '.join(changed)}"
    return f"{DATASETS[config.dataset].title}: {', '.join(parts)}; {protocol}."


def _network(config: RunConfig) -> str:
    """The backbone in words; a ResNet's width is part of its name, and ReLU goes without saying."""
    name = BACKBONE_NAMES[config.backbone]
    if config.backbone not in RESNET_WIDTHS:
        name += f" of width {config.width}"
    return name + (
        f" with {ACTIVATION_NAMES[config.activation]}" if config.activation != "relu" else ""
    )


def _gammas(runs: Sequence[Trained]) -> list[float]:
    """The weights that runs give the penalty, of the architecture that has one."""
    return sorted({run.config.gamma for run in runs if run.config.head == "binary"})


def _penalties(runs: Sequence[Trained]) -> list[str]:
    """The penalties on one dataset, a phrase for each reading of L_Bin and growth of γ."""
    weights: dict[tuple[str, str], list[float]] = {}
    for config in dict.fromkeys(run.config for run in runs if run.config.gamma):
        growth = ""
        if config.gamma_growth != 1:
            growth = f"·{config.gamma_growth:g}^epoch up to {typed(config.gamma_cap)}"
        weights.setdefault((growth, config.penalty), []).append(config.gamma)
    none = [0.0] if 0 in _gammas(runs) else []
    return [
        f"γ = {', '.join(f'{gamma:g}' for gamma in sorted({*none, *own}))}{growth} ({penalty})"
        for (growth, penalty), own in weights.items()
    ]


def _protocol(runs: Sequence[Trained]) -> str:
    """The protocol of runs on one dataset; those with the penalty tell more of them apart."""
    return protocol_of(max((run.config for run in runs), key=lambda config: config.gamma > 0))


def differences(runs: Sequence[Trained]) -> list[str]:
    """How the runs differ from their datasets' recipes, each phrase once."""
    phrases = []
    for dataset in datasets(runs):
        own = [run for run in runs if run.config.dataset == dataset]
        protocol = _protocol(own)
        configs = [run.config for run in own]
        if len(_gammas(own)) > 1:  # what an experiment varies is no departure
            usual = recipe(dataset, protocol).gamma
            configs = [config.change(gamma=usual) for config in configs]
        phrases += [phrase for config in configs for phrase in departures(config, protocol)]
    return list(dict.fromkeys(phrases))


def definitions(runs: Sequence[Trained]) -> str:
    """By whose definitions the quantities of all runs are plotted: RunConfig's `metrics`.

    Raises ValueError where the runs do not agree on them.
    """
    named = sorted({run.config.metrics for run in runs})
    if len(named) > 1:
        raise ValueError(f"runs of one figure have one value of metrics, not {', '.join(named)}")
    return named[0]


def diverged(runs: Sequence[Trained]) -> str:
    """A sentence that names the runs whose loss was no longer finite, or nothing."""
    names = [
        f"{DATASETS[r.config.dataset].title} {HEAD_STYLES[r.config.head].name.lower()} seed "
        f"{r.config.seed} in epoch {r.info['diverged_epoch']}"
        for r in runs
        if r.info["diverged_epoch"] is not None
    ]
    return f" Diverged: {'; '.join(names)}." if names else ""


def mean_and_seeds(runs: Sequence[Trained]) -> str:
    """How the lines of a figure stand for the seeds."""
    several = len({run.config.seed for run in runs}) > 1
    return "Thick: mean over seeds; thin: each seed." if several else "One seed: no mean is taken."


def trained_alike(runs: Sequence[Trained]) -> str:
    """What runs share whose optimizers or penalties a figure compares: a sentence per dataset."""
    said = []
    for dataset in datasets(runs):
        own = [run for run in runs if run.config.dataset == dataset]
        config, seeds = own[0].config, len({run.config.seed for run in own})
        epochs = sorted({run.config.epochs for run in own})
        said.append(
            f"{DATASETS[dataset].title}: {_network(config)}, P = {config.latent_dim}, "
            f"{' or '.join(map(str, epochs))} epochs, {seeds} seed{'s' if seeds > 1 else ''}."
        )
    return " ".join(said)
