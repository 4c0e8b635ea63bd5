"""The harder datasets: accuracy, codes and collapse of the campaigns that are frozen."""

from collections.abc import Sequence

import plotly.graph_objects as go

from replication.campaigns.selection import campaign_runs, names
from replication.data.datasets import DATASETS, HARDER_DATASETS
from replication.figures.common import captions
from replication.figures.common.curves import Curves, Row, curve_data, draw
from replication.runs.store import Run

ROWS = (
    Row("accuracy", "test", "test accuracy"),
    Row("whole_code_agreement", "train", "whole-code agreement"),
    Row("within_between", "train", "Tr(S<sub>w</sub>S<sub>b</sub><sup>+</sup>)/C", log=True),
)

NOTHING = "No campaign on these datasets is frozen: there is nothing to plot yet."


def frozen(datasets: str) -> tuple[list[str], list[Run]]:
    """The datasets asked for, one or several with commas, and the runs of their frozen campaigns.

    Raises ValueError for what is none of the harder datasets.
    """
    shown = names("datasets", datasets, HARDER_DATASETS)
    return shown, [run for name in shown for run in campaign_runs(name)]


def data(runs: Sequence[Run]) -> Curves | None:
    """Accuracy, whole-code agreement and relative spread by epoch; None where there is no run."""
    what = (
        "Test accuracy, fraction of training points with their class's whole code, and spread "
        "within the classes over that between them (logarithmic)."
    )
    return curve_data(runs, ROWS, what) if runs else None


def figure(curves: Curves | None) -> go.Figure | None:
    """Curves of these three, a row for each; None where there is nothing to draw."""
    alt = (
        "Test accuracy, whole-code agreement and relative spread within the classes against the "
        "epoch on harder datasets, for the four architectures."
    )
    return draw(curves, figure, alt) if curves else None


def missing(datasets: Sequence[str], runs: Sequence[Run]) -> str:
    """How to train the datasets of which nothing is frozen, as Markdown; nothing without any."""
    absent = [name for name in datasets if name not in captions.datasets(runs)]
    if not absent:
        return ""
    shown = ", ".join(DATASETS[name].title for name in absent)
    run = ".venv/bin/python -m replication campaign"
    commands = "\n".join(f"{run} {name} && {run} {name} --freeze" for name in absent)
    return (
        f"**Nothing is claimed here of {shown}**: `results/` has no such campaign. To train one "
        f"and show it, build the book again after\n\n```bash\n{commands}\n```"
    )
