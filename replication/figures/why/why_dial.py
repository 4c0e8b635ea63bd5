"""The dial from a code to none: ε of the classifier's Adam; and the penalty's weight and shape."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from replication.data.datasets import DATASETS
from replication.figures.common import captions
from replication.figures.common.describing import described
from replication.figures.common.style import NEUTRAL
from replication.figures.why.why_runs import CODE, NO_CODE, PENALTY_NAMES, chosen, table
from replication.runs.store import Run

COLORS = {"digits": "#0072b2", "mnist": "#d55e00"}
SYMBOLS = {"digits": "circle", "mnist": "square"}
# Of the table: penalty and whether Adam trains the classifier.
WAYS = {
    (PENALTY_NAMES["mean_exp"], "Adam"): ("#0072b2", "solid", "circle"),
    (PENALTY_NAMES["mean_square"], "Adam"): ("#56b4e9", "dash", "circle-open"),
    (PENALTY_NAMES["mean_exp"], "SGD"): ("#cc79a7", "solid", "diamond"),
    (PENALTY_NAMES["mean_square"], "SGD"): ("#7f5f8f", "dash", "diamond-open"),
}


def epsilon_data(runs: Sequence[Run]) -> pd.DataFrame:
    """`why_runs.table` of Adam's runs by ε; `same_size` marks those that keep W at Adam's size."""
    own = chosen(runs, classifier_optimizer="adam")
    largest = {(r.config.dataset, r.config.classifier_epsilon): 0.0 for r in own}
    for run in own:
        key = run.config.dataset, run.config.classifier_epsilon
        largest[key] = max(largest[key], run.config.classifier_rate)
    found = table(own)
    found["same_size"] = [
        r.config.classifier_rate < largest[r.config.dataset, r.config.classifier_epsilon]
        for r in own
    ]
    return found


def epsilon_figure(found: pd.DataFrame, runs: Sequence[Run]) -> go.Figure:
    """Excess over chance, and the size of W, against ε; a star where W is kept at Adam's size."""
    fig = _panels("root mean square of W")
    for dataset in found["dataset"].unique():
        own = found[(found["dataset"] == dataset) & ~found["same_size"]]
        star = found[(found["dataset"] == dataset) & found["same_size"]]
        for j, name in enumerate(("excess", "weight_rms"), start=1):
            look = {"color": COLORS[dataset], "symbol": SYMBOLS[dataset], "size": 8}
            label = DATASETS[dataset].title
            fig.add_trace(_mean_line(own, "epsilon", name, label, dataset, look), 1, j)
            fig.add_trace(
                _points(own, "epsilon", name, dataset, look | {"size": 5, "opacity": 0.5}), 1, j
            )
            stars = look | {"symbol": "star", "size": 11}
            fig.add_trace(_points(star, "epsilon", name, dataset, stars), 1, j)
    _levels(fig)
    fig.update_xaxes(type="log", title_text="ε of the classifier's Adam", exponentformat="power")
    columns = ["dataset", "seed", "epsilon", "same_size", "excess", "weight_rms", "accuracy"]
    return described(
        fig,
        epsilon_figure,
        alt="The excess of the vertex cosine over chance falls with ε, whatever the size of W.",
        caption="As ε grows, Adam becomes SGD with momentum, and the code fades. Stars: the "
        "learning rate that leaves W about as large as Adam's. Lines: means over seeds.",
        table=found[columns],
        setting=captions.setting(chosen(runs, classifier_optimizer="adam")),
        height=360,
    )


def gamma_runs(runs: Sequence[Run]) -> list[Run]:
    """The digits' runs under both penalties and optimizers, with W free or held small."""
    return [
        run
        for penalty in PENALTY_NAMES
        for name, rate in (("adam", 1.0), ("sgd", DATASETS["digits"].sgd_rate))
        for gamma in sorted({run.config.gamma for run in runs})
        for cap in (0.0, 0.2)
        for run in chosen(
            runs,
            dataset="digits",
            penalty=penalty,
            gamma=gamma,
            classifier_optimizer=name,
            classifier_rate=rate,
            classifier_epsilon=1e-8,
            classifier_rms_cap=cap,
        )
    ]


