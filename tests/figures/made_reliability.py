"""Reliability of made-up networks, of which every number is known."""

from pathlib import Path

import numpy as np
import pandas as pd

from binenc_core.config import HEADS
from binenc_core.reliability import CONTROLS, SCORES
from replication.data.datasets import DATASETS
from replication.data.recipes import recipe
from replication.studies.assessments import INFO_FIELDS, Assessment
from replication.studies.catalog import RELIABILITY_COLUMNS as COLUMNS

IMAGES, ERRORS, BINS, POINTS = 1000, 100, 15, 11
# What each number is unless a test says otherwise, with half the width of its interval.
USUAL = {"auroc": 0.8, "aupr": 0.4, "aurc": 0.02, "excess_aurc": 0.01}
CALIBRATION = {"ece_before": 0.05, "ece_after": 0.01, "nll_before": 0.3, "nll_after": 0.2}
HALF = 0.005


def made_reliability(
    folder: Path,
    head: str = "binary",
    seed: int = 0,
    dataset: str = "mnist",
    protocol: str = "described",
    values: dict[tuple[str, str, str], float] | None = None,
    errors: int = ERRORS,
    **changes,
) -> Assessment:
    """A network with the numbers of USUAL and CALIBRATION, a temperature of 2, and no change.

    `values` gives other ones, by task, score and metric. Of IMAGES images so many `errors` are
    misclassified. Every curve rises evenly from 0 to 1; the last bin has all images, at 0.9 and
    after scaling at 0.8, of which 0.75 are right. `changes` are those of the configuration.
    """
    found = {}
    for task in ["misclassified", *(["outside"] if DATASETS[dataset].foreign else [])]:
        names = USUAL if task == "misclassified" else {n: USUAL[n] for n in ("auroc", "aupr")}
        for score in SCORES:
            found |= {(task, score, name): value for name, value in names.items()}
            found |= {(task, score, f"change_{key}"): 0.0 for key in CONTROLS}
    for reading in ["logits", *(["probabilities"] if protocol == "released" else [])]:
        own = CALIBRATION | {"temperature": 2.0}
        found |= {("calibration", reading, name): value for name, value in own.items()}
    found |= values or {}
    rows = []
    for (task, score, metric), value in found.items():
        half = HALF if metric in USUAL or metric.startswith("ece") else np.nan
        positives = IMAGES if task == "outside" else errors
        others = IMAGES if task == "outside" else IMAGES - errors
        rows.append((task, score, metric, value, value - half, value + half, positives, others))
    config = recipe(dataset, protocol, head=head, seed=seed, **{"epochs": 10} | changes)
    path = folder / f"{config.id}-reliability.npz"
    np.savez(path, **made_arrays())
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    info = dict.fromkeys(INFO_FIELDS, "made up") | {"seconds": 1.0}
    return Assessment("reliability", config, IMAGES, table, info, path)


def made_arrays() -> dict[str, np.ndarray]:
    grid = np.linspace(0, 1, POINTS)
    count = np.zeros((2, BINS))
    count[:, -1] = IMAGES
    last = np.full((2, BINS), np.nan)
    confidence, accuracy = last.copy(), last.copy()
    confidence[:, -1], accuracy[:, -1] = (0.9, 0.8), 0.75
    return {
        "grid": grid,
        "roc": np.tile(grid, (len(SCORES), 1)),
        "risk": np.tile(grid, (len(SCORES), 1)),
        "bin_count": count,
        "bin_confidence": confidence,
        "bin_accuracy": accuracy,
    }


def four_heads(folder: Path, seeds: int = 1, binary: dict | None = None, **changes):
    """Networks of the four architectures; `binary` has other arguments for that one."""
    return [
        made_reliability(
            folder, head, seed, **changes | ((binary or {}) if head == "binary" else {})
        )
        for head in HEADS
        for seed in range(seeds)
    ]
