"""Numbers of the robustness study: ‖r‖/‖x‖ of attacks, accuracy on corrupted images."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from replication.studies.assessments import Assessment

# What a page may take for the distance, as the authors do or not, and the column of ‖r‖ of each.
NUMBERS = {"deepfool": "deepfool_last", "smallest": "smallest"}
RESAMPLES, LEVEL = 2000, 0.95
# The noise in which accuracies are compared: so many of its strongest severities.
STRONGEST = 2


def relative(found: Assessment, column: str) -> pd.Series:
    """‖r‖/‖x‖ by test image (index): inf where the attack did not succeed, nan where not run."""
    table = found.table.set_index("image")
    return (table[column] / table["size"]).astype(float)


def moved(values: pd.Series) -> pd.Series:
    """The values of the images on which an attack succeeded."""
    return values[np.isfinite(values)]


def mean(found: Assessment, column: str) -> float:
    """Mean ‖r‖/‖x‖ over the images on which an attack succeeded; nan where it did on none."""
    return float(moved(relative(found, column)).mean())


def fooled(found: Assessment, attack: str) -> float:
    """Fraction of the images on which an attack succeeded."""
    return float(np.isfinite(found.table[attack]).mean())


def per_image(networks: Sequence[Assessment], column: str) -> pd.Series:
    """‖r‖/‖x‖ by test image, the mean over the networks in which the attack succeeded."""
    values = pd.concat([moved(relative(found, column)) for found in networks])
    return values.groupby(level=0).mean()


def interval(values: pd.Series) -> tuple[float, float]:
    """The 95 % interval of a mean over images: percentiles of a bootstrap with a fixed seed.

    nan for fewer than two images.
    """
    if len(values) < 2:
        return float("nan"), float("nan")
    from scipy import stats  # which takes half a second to import

    found = stats.bootstrap(
        (values.to_numpy(),),
        np.mean,
        n_resamples=RESAMPLES,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(0),
    ).confidence_interval
    return float(found.low), float(found.high)


def accuracies(found: Assessment) -> pd.DataFrame:
    """A network's accuracy by corruption and severity: a line for each, weak to strong."""
    arrays = found.arrays()
    names, severities = arrays["corruptions"].astype(str), arrays["severities"].astype(float)
    return pd.DataFrame(
        {
            "corruption": np.repeat(names, severities.shape[1]),
            "severity": severities.ravel(),
            "accuracy": arrays["corrupted_accuracy"].astype(float).ravel(),
        }
    ).dropna()  # the corruptions may differ in their number of levels


def in_noise(found: Assessment) -> float:
    """Mean accuracy over the STRONGEST strongest levels of the Gaussian noise."""
    table = accuracies(found)
    noisy = table.loc[table["corruption"] == "noise", "accuracy"]
    return float(noisy.iloc[-STRONGEST:].mean())


def corrupted_images(found: Assessment) -> int:
    """How many test images were corrupted."""
    return int(found.arrays()["corrupted_images"])
