"""What all figures share: panels and their lines, intervals, a legend, and what they say."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import ArrayLike
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


def name_lines(fig: go.Figure, names: Sequence[str], down: int = 1) -> None:
    """Name the lines of every panel, the first on top: at 0, `down`, 2·`down` and so on.

    `down`: 1, or −1 where the axis is not to be reversed.
    """
    fig.update_yaxes(
        tickvals=[down * place for place in range(len(names))],
        ticktext=names,
        range=[down * (len(names) - 0.5), -0.5 * down],
        zeroline=False,
    )


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


def described(
    fig: go.Figure,
    draw: Callable[..., Any],
    alt: str,
    caption: str,
    table: pd.DataFrame,
    setting: str = "",
    **layout: Any,
) -> go.Figure:
    """`fig` with `layout`, a legend, and in `layout.meta` what the book puts around it.

    `draw` is the public function that gives the figure: readers are led to its source. `alt`
    describes the figure in words; `caption` says in at most 40 what is plotted and how to read it.
    `table` holds the plotted values, a line for each. `setting` is how the networks were trained:
    a page says it once, and each figure beside the command that makes it.
    """
    _name_once(fig)
    source = f"{draw.__module__}.{draw.__qualname__}"
    meta = {"alt": alt, "caption": caption, "setting": setting, "source": source}
    return fig.update_layout(meta={**meta, "csv": table.to_csv(index=False)}, **layout)


def _name_once(fig: go.Figure) -> None:
    """Name each legend group by the first of its traces that is not kept out of the legend."""
    named = set()
    for trace in fig.data:
        if "legendgroup" not in trace or not trace.legendgroup:  # images have none
            continue
        trace.showlegend = trace.showlegend is not False and trace.legendgroup not in named
        named |= {trace.legendgroup} if trace.showlegend else set()
