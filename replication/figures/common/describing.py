"""What a figure says of itself."""

from collections.abc import Callable
from typing import Any

import pandas as pd
import plotly.graph_objects as go


def described(
    fig: go.Figure,
    draw: Callable[..., Any],
    alt: str,
    caption: str,
    table: pd.DataFrame,
    setting: str = "",
    **layout: Any,
) -> go.Figure:
    """`fig` with `layout`, and in `layout.meta` what the book puts around it.

    `draw` is the public function that gives the figure: readers are led to its source. `alt`
    describes the figure in words; `caption` says in at most 40 what is plotted and how to read it.
    `table` holds the plotted values, a line for each. `setting` is how the networks were trained:
    a page says it once, and each figure beside the command that makes it.
    """
    source = f"{draw.__module__}.{draw.__qualname__}"
    meta = {"alt": alt, "caption": caption, "setting": setting, "source": source}
    return fig.update_layout(meta={**meta, "csv": table.to_csv(index=False)}, **layout)
