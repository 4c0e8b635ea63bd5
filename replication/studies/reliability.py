"""A trained network -> its reliability: the table and the arrays that `reliability` names."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from binenc_core.config import RunConfig
from binenc_core.dataset import Dataset, as_scaled, draw
from binenc_core.evaluation import Outputs, outputs
from binenc_core.models import Classifier
from binenc_core.reliability import (
    FLOAT64_IMAGES,
    SCORES,
    calibration,
    detection,
    scores,
)
from binenc_core.reliability.detection import Estimate
from binenc_core.reliability.scores import Fitted
from replication.data.datasets import DATASETS
from replication.data.load import load
from replication.studies.catalog import (
    HELD_OUT,
    POINTS,
    RELIABILITY_COLUMNS,
    SCALES,
    StudyResult,
)

LEAST_IMAGES = 50
GRID = np.linspace(0, 1, POINTS)
# The scores that read x, of which a factor must change nothing.
OF_X = ("mahalanobis", "vertex")

Row = dict[str, Any]


class Case(NamedTuple):
    """A network's outputs for images of which some are `positive`, bool (N,)."""

    out: Outputs
    positive: Tensor


def assess(model: Classifier, data: Dataset, config: RunConfig, images: int | None) -> StudyResult:
    """How a network's doubts fit its errors, and foreign images, on so many test images.

    `data` is on the network's device. The images are those that `data.draw` gives; None: all.
    Raises ValueError for too few of them, for outputs that are not finite, and for a class of which
    fewer than two training images are classified correctly.
    """
    number = min(images or len(data.test_images), len(data.test_images))
    if number < LEAST_IMAGES:
        raise ValueError(f"there are {number} test images to take; allowed: {LEAST_IMAGES} or more")
    train = outputs(model, data.train_images, data.train_labels)
    fitted = {"": scores.fit(train)}
    for key, factor in SCALES.items():
        fitted[key] = scores.fit(train._replace(x=train.x * factor))
    del train  # without a penultimate layer it takes much memory
    own = computed(model, _drawn(data.test_images, data.test_labels, number))
    cases = {"misclassified": [misclassified(out) for out in own]}
    if foreign := foreign_images(config.dataset, data.test_images.device):
        others = computed(model, _drawn(*foreign, min(number, len(foreign[0]))))
        cases["outside"] = [joined(*two) for two in zip(own, others, strict=True)]
    rows = []
    for task, (whole, few, exact) in cases.items():
        rows += detected(task, fitted[""], whole)
        usual = aurocs(fitted[""], whole, OF_X)
        for key, factor in SCALES.items():
            scaled = whole._replace(out=whole.out._replace(x=whole.out.x * factor))
            rows += changed(task, key, usual, aurocs(fitted[key], scaled, OF_X), whole.positive)
        in_both = (aurocs(fitted[""], case, SCORES) for case in (few, exact))
        rows += changed(task, "float64", *in_both, few.positive)
    calibrated, arrays = calibrations(own[0], config)
    arrays |= curves(fitted[""], cases["misclassified"][0])
    return StudyResult(number, pd.DataFrame(rows + calibrated)[list(RELIABILITY_COLUMNS)], arrays)


def foreign_images(dataset: str, device: torch.device) -> tuple[Tensor, Tensor] | None:
    """Test images and labels of the dataset that is foreign to `dataset`, or None without one.

    Raises DataError where its files are damaged or missing and no source supplies them.
    """
    foreign = DATASETS[dataset].foreign
    if foreign is None:
        return None
    other = load(foreign)
    return other.test_images.to(device), other.test_labels.to(device)


def computed(model: Classifier, images: tuple[Tensor, Tensor]) -> tuple[Outputs, Outputs, Outputs]:
    """What a network gives for images and labels: all, the first few, and these in float64.

    The few are FLOAT64_IMAGES. Raises ValueError for what is not finite.
    """
    pixels, labels = images
    whole = outputs(model, pixels, labels)
    scores.check_finite(whole)
    precise = deepcopy(model).double()
    precise.bf16 = False
    few = as_scaled(pixels[:FLOAT64_IMAGES])
    exact = outputs(precise, few.double(), labels[:FLOAT64_IMAGES])
    return whole, Outputs(*(part[:FLOAT64_IMAGES] for part in whole)), exact


