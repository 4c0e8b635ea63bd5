"""The studies of trained networks: what each asks, and the columns and arrays that it gives."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd
from numpy.typing import NDArray

from binenc_core.config import DRAW_SEED, read_whole
from binenc_core.reliability import (
    BINS,
    FLOAT64_IMAGES,
    METRICS,
    RESAMPLES,
    SCORES,
    SOFTMAX_INPUTS,
    TASKS,
)
from binenc_core.reliability import SEED as RESAMPLES_SEED
from binenc_core.robustness import (
    ATTACKS,
    CORRUPTIONS,
    DEEPFOOL,
    HALVINGS,
    NORMAL,
    SEED,
    STRONG,
)


class StudyResult(NamedTuple):
    """What a study finds of one network: how many test images it took, its table, its arrays."""

    images: int
    table: pd.DataFrame
    arrays: dict[str, NDArray]


class Study(NamedTuple):
    """One study.

    `version`: to be raised by hand whenever the same networks, asked the same, would give other
    numbers, beyond the rounding of sums. `images`: how many test images it takes unless told
    otherwise; None: all. `asked`: what else its numbers depend on, as JSON can hold it. `columns`,
    `arrays`: what it gives for each network, by name, with a text each.
    """

    version: int
    images: int | None
    asked: Mapping[str, Any]
    columns: dict[str, str]
    arrays: dict[str, str]

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits of all that is asked but for the number of images."""
        text = json.dumps({"version": self.version, **self.asked}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


# Factors of the logits, or of x, that must change nothing.
SCALES = {"up": 1e3, "down": 1e-3}

_RERUNS = {
    "up": "the logits times 1000",
    "down": "the logits times 0.001",
    "float64": "everything in float64",
}

# Robustness: the table has a row for each test image drawn. Norms are Euclidean, of the
# perturbation r in the input space, in which pixels lie between -1 and 1; inf where an attack does
# not succeed. What was run again is empty beyond the first images.
ROBUSTNESS_COLUMNS = {
    "image": "index in the test set",
    "label": "class",
    "predicted": "the network's decision, which the attacks change",
    "size": "‖x‖, norm of the image",
    **{name: f"‖r‖ of {title}" for name, title in ATTACKS.items()},
    "deepfool_last": "‖r‖ of DeepFool's last iterate, whether or not it succeeds",
    **{f"deepfool_{key}": f"`deepfool` with {how}" for key, how in _RERUNS.items()},
    "smallest": "the smallest ‖r‖ of all attacks",
    **{
        f"smallest_{key}": f"`smallest` with {how}"
        for key, how in {**_RERUNS, "strong": "more steps, restarts and targets"}.items()
    },
}

ROBUSTNESS_ARRAYS = {
    "corruptions": "names of the corruptions",
    "severities": "their severities, (corruptions, levels), each in its own unit",
    "corrupted_accuracy": "accuracy on images so corrupted, the first ones of the same draw",
    "corrupted_images": "how many images were corrupted",
    "gallery_row": "rows of the table whose images are kept, (G,)",
    "gallery_image": "these images, float16 (G, K, H, W), pixels between -1 and 1",
    "gallery_deepfool": "where DeepFool's last iterate has moved them, float16 (G, K, H, W)",
    "gallery_smallest": "where the attack of the smallest ‖r‖ has moved them",
}

# Of the images drawn, the first quarter and at most so many are attacked again for the checks.
AGAIN_SHARE, AGAIN_MOST = 0.25, 100
# Images that are corrupted, from the same draw, and images that are kept to be looked at.
CORRUPTED, GALLERY = 2000, 2

ROBUSTNESS_ASKED = {
    "attacks": list(ATTACKS),
    "deepfool": DEEPFOOL,
    "normal": NORMAL._asdict(),
    "strong": STRONG._asdict(),
    "halvings": HALVINGS,
    "again": [AGAIN_SHARE, AGAIN_MOST],
    "scales": SCALES,
    "corruptions": {name: own.severities for name, own in CORRUPTIONS.items()},
    "corrupted": CORRUPTED,
    "gallery": GALLERY,
    "seeds": [DRAW_SEED, SEED],
}

# Reliability: the table has a row for each number.
RELIABILITY_COLUMNS = {
    "task": f"one of {', '.join(TASKS)}",
    "score": f"one of {', '.join(SCORES)}; in calibration, of what the softmax is taken: "
    f"{', '.join(SOFTMAX_INPUTS)}",
    "metric": "; ".join(f"{name}: {text}" for name, text in METRICS.items()),
    "value": "its value; empty where there is no positive or no negative image",
    "low": "lower end of the 95 % bootstrap interval over the images, empty where there is none",
    "high": "its upper end",
    "positives": "number of positive images; in calibration, of misclassified ones",
    "negatives": "number of the others",
}

_SCORES = f"({len(SCORES)}, points), scores in the order {', '.join(SCORES)}"
RELIABILITY_ARRAYS = {
    "grid": "false positive rates and coverages at which the curves are given",
    "roc": f"true positive rate for misclassified images, {_SCORES}",
    "risk": f"error rate among the images kept at each coverage, {_SCORES}",
    "bin_count": "images in each bin of confidence, (2, 15), before and after temperature scaling",
    "bin_confidence": "their mean confidence, nan in empty bins",
    "bin_accuracy": "the fraction of them that is classified correctly",
}

# The networks were trained on the whole training set, so the temperature is fitted on this part of
# the test images, and calibration is measured on the rest.
HELD_OUT = 0.2
# Of the curves.
POINTS = 51

RELIABILITY_ASKED = {
    "tasks": list(TASKS),
    "scores": list(SCORES),
    "metrics": list(METRICS),
    "softmax": list(SOFTMAX_INPUTS),
    "scales": SCALES,
    "float64": FLOAT64_IMAGES,
    "held_out": HELD_OUT,
    "bins": BINS,
    "points": POINTS,
    "resamples": RESAMPLES,
    "seeds": [DRAW_SEED, RESAMPLES_SEED],
}

STUDIES = {
    "robustness": Study(1, 500, ROBUSTNESS_ASKED, ROBUSTNESS_COLUMNS, ROBUSTNESS_ARRAYS),
    "reliability": Study(1, None, RELIABILITY_ASKED, RELIABILITY_COLUMNS, RELIABILITY_ARRAYS),
}


def images_of(study: str, images: int | None, most: int) -> int:
    """How many of a dataset's test images a study takes: those asked for, or its own number.

    Raises ValueError for what is no number of images up to `most`.
    """
    if images is not None:
        return read_whole("images", images, most=most)
    return min(STUDIES[study].images or most, most)
