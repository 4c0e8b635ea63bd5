"""Simplex against vertices: cosines between class means beside those between their sign codes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from replication.data.datasets import DATASETS
from replication.figures.codes.code_books import cosines
from replication.figures.codes.hypercube import floors
from replication.figures.common import captions
from replication.figures.common.drawing import described
from replication.figures.common.style import HEAD_STYLES, NEUTRAL
from replication.figures.common.tables import stacked
from replication.runs.store import Run


def data(runs: Sequence[Run]) -> pd.DataFrame:
    """A line for each pair of classes of each run with binary encoding: both cosines.

    Of the class means at the last logged epoch and of their signs, each less its mean over classes.
    """

    def pairs(run: Run) -> dict[str, Any]:
        means = run.arrays()["class_means"][-1].astype(float)
        first, second = np.triu_indices(len(means), 1)
        return {
            "dataset": run.config.dataset,
            "seed": run.config.seed,
            "first": first,
            "second": second,
            "codes": cosines(np.sign(means)),
            "means": cosines(means),
        }

    return stacked(pairs(run) for run in runs if run.config.head == "binary")


def figure(found: pd.DataFrame, runs: Sequence[Run]) -> go.Figure:
    """Each pair of classes as a point: the cosine of the codes, and that of the means."""
    fig = go.Figure()
    colors = [HEAD_STYLES["binary"].color, HEAD_STYLES["none"].color]
    for color, (dataset, own) in zip(colors, found.groupby("dataset", sort=False), strict=False):
        fig.add_trace(
            go.Scatter(
                x=own["codes"],
                y=own["means"],
                customdata=own[["seed", "first", "second"]],
                mode="markers",
                name=DATASETS[dataset].title,
                marker={"color": color, "size": 6, "opacity": 0.6},
                hovertemplate="seed %{customdata[0]}, classes %{customdata[1]} and %{customdata[2]}"
                "<br>codes %{x:.3f}, means %{y:.3f}<extra></extra>",
            )
        )
    goal = -1 / (len(set(found["first"])))
    low, high = found["codes"].min() - 0.03, found["codes"].max() + 0.03
    fig.add_hline(goal, line={"color": NEUTRAL, "dash": "dot"}, annotation={"text": "simplex"})
    fig.add_shape(type="line", x0=low, y0=low, x1=high, y1=high, line={"color": NEUTRAL})
    fig.update_xaxes(title_text="cosine between two sign codes", range=[low, high])
    fig.update_yaxes(title_text="cosine between two class means", range=[low, high])
    own = [run for run in runs if run.config.head == "binary"]
    return described(
        fig,
        figure,
        alt="Cosines between sign codes scatter widely, those between the class means of the same "
        "pairs lie close to the simplex's.",
        caption="Each pair of classes with binary encoding. Solid: the means lie where their signs "
        f"do; dotted: they are a simplex. {captions.essentials(own)}.",
        table=found,
        setting=captions.setting(own),
        height=460,
    )


def findings(found: pd.DataFrame, runs: Sequence[Run]) -> str:
    """How far both scatter, and the least that codes of so many balanced bits can, in words."""
    sizes = {run.config.dataset: run.config.latent_dim for run in runs}
    said = []
    for dataset, rows in found.groupby("dataset", sort=False):
        spread = rows.groupby("seed")[["codes", "means"]].std(ddof=0).mean()
        floor = floors(sizes[dataset], int(rows["second"].max()) + 1).equiangularity
        said.append(
            f"{DATASETS[dataset].title}: the codes' cosines scatter by {spread['codes']:.3f}, the "
            f"means' by {spread['means']:.3f}; {sizes[dataset]} balanced bits can do no less than "
            f"{floor:.4f}."
        )
    return " ".join(said)
