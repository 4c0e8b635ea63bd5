"""The robustness study of one network: every attack, second runs for its checks, corruptions."""

import math
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from binenc_core.config import RunConfig
from binenc_core.dataset import Dataset, as_scaled, draw
from binenc_core.models import Classifier
from binenc_core.robustness import NORMAL, STRONG
from binenc_core.robustness.boundary import l2_norms
from binenc_core.robustness.corruptions import accuracy_under
from binenc_core.robustness.deepfool import deepfool
from binenc_core.robustness.ensemble import smallest_perturbations
from binenc_core.robustness.network import Logits, decisions, logits_of
from replication.studies.catalog import (
    AGAIN_MOST,
    AGAIN_SHARE,
    CORRUPTED,
    GALLERY,
    SCALES,
    StudyResult,
)


def assess(model: Classifier, data: Dataset, config: RunConfig, images: int | None) -> StudyResult:
    """Attack a network on `images` random test images (None: all).

    The table has the columns of ROBUSTNESS_COLUMNS. The network and the data are on one device.
    Raises ValueError for more images than there are, and for a network whose logits are not finite.
    """
    count, device = len(data.test_labels), data.test_images.device
    rows = draw(count, images).to(device)
    logits = logits_of(model)
    pool = as_scaled(data.test_images)
    decided = decisions(logits, pool)
    x, labels = pool[rows], data.test_labels[rows]
    last = deepfool(logits, x)
    best = smallest_perturbations(logits, x, pool, decided, NORMAL)
    columns = {
        "image": rows,
        "label": labels,
        "predicted": decided[rows],
        "size": l2_norms(x),
        **best.norms,
        "deepfool_last": l2_norms(last - x),
        "smallest": best.smallest,
    }
    again = min(AGAIN_MOST, math.ceil(AGAIN_SHARE * len(rows)))
    columns |= _again(model, x[:again], pool, decided)
    series = {name: pd.Series(values.cpu().numpy()) for name, values in columns.items()}
    table = pd.DataFrame(series, index=range(len(rows)))  # what was run again ends in nothing
    # The first images of as many classes, the same for every network.
    shown = table.drop_duplicates("label").index[:GALLERY].tolist()
    more = draw(count, min(count, CORRUPTED)).to(device)
    arrays = {
        **_corrupted(logits, pool[more], data.test_labels[more]),
        "gallery_row": np.array(shown),
        "gallery_image": _kept(x, shown),
        "gallery_deepfool": _kept(last, shown),
        "gallery_smallest": _kept(best.points, shown),
    }
    return StudyResult(len(rows), table, arrays)


def _again(model: Classifier, x: Tensor, pool: Tensor, decided: Tensor) -> dict[str, Tensor]:
    """What the sanity checks compare with: other logits, float64, and a stronger ensemble."""
    columns = {}
    for name, scale in SCALES.items():
        columns |= _both(logits_of(model, scale=scale), x, pool, decided, name)
    exact = logits_of(model, torch.float64)
    columns |= _both(exact, x.double(), pool.double(), decided, "float64")
    strong = smallest_perturbations(logits_of(model), x, pool, decided, STRONG)
    return columns | {"smallest_strong": strong.smallest}


def _both(logits: Logits, x: Tensor, pool: Tensor, decided: Tensor, name: str) -> dict[str, Tensor]:
    found = smallest_perturbations(logits, x, pool, decided, NORMAL)
    return {f"deepfool_{name}": found.norms["deepfool"], f"smallest_{name}": found.smallest}


def _kept(images: Tensor, rows: Sequence[int]) -> NDArray:
    return images[rows].half().cpu().numpy()


def _corrupted(logits: Logits, x: Tensor, labels: Tensor) -> dict[str, NDArray]:
    """Accuracies by corruption and severity, short rows filled up with nan."""
    found = accuracy_under(logits, x, labels)
    levels = max(map(len, found.values()))

    def grid(rows: Iterable[Iterable[float]]) -> NDArray:
        values = [[*row] for row in rows]
        return np.array([row + [np.nan] * (levels - len(row)) for row in values])

    return {
        "corruptions": np.array(list(found)),
        "severities": grid(found.values()),
        "corrupted_accuracy": grid(own.values() for own in found.values()),
        "corrupted_images": np.array(len(x)),
    }
