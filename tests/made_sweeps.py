"""Made-up runs that differ in γ and seed, whose every number and array is known."""

from pathlib import Path

import numpy as np
import pandas as pd

from replication.data.recipes import recipe
from replication.runs.store import Run

EPOCHS = (0, 5, 9)
GAMMAS = (0.0, 10.0, 1000.0)
CLASSES, DIMENSIONS, BINS = 10, 4, 60

# At the last epoch, by γ: no code, a whole one, and one that all classes share.
METRICS = {
    0.0: {"accuracy": 0.97, "whole_code_agreement": 0.3, "distinct_codes": 10, "hamming_min": 1},
    10.0: {"accuracy": 0.98, "whole_code_agreement": 0.97, "distinct_codes": 10, "hamming_min": 1},
    1000.0: {"accuracy": 0.1, "whole_code_agreement": 0.99, "distinct_codes": 1, "hamming_min": 0},
}
STD = {0.0: 2.0, 10.0: 0.1, 1000.0: 0.001}
# The bins that hold all points of each dimension.
PEAKS = {0.0: range(20, 40), 10.0: (20, 39), 1000.0: (30,)}
# The four bits of each class's number: ten codes.
BITS = np.array([[c >> d & 1 for d in range(DIMENSIONS)] for c in range(CLASSES)])
FRACTIONS = {0.0: 0.3 + 0.5 * BITS, 10.0: 0.01 + 0.98 * BITS, 1000.0: np.full(BITS.shape, 0.6)}


def made_run(folder: Path, gamma: float, seed: int, diverged: int | None = None, **changes) -> Run:
    """A run of ten epochs, logged at EPOCHS; before the last one its values are those of γ = 0.

    Seeds raise the accuracy by 0.001 each. A run that diverged has only the epochs before.
    """
    config = recipe("mnist", **{"gamma": gamma, "seed": seed, "epochs": 10, **changes})
    epochs = [epoch for epoch in EPOCHS if diverged is None or epoch < diverged]
    same = {"hamming_mean": 2.0, "gmm_score": 1.5, "gmm_std": 0.5, "peak_separation": 8.0}
    own = [gamma if epoch == EPOCHS[-1] else 0.0 for epoch in epochs]
    rows = [
        {"epoch": epoch, "split": split, **same, **METRICS[g]}
        for epoch, g in zip(epochs, own, strict=True)
        for split in ("train", "test")
    ]
    history = pd.DataFrame(rows, columns=None if rows else ["epoch", "split"])
    if rows:
        history["accuracy"] += 0.001 * seed
    path = folder / f"{config.id}.npz"
    np.savez(
        path,
        **{k: np.array([a[k] for a in map(_arrays, own)]) for k in _arrays(0.0)}
        | {"epochs": np.array(epochs)},
    )
    return Run(config.id, config, history, {"diverged_epoch": diverged}, path)


def _arrays(gamma: float) -> dict:
    counts = np.zeros((DIMENSIONS, BINS), np.uint32)
    counts[:, PEAKS[gamma]] = 6000 // len(PEAKS[gamma])
    return {
        "latent_histogram": counts,
        "latent_mean": np.zeros(DIMENSIONS, np.float32),
        "latent_std": np.full(DIMENSIONS, STD[gamma], np.float32),
        "positive_fractions": FRACTIONS[gamma].astype(np.float32),
    }


def made_sweep(folder: Path, seeds: int = 2, diverged: int | None = None, **changes) -> list[Run]:
    """A run for each γ and seed; the first seed of the largest γ diverges in an epoch, if given."""
    return [
        made_run(folder, g, s, diverged if (g, s) == (GAMMAS[-1], 0) else None, **changes)
        for g in GAMMAS
        for s in range(seeds)
    ]
