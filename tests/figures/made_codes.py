"""Runs whose arrays hold known class codes, and images where they are asked for."""

from pathlib import Path

import numpy as np

from made_runs import made_run
from replication.data.datasets import CLASSES
from replication.runs.store import Run


def random_codes(seed: int, bits: int = 16, classes: int = CLASSES) -> np.ndarray:
    return np.random.default_rng(seed).random((classes, bits)) < 0.5


def moved(codes: np.ndarray, seed: int = 5) -> np.ndarray:
    """The same book with its dimensions in another order and some of them negated."""
    rng = np.random.default_rng(seed)
    bits = codes.shape[1]
    return codes[:, rng.permutation(bits)] ^ (rng.random(bits) < 0.5)


def coded_run(
    folder: Path,
    codes: np.ndarray,
    images: bool = False,
    certainty: float = 1.0,
    color: bool = False,
    **changes,
) -> Run:
    """A run that ends with these codes, each bit shared by `certainty` of its class's points.

    Its first epoch has other ones. With `images`, class c is taken for c, but 0 for 9 at a cosine
    of −0.5, and its picture has the pixels of value 10·c, in `color` 0, 10·c and 255 by channel.
    """
    last = np.where(codes, certainty, 1 - certainty)
    arrays = {"positive_fractions": np.stack([np.full(codes.shape, 0.5), last])}
    if images:
        labels = np.arange(len(codes))
        pixels = np.broadcast_to(10 * labels[:, None, None] % 256, (len(codes), 6, 6))
        if color:
            pixels = np.stack([0 * pixels, pixels, 0 * pixels + 255], axis=-1)
        predicted, cosines = labels.copy(), labels / 10
        predicted[0], cosines[0] = 9, -0.5
        arrays |= {
            "furthest_image": np.stack([np.zeros_like(pixels), pixels]).astype(np.uint8),
            "furthest_predicted": np.stack([labels, predicted]).astype(np.uint8),
            "furthest_cosine": np.stack([labels, cosines]).astype(np.float32),
        }
    made = made_run(**{"dataset": "digits", "epochs": 100} | changes)
    path = folder / f"{made.config.id}.npz"
    np.savez(path, **arrays)
    return made_run(**{"dataset": "digits", "epochs": 100} | changes, arrays_path=path)