def gamma_data(runs: Sequence[Run]) -> pd.DataFrame:
    """`why_runs.table` of `gamma_runs` with `way`, the optimizer; `held` marks W held small."""
    own = gamma_runs(runs)
    ways = ["Adam" if run.config.classifier_optimizer == "adam" else "SGD" for run in own]
    return table(own).assign(way=ways, held=[run.config.classifier_rms_cap > 0 for run in own])


def gamma_figure(found: pd.DataFrame, runs: Sequence[Run]) -> go.Figure:
    """Excess over chance, and the size of x, against γ; stars where W is held small."""
    fig = _panels("root mean square of x")
    for (penalty, way), (color, dash, symbol) in WAYS.items():
        own = found[(found["penalty"] == penalty) & (found["way"] == way)]
        for j, name in enumerate(("excess", "size"), start=1):
            look = {"color": color, "symbol": symbol, "size": 8}
            label, group = f"{penalty}, classifier by {way}", f"{penalty} {way}"
            free = own[~own["held"]]
            fig.add_trace(_mean_line(free, "gamma", name, label, group, look, dash), 1, j)
            stars = look | {"symbol": "star", "size": 11}
            fig.add_trace(_points(own[own["held"]], "gamma", name, group, stars), 1, j)
    _levels(fig)
    fig.update_xaxes(type="log", title_text="γ", exponentformat="power", dtick=1)
    fig.update_yaxes(type="log", tickvals=[0.1, 0.2, 0.5, 1, 2, 5], row=1, col=2)
    columns = ["seed", "penalty", "way", "gamma", "held", "excess", "size", "accuracy"]
    return described(
        fig,
        gamma_figure,
        alt="At large γ the optimizer decides, at small γ with small W the shape of the penalty.",
        caption="Two penalties and two optimizers of the classifier, by γ, on the digits. Stars: "
        "SGD with W held at a root mean square of 0.2 at most, so that |x| is about 1. Means over "
        "seeds.",
        table=found[columns],
        setting=captions.setting(gamma_runs(runs)),
        height=380,
    )


def _panels(second: str) -> go.Figure:
    """A panel of the excess over chance, and one of another quantity."""
    titles = ["vertex cosine above chance", second]
    return make_subplots(rows=1, cols=2, horizontal_spacing=0.12, column_titles=titles)


SIGNS = {"epsilon": "ε", "gamma": "γ"}


def _mean_line(
    own: pd.DataFrame,
    against: str,
    name: str,
    label: str,
    group: str,
    look: dict,
    dash: str | None = None,
) -> go.Scatter:
    """The mean over the seeds of a column against another; the first panel's has the legend."""
    mean = own.groupby(against)[name].mean()
    return go.Scatter(
        x=mean.index,
        y=mean,
        mode="lines+markers",
        name=label,
        legendgroup=group,
        showlegend=name == "excess",
        line={"color": look["color"]} | ({"dash": dash} if dash else {}),
        marker=look,
        hovertemplate=f"{SIGNS[against]} = %{{x:g}}: %{{y:.3f}}<extra></extra>",
    )


def _points(own: pd.DataFrame, against: str, name: str, group: str, look: dict) -> go.Scatter:
    """Every seed's value of a column against another."""
    return go.Scatter(
        x=own[against],
        y=own[name],
        customdata=own["seed"],
        mode="markers",
        legendgroup=group,
        showlegend=False,
        marker=look,
        hovertemplate="seed %{customdata}: %{y:.3f}<extra></extra>",
    )


def _levels(fig: go.Figure) -> None:
    for level in (NO_CODE, CODE):
        fig.add_hline(level, line={"dash": "dot", "width": 1.5, "color": NEUTRAL}, row=1, col=1)
