"""Runs and assessments -> the numbers that claims compare, one for each arm and seed."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from binenc_core.assessments import Assessment
from binenc_core.figures.reliability_numbers import ALLOWED_CHANGE
from binenc_core.figures.robustness_corruptions import in_noise
from binenc_core.figures.robustness_numbers import mean
from binenc_core.metrics.names import column
from binenc_core.store import Run

# The end value is the mean over the logged epochs from here on, as a part of the last epoch.
WINDOW = 0.8


class Series(NamedTuple):
    """A run's measure over its logged epochs: both (E,), the values of a log measure as logs."""

    epochs: NDArray
    values: NDArray

    @property
    def window(self) -> NDArray:
        """The values from WINDOW on."""
        return self.values[self.epochs >= WINDOW * self.epochs[-1]]


def series(run: Run, measure: str, split: str, log: bool = False) -> Series | None:
    """A measure of a run, by its protocol's definition; None where it was not recorded.

    Raises ValueError where the logarithm of a value ≤ 0 is asked.
    """
    name = column(measure, run.config.metrics)
    rows = run.history[run.history["split"] == split]
    if name not in rows or rows[name].isna().any() or rows.empty:
        return None
    values = rows[name].to_numpy(float)
    if log and not (values > 0).all():
        raise ValueError(f"{name} of run {run.id} has no logarithm; allowed: values > 0")
    return Series(rows["epoch"].to_numpy(), np.log(values) if log else values)


def end(own: Series, log: bool = False) -> float:
    """The mean over the window; of logs the log of the mean."""
    return float(np.log(np.exp(own.window).mean()) if log else own.window.mean())


def change(own: Series, log: bool = False) -> float:
    """The end value less the first logged one."""
    return end(own, log) - float(own.values[0])


def drift(own: Series) -> float:
    """The last value of the window less its first."""
    return float(own.window[-1] - own.window[0])


def before_switch(run: Run, own: Series) -> float:
    """The last value that was logged before the optimizer's switch."""
    return float(own.values[own.epochs < run.config.switch_epoch][-1])


def correct(run: Run) -> NDArray | None:
    """Which test images (N,) are classified correctly after the last epoch, if that was kept."""
    arrays = run.arrays()
    if "test_predicted" not in arrays:
        return None
    return arrays["test_predicted"] == arrays["test_labels"]


def _row(task: str, score: str, metric: str) -> Callable[[Assessment], float]:
    """A number of the study of reliability; nan where it is not defined, or its AUROC failed.

    A rate of 0 counts as half an image.
    """

    def measure(found: Assessment) -> float:
        table = found.table
        own = table[(table["task"] == task) & (table["score"] == score)]
        own = own.set_index("metric")["value"]
        controls = own[own.index.str.startswith("change_")]
        if metric == "auroc" and not (controls <= ALLOWED_CHANGE).all():
            return np.nan
        return max(float(own.get(metric, np.nan)), 1 / (2 * found.images))

    return measure


# By study and name: the number, from what the study found of one network.
STUDY_MEASURES: dict[str, dict[str, Callable[[Assessment], float]]] = {
    "robustness": {
        "deepfool": lambda found: mean(found, "deepfool_last"),
        "smallest_perturbation": lambda found: mean(found, "smallest"),
        "noise_accuracy": in_noise,
    },
    "reliability": {
        "mahalanobis_auroc": _row("misclassified", "mahalanobis", "auroc"),
        "msp_auroc": _row("misclassified", "msp", "auroc"),
        "msp_aurc": _row("misclassified", "msp", "aurc"),
        "ece": _row("calibration", "logits", "ece_before"),
        "ece_scaled": _row("calibration", "logits", "ece_after"),
        "mahalanobis_outside_auroc": _row("outside", "mahalanobis", "auroc"),
        "msp_outside_auroc": _row("outside", "msp", "auroc"),
    },
}


def study_value(found: Assessment, study: str, measure: str, log: bool) -> float:
    """A number of a study, as its logarithm where that is asked; nan where it is not defined."""
    value = STUDY_MEASURES[study][measure](found)
    return float(np.log(value)) if log and value > 0 else (np.nan if log else value)
