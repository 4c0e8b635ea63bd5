"""What a figure says of itself."""

from collections.abc import Callable
from typing import Any

import pandas as pd


def figure_meta(
    draw: Callable[..., Any], alt: str, caption: str, table: pd.DataFrame
) -> dict[str, str]:
    """The `layout.meta` of a figure, from which the book makes what stands around it.

    `draw` is the public function that gives the figure: readers are led to its source. `alt`
    describes the figure in words, `table` holds the plotted values, a line for each.
    """
    return {
        "alt": alt,
        "caption": caption,
        "csv": table.to_csv(index=False),
        "source": f"{draw.__module__}.{draw.__qualname__}",
    }
