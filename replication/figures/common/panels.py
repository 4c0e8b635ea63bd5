"""Panels side by side."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

COLUMNS = 2


def grid(
    titles: Sequence[str], apart: float, **options: Any
) -> tuple[go.Figure, list[dict[str, int]]]:
    """A figure of panels with these titles, two in a row, and the row and column of each.

    `apart`: the space between all rows together, as a share of the height.
    """
    columns = min(COLUMNS, len(titles))
    rows = -(-len(titles) // columns)
    fig = make_subplots(
        rows=rows,
        cols=columns,
        subplot_titles=titles,
        horizontal_spacing=0.05,
        vertical_spacing=apart / rows,
        **options,
    )
    places = range(len(titles))
    return fig, [{"row": p // columns + 1, "col": p % columns + 1} for p in places]
