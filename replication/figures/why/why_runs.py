"""The trainings of the page on why there is a code: what tells them apart, and their end values."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from binenc_core.config import RunConfig
from replication.campaigns.selection import campaign_runs, names
from replication.runs.series import end_value
from replication.runs.store import Run

# What a training of the page has unless it says otherwise.
BASE = {
    "penalty": "mean_square",
    "gamma": 10.0,
    "classifier_start": "gaussian",
    "backbone_optimizer": "adam",
    "rotation": "none",
    "switch_epoch": 0,
    "classifier_rms_cap": 0.0,
}
# By name: what readers call it, and whether its steps depend on the choice of axes in x.
OPTIMIZERS = {
    "signsgd": ("signSGD", True),
    "lion": ("Lion", True),
    "adam": ("Adam", True),
    "adam_no_momentum": ("Adam without momentum", True),
    "adam_short_memory": ("Adam, β₂ = 0.9", True),
    "adam_decay": ("AdamW, decay 0.1", True),
    "rmsprop": ("RMSprop", True),
    "adagrad": ("Adagrad", True),
    "adam_averaged": ("Adam, averaged second moment", False),
    "sgd": ("SGD", False),
    "sgd_normalized": ("normalized SGD", False),
    "muon": ("Muon", False),
    "frozen": ("frozen", False),
}
# From so much excess over chance on it counts as a code, and up to so much as none.
CODE, NO_CODE = 0.10, 0.05
PENALTY_NAMES = {"mean_square": "mean(x²)", "mean_exp": "mean exp(x²)"}


# The campaign of each dataset.
CAMPAIGNS = {"digits": "why_digits", "mnist": "why"}


def frozen(dataset: str) -> list[Run]:
    """The frozen runs on one dataset or several with commas; raises ValueError for another."""
    chosen_names = names("dataset", dataset, CAMPAIGNS)
    return [run for name in chosen_names for run in campaign_runs(CAMPAIGNS[name])]


def chosen(runs: Sequence[Run], **wanted) -> list[Run]:
    """The runs with these values of RunConfig's fields, and BASE's where none is given."""
    asked = BASE | wanted
    return [run for run in runs if all(getattr(run.config, k) == v for k, v in asked.items())]


def title(config: RunConfig) -> str:
    """The classifier's optimizer in words, with its ε and, of SGD, its learning rate."""
    name = OPTIMIZERS[config.classifier_optimizer][0]
    if config.classifier_epsilon != RunConfig.classifier_epsilon:
        name += f", ε = {config.classifier_epsilon:g}"
        if config.classifier_epsilon == 1:
            name += f", rate × {config.classifier_rate:g}"
    if config.classifier_optimizer == "sgd":
        name += f", rate {config.classifier_rate * config.learning_rate:g}"
    return name


def knows_axes(config: RunConfig) -> bool:
    """Whether the classifier's steps depend on the choice of axes in x; no ε ≥ 0.1 of Adam does."""
    return OPTIMIZERS[config.classifier_optimizer][1] and config.classifier_epsilon < 0.1


def size(run: Run) -> float:
    """Root mean square of x over the training set after the last epoch."""
    arrays = run.arrays()
    mean, std = arrays["latent_mean"][-1], arrays["latent_std"][-1]
    return float(np.sqrt((mean**2 + std**2).mean()))


def table(runs: Sequence[Run]) -> pd.DataFrame:
    """A line for each run: dataset, optimizer, seed, fields and end values."""
    rows = [
        {
            "dataset": run.config.dataset,
            "optimizer": title(run.config),
            "axes": knows_axes(run.config),
            "seed": run.config.seed,
            "epsilon": run.config.classifier_epsilon,
            "gamma": run.config.gamma,
            "penalty": PENALTY_NAMES[run.config.penalty],
            "excess": end_value(run, "vertex_excess"),
            "accuracy": end_value(run, "accuracy", "test"),
            "weight_rms": end_value(run, "weight_rms"),
            "size": size(run),
        }
        for run in runs
    ]
    return pd.DataFrame(rows)
