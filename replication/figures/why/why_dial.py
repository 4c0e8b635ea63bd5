"""The dial from a code to none: ε of the classifier's Adam; and the penalty's weight and shape."""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from replication.data.datasets import DATASETS
from replication.figures.common import captions
from replication.figures.common.drawing import described
from replication.figures.common.style import NEUTRAL
from replication.figures.common.tables import select
from replication.figures.why.why_runs import CODE, NO_CODE, PENALTY_NAMES, chosen, table
from replication.runs.store import Run

# Color, dash and symbol of a dataset, and of a penalty and the classifier's optimizer.
DATASET_LOOKS = {"digits": ("#0072b2", None, "circle"), "mnist": ("#d55e00", None, "square")}
WAYS = {
    (PENALTY_NAMES["mean_exp"], "Adam"): ("#0072b2", "solid", "circle"),
    (PENALTY_NAMES["mean_square"], "Adam"): ("#56b4e9", "dash", "circle-open"),
    (PENALTY_NAMES["mean_exp"], "SGD"): ("#cc79a7", "solid", "diamond"),
    (PENALTY_NAMES["mean_square"], "SGD"): ("#7f5f8f", "dash", "diamond-open"),
}
SIGNS = {"epsilon": "ε", "gamma": "γ"}


def epsilon_data(runs: Sequence[Run]) -> pd.DataFrame:
    """`why_runs.table` of Adam's runs by ε; `same_size` marks those that keep W at Adam's size."""
    own = chosen(runs, classifier_optimizer="adam")
    found, rates = table(own), pd.Series([run.config.classifier_rate for run in own])
    largest = rates.groupby([found["dataset"], found["epsilon"]]).transform("max")
    return found.assign(same_size=rates < largest)


def epsilon_figure(found: pd.DataFrame, runs: Sequence[Run]) -> go.Figure:
    """Excess over chance, and the size of W, against ε; a star where W is kept at Adam's size."""
    lines = [
        ({"dataset": name}, DATASETS[name].title, DATASET_LOOKS[name])
        for name in found["dataset"].unique()
    ]
    second = "weight_rms", "root mean square of W"
    fig = _panels(found, "epsilon", second, "same_size", lines, each_seed=True)
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
    lines = [
        ({"penalty": penalty, "way": way}, f"{penalty}, classifier by {way}", look)
        for (penalty, way), look in WAYS.items()
    ]
    fig = _panels(found, "gamma", ("size", "root mean square of x"), "held", lines)
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


def _panels(
    found: pd.DataFrame,
    against: str,
    second: tuple[str, str],
    kept: str,
    lines: Sequence[tuple[dict[str, str], str, tuple]],
    each_seed: bool = False,
) -> go.Figure:
    """The excess over chance, and a `second` column with its title, `against` ε or γ.

    `lines`: of each the values that tell it in the table, its name and its look. A line is the mean
    over the seeds, with `each_seed` among them; what the column `kept` marks is stars.
    """
    titles = ["vertex cosine above chance", second[1]]
    fig = make_subplots(rows=1, cols=2, horizontal_spacing=0.12, column_titles=titles)
    for wanted, label, (color, dash, symbol) in lines:
        own = select(found, **wanted)
        free, stars = own[~own[kept]], own[own[kept]]
        look = {"color": color, "symbol": symbol, "size": 8}
        for j, name in enumerate(("excess", second[0]), start=1):
            mean = free.groupby(against)[name].mean()
            line = go.Scatter(
                x=mean.index,
                y=mean,
                mode="lines+markers",
                name=label,
                showlegend=j == 1,
                line={"color": color, "dash": dash},
                marker=look,
                hovertemplate=f"{SIGNS[against]} = %{{x:g}}: %{{y:.3f}}<extra></extra>",
            )
            small = look | {"size": 5, "opacity": 0.5}
            traces = [line, *([_points(free, against, name, small)] if each_seed else [])]
            traces.append(_points(stars, against, name, look | {"symbol": "star", "size": 11}))
            for trace in traces:
                fig.add_trace(trace.update(legendgroup=" ".join(wanted.values())), row=1, col=j)
    for level in (NO_CODE, CODE):
        fig.add_hline(level, line={"dash": "dot", "width": 1.5, "color": NEUTRAL}, row=1, col=1)
    return fig


def _points(own: pd.DataFrame, against: str, name: str, look: dict) -> go.Scatter:
    """Every seed's value of a column against another."""
    return go.Scatter(
        x=own[against],
        y=own[name],
        customdata=own["seed"],
        mode="markers",
        showlegend=False,
        marker=look,
        hovertemplate="seed %{customdata}: %{y:.3f}<extra></extra>",
    )
