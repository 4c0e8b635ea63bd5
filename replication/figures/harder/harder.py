"""The harder datasets: accuracy, codes and collapse of the campaigns that are frozen."""

from collections.abc import Sequence

import plotly.graph_objects as go

from replication.campaigns.selection import campaign_runs, names
from replication.data.datasets import DATASETS, HARDER_DATASETS
from replication.figures.common import captions
from replication.figures.common.curves import Curves, Row, curve_data
from replication.figures.common.drawing import draw
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
    """What the figure shows; None where there is no run."""
    what = (
        "Accuracy on the test set, fraction of training points that have their class's whole code, "
        "and spread within the classes over that between them (logarithmic), in evaluation mode."
    )
    return curve_data(runs, ROWS, what) if runs else None


def figure(curves: Curves | None) -> go.Figure | None:
    """The figure of `data`; None where there is nothing to draw."""
    alt = (
        "Test accuracy, whole-code agreement and relative spread within the classes against the "
        "epoch on harder datasets, for the four architectures."
    )
    return draw(curves, figure, alt) if curves else None


def findings(datasets: Sequence[str], runs: Sequence[Run]) -> str:
    """How what is frozen was trained, and how to train the other datasets, as Markdown."""
    missing = [name for name in datasets if name not in captions.datasets(runs)]
    parts = [captions.setting(runs)] if runs else []
    return "\n\n".join([*parts, *([_missing(missing)] if missing else [])])


def _missing(datasets: Sequence[str]) -> str:
    shown = ", ".join(DATASETS[name].title for name in datasets)
    run = ".venv/bin/python -m replication campaign"
    commands = "\n".join(f"{run} {name} && {run} {name} --freeze" for name in datasets)
    return (
        f"**Nothing is claimed here of {shown}**: `results/` has no such campaign. To train one "
        f"and show it, build the book again after\n\n```bash\n{commands}\n```"
    )
