"""The studies of trained networks: what each asks, and the columns and arrays that it gives."""

from typing import NamedTuple

import pandas as pd
from numpy.typing import NDArray

from binenc_core import reliability, robustness


class StudyResult(NamedTuple):
    """What a study finds of one network: how many test images it took, its table, its arrays."""

    images: int
    table: pd.DataFrame
    arrays: dict[str, NDArray]


class Study(NamedTuple):
    """One study.

    `version`: to be raised by hand whenever the same networks would give other numbers, beyond the
    rounding of sums. `images`: how many test images it takes unless told otherwise; None: all.
    `columns`, `arrays`: what it gives for each network, by name, with a text each.
    """

    version: int
    images: int | None
    columns: dict[str, str]
    arrays: dict[str, str]


STUDIES = {
    "robustness": Study(1, 500, robustness.COLUMNS, robustness.ARRAYS),
    "reliability": Study(1, None, reliability.COLUMNS, reliability.ARRAYS),
}


def check_study(name: str) -> None:
    """Raise a ValueError that names the studies unless `name` is one of them."""
    if name not in STUDIES:
        raise ValueError(f"study is {name!r}; allowed: {', '.join(STUDIES)}")


def check_images(images: int | None, most: int) -> None:
    """Raise ValueError for what is neither None nor a number of images, at most `most`."""
    is_number = isinstance(images, int) and not isinstance(images, bool)
    if images is not None and not (is_number and 1 <= images <= most):
        raise ValueError(f"images is {images!r}; allowed: a whole number from 1 to {most}")
