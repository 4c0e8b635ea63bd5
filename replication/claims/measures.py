"""What claims compare beside the history of a run: its images, and what studies found of it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from binenc_core.reliability import ALLOWED_CHANGE
from replication.runs.store import Run
from replication.studies.assessments import Assessment
from replication.studies.robustness_numbers import in_noise, mean


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
