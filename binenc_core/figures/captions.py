"""What a figure must say of the runs behind it: dataset, network, epochs, seeds, protocol."""

from collections.abc import Sequence

from binenc_core.config import PAPER_DATASETS
from binenc_core.figures.style import DATASET_NAMES, LOOKS
from binenc_core.recipes import departures
from binenc_core.store import Run


def datasets(runs: Sequence[Run]) -> list[str]:
    """Names of the runs' datasets, in order of appearance."""
    return list(dict.fromkeys(run.config.dataset for run in runs))


def setting(runs: Sequence[Run]) -> str:
    """One sentence for each dataset on how its runs were trained, and how that differs.

    Raises ValueError where runs on one dataset differ in more than head, seed and penalty.
    """
    return " ".join(_sentence([r for r in runs if r.config.dataset == d]) for d in datasets(runs))


def _sentence(runs: Sequence[Run]) -> str:
    alike = {run.config.change(head="linear", seed=0, log_every=1) for run in runs}
    if len(alike) > 1:
        raise ValueError("runs on one dataset may differ only in head, seed and penalty")
    config = alike.pop()
    seeds = len({run.config.seed for run in runs})
    penalized = sorted({(r.config.gamma, r.config.penalty) for r in runs if r.config.gamma})
    parts = [
        f"{config.backbone.upper()} of width {config.width}",
        f"P = {config.latent_dim}",
        *(f"γ = {gamma:g} ({penalty})" for gamma, penalty in penalized),
        "1 epoch" if config.epochs == 1 else f"{config.epochs} epochs",
        "one seed" if seeds == 1 else f"{seeds} seeds",
    ]
    paper = config.dataset in PAPER_DATASETS
    protocol = "protocol as described in the paper" if paper else "this project's recipe"
    if changed := differences(runs):
        protocol += f", but {', '.join(changed)}"
    return f"{DATASET_NAMES[config.dataset]}: {', '.join(parts)}; {protocol}."


def differences(runs: Sequence[Run]) -> list[str]:
    """How the runs differ from their datasets' recipes, each phrase once."""
    return list(dict.fromkeys(phrase for run in runs for phrase in departures(run.config)))


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
