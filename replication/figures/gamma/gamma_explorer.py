"""The γ explorer: one slider for γ, one for the epoch, and all that follows from them.

The built book draws it (book/assets/explorer.js); other viewers of a notebook show its text.
"""

import base64
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from binenc_core.metrics.names import HISTOGRAM_RANGE
from replication.figures.gamma.gamma_data import Sweep
from replication.figures.gamma.gamma_findings import sentence

# What the book's pages know how to draw; its content has `show`, the kind of drawing.
MIME = "application/vnd.binenc.explorer+json"
ALT = (
    "Explorer of the penalty's weight γ: sliders for γ, the epoch and the latent dimension change "
    "the accuracy over the epochs, the histogram of the dimension, the class codes, their Hamming "
    "distances and a table of numbers; two panels compare every γ."
)
LEVELS = 255


class Shown(NamedTuple):
    """Something that a page of the book draws: its content, and its text for other viewers."""

    content: dict[str, Any]
    text: str

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, Any]:
        return {MIME: self.content, "text/plain": self.text}


def figure(sweep: Sweep) -> Shown:
    """The explorer of `gamma_data.data`, opened at the usual γ after the last epoch."""
    content = {
        "show": "explorer",
        "alt": ALT,
        "caption": "What γ does to binary encoding. Curves and table: every seed and their mean, "
        "codes and mixtures on the training set. Histogram and class codes: the training points of "
        f"seed {sweep.shown_seed}.",
        "setting": sweep.setting,
        "source": f"{__name__}.figure",
        "csv": table_csv(sweep),
        "data": packed(sweep),
    }
    text = f"The γ explorer can be used in the built book. Its runs: {sweep.setting}"
    return Shown(content, text)


def packed(sweep: Sweep) -> dict[str, Any]:
    """A sweep as JSON of about 0.7 MB for 9 γ, 11 epochs and 64 dimensions.

    Arrays are base64 of their bytes in C order: `histograms`
    uint8 (G, E, P, bins), relative to the tallest bin of each; `scale` little-endian float32
    (2, G, E, P), mean and standard deviation, nan where there is nothing; `positive_fractions`
    uint8 (G, E, C, P) of LEVELS. `sentences` has one for each γ and epoch.
    """
    _, _, dimensions, bins = sweep.histograms.shape
    return {
        "gammas": sweep.gammas,
        "epochs": sweep.epochs,
        "seeds": sweep.seeds,
        "shownSeed": sweep.shown_seed,
        "start": {"gamma": sweep.gammas.index(sweep.usual_gamma), "epoch": len(sweep.epochs) - 1},
        "classes": sweep.positive_fractions.shape[2],
        "dimensions": dimensions,
        "bins": bins,
        "range": list(HISTOGRAM_RANGE),
        "sentences": [[sentence(sweep, g, e) for e in sweep.epochs] for g in sweep.gammas],
        "histograms": _base64(quantized_histograms(sweep.histograms)),
        "scale": _base64(np.stack([sweep.mean, sweep.std]).astype("<f4")),
        "positive_fractions": _base64(quantized_fractions(sweep.positive_fractions)),
    }


def table_csv(sweep: Sweep) -> str:
    """The table behind the explorer as CSV, with five digits."""
    exact = sweep.table.assign(gamma=sweep.table["gamma"].astype(str))  # the page looks γ up
    return exact.to_csv(index=False, float_format="%.5g", lineterminator="\n")


def quantized_histograms(histograms: NDArray) -> NDArray:
    """Histograms (…, bins) as uint8, their tallest bin LEVELS; nan becomes 0."""
    tallest = histograms.max(axis=-1, keepdims=True)
    return np.nan_to_num(np.rint(LEVELS * histograms / tallest)).astype(np.uint8)


def quantized_fractions(fractions: NDArray) -> NDArray:
    """Fractions of LEVELS as uint8, above half of them exactly where above 1/2; nan becomes 0."""
    half = LEVELS // 2
    levels = np.rint(LEVELS * np.nan_to_num(fractions))
    # A class's bit is 1 where more than half of its points have it: rounding must not change it.
    levels = np.where(fractions > 0.5, np.maximum(levels, half + 1), np.minimum(levels, half))
    return levels.astype(np.uint8)


def _base64(array: NDArray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
