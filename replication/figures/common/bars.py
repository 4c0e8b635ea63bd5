"""Intervals around marks."""

import numpy as np
from numpy.typing import ArrayLike


def bars(
    middle: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    color: str,
    thickness: float = 1,
    width: float = 0,
) -> dict:
    """Plotly's `error_x` of marks at `middle`, from `low` to `high`, (N,) each.

    `thickness` of the bars and `width` of their ends are in pixels.
    """
    middle, low, high = (np.asarray(values, "f8") for values in (middle, low, high))
    return {
        "array": (high - middle).astype("f4"),
        "arrayminus": (middle - low).astype("f4"),
        "color": color,
        "thickness": thickness,
        "width": width,
    }
