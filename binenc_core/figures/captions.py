"""What a figure must say of the runs behind it: dataset, network, epochs, seeds, protocol."""

from collections.abc import Sequence

from binenc_core.config import RunConfig, recipe
from binenc_core.figures.style import DATASET_NAMES, LOOKS
from binenc_core.store import Run

PAPER_DATASETS = ("mnist", "fashion_mnist")
# The paper states no number of epochs; these are the released code's.
EPOCHS_SOURCE = "released code"


def datasets(runs: Sequence[Run]) -> list[str]:
    """Names of the runs' datasets, in order of appearance."""
    return list(dict.fromkeys(run.config.dataset for run in runs))


def setting(runs: Sequence[Run]) -> str:
    """One sentence for each dataset on how its runs were trained, and how that differs.

    Raises ValueError where runs on one dataset differ in more than head, seed and penalty.
    """
    return " ".join(_sentence([r for r in runs if r.config.dataset == d]) for d in datasets(runs))


def _sentence(runs: Sequence[Run]) -> str:
    alike = {run.config.change(head="linear", seed=0) for run in runs}
    if len(alike) > 1:
        raise ValueError("runs on one dataset in a figure may differ only in head, seed and γ")
    config = alike.pop()
    seeds = len({run.config.seed for run in runs})
    parts = [
        f"{config.backbone.upper()} of width {_against(config, 'width', 'paper')}",
        f"P = {config.latent_dim}",
        _against(config, "epochs", EPOCHS_SOURCE, " epochs"),
        "one seed" if seeds == 1 else f"{seeds} seeds",
        *_training(config),
        *_penalty(runs),
    ]
    return f"{DATASET_NAMES[config.dataset]}: {', '.join(parts)}."


def _against(config: RunConfig, field: str, source: str, unit: str = "") -> str:
    """A value, with the standard one beside it where a dataset of the paper has another."""
    value, standard = getattr(config, field), getattr(recipe(config.dataset), field)
    differs = config.dataset in PAPER_DATASETS and value != standard
    return f"{value}{unit} ({source}: {standard})" if differs else f"{value}{unit}"


def _training(config: RunConfig) -> list[str]:
    """What of the optimization differs from the recipe, and the protocol's name."""
    standard = recipe(config.dataset)
    names = ("backbone", "dropout", "batch_size", "learning_rate", "halve_every", "precision")
    changed = [
        f"{name.replace('_', ' ')} {getattr(config, name)}"
        for name in names
        if getattr(config, name) != getattr(standard, name)
    ]
    paper = config.dataset in PAPER_DATASETS
    return [*changed, "protocol as described in the paper" if paper else "this project's recipe"]


def _penalty(runs: Sequence[Run]) -> list[str]:
    penalized = sorted({(r.config.gamma, r.config.penalty) for r in runs if r.config.gamma})
    return [f"γ = {gamma:g} ({penalty})" for gamma, penalty in penalized]


def diverged(runs: Sequence[Run]) -> str:
    """A sentence that names the runs whose loss was no longer finite, or nothing."""
    names = [
        f"{DATASET_NAMES[r.config.dataset]} {LOOKS[r.config.head].name.lower()} seed "
        f"{r.config.seed} in epoch {r.info['diverged_epoch']}"
        for r in runs
        if r.info["diverged_epoch"] is not None
    ]
    return f" Diverged: {'; '.join(names)}." if names else ""


def mean_and_seeds(runs: Sequence[Run]) -> str:
    """How the lines of a figure stand for the seeds."""
    several = len({run.config.seed for run in runs}) > 1
    return "Thick: mean over seeds; thin: each seed." if several else "One seed: no mean is taken."