def _drawn(images: Tensor, labels: Tensor, number: int) -> tuple[Tensor, Tensor]:
    chosen = draw(len(images), number).to(images.device)
    return images[chosen], labels[chosen]


def misclassified(out: Outputs) -> Case:
    """Outputs of which the misclassified ones are positive."""
    return Case(out, out.logits.argmax(dim=1) != out.labels)


def joined(own: Outputs, foreign: Outputs) -> Case:
    """Outputs for own and foreign images together, of which the foreign ones are positive."""
    both = Outputs(*(torch.cat(parts) for parts in zip(own, foreign, strict=True)))
    return Case(both, torch.arange(len(both.x), device=both.x.device) >= len(own.x))


def row(task: str, score: str, metric: str, found: Estimate, positive: Tensor) -> Row:
    """A line of the table on images of which some are positive."""
    count = int(positive.sum())
    values = (task, score, metric, *found, count, len(positive) - count)
    return dict(zip(RELIABILITY_COLUMNS, values, strict=True))


def detected(task: str, fitted: Fitted, case: Case) -> list[Row]:
    """How well each score finds the positive images; the risk only where these are errors."""
    names = detection.METRICS if task == "misclassified" else detection.RANKING
    found = scores.scores(fitted, case.out)
    return [
        row(task, score, name, estimate, case.positive)
        for score, values in found.items()
        for name, estimate in detection.estimates(values, case.positive).items()
        if name in names
    ]


def aurocs(fitted: Fitted, case: Case, names: Iterable[str]) -> dict[str, float]:
    """The AUROC of the scores so named, by name; nan where it is not defined."""
    found = scores.scores(fitted, case.out)
    return {name: detection.auroc(found[name], case.positive) for name in names}


def changed(
    task: str,
    control: str,
    usual: Mapping[str, float],
    again: Mapping[str, float],
    positive: Tensor,
) -> list[Row]:
    """What a control changes in the AUROC of scores, without an interval; nan without either."""
    return [
        row(task, name, f"change_{control}", Estimate(abs(again[name] - usual[name])), positive)
        for name in usual
    ]


def calibrations(out: Outputs, config: RunConfig) -> tuple[list[Row], dict[str, NDArray]]:
    """Calibration before and after temperature scaling, and the bins of the logits' softmax.

    The loss that takes softmax twice reads the first one's probabilities as logits: by its own
    reading the network says what the softmax of these is, which is calibrated beside it.
    """
    held = round(HELD_OUT * len(out.labels))
    fit, rest = Outputs(*(p[:held] for p in out)), Outputs(*(p[held:] for p in out))
    read = {"logits": lambda logits: logits.double()}
    if config.softmax == "twice":
        read["probabilities"] = lambda logits: logits.double().softmax(dim=1)
    wrong = misclassified(rest).positive
    rows, diagrams = [], {}
    for name, reading in read.items():
        t = calibration.temperature(reading(fit.logits), fit.labels)
        stages = {"before": reading(rest.logits), "after": reading(rest.logits) / t}
        found = {"temperature": Estimate(t)}
        for stage, logits in stages.items():
            found[f"ece_{stage}"] = calibration.estimate(logits, rest.labels)
            found[f"nll_{stage}"] = Estimate(float(cross_entropy(logits, rest.labels)))
        rows += [row("calibration", name, key, value, wrong) for key, value in found.items()]
        diagrams[name] = [calibration.bins(logits, rest.labels) for logits in stages.values()]
    arrays = {
        f"bin_{field}": torch.stack([getattr(bins, field) for bins in diagrams["logits"]])
        for field in calibration.Bins._fields
    }
    return rows, {name: values.float().cpu().numpy() for name, values in arrays.items()}


def curves(fitted: Fitted, case: Case) -> dict[str, NDArray]:
    """The ROC and the risk of each score at GRID, for errors as the positive images."""
    found = scores.scores(fitted, case.out).values()
    roc = np.stack([detection.roc(values, case.positive, GRID) for values in found])
    risk = np.stack([detection.selective_risk(values, case.positive, GRID) for values in found])
    return {
        "grid": GRID.astype(np.float32),
        "roc": roc.astype(np.float32),
        "risk": risk.astype(np.float32),
    }
