"""The harder datasets: accuracy, codes and collapse of the campaigns that are frozen."""

from collections.abc import Sequence

import plotly.graph_objects as go

from binenc_core.figures import captions, summary
from binenc_core.figures.curves import Curves, Row, curve_data
from binenc_core.figures.drawing import draw
from binenc_core.figures.style import DATASET_NAMES
from binenc_core.store import Run

ROWS = (
    Row("accuracy", "test", "test accuracy"),
    Row("code_agreement", "train", "whole-code agreement"),
    Row("within_between", "train", "Tr(S<sub>w</sub>S<sub>b</sub><sup>+</sup>)/C", log=True),
)


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


def findings(runs: Sequence[Run], datasets: Sequence[str]) -> str:
    """The verdicts on what is frozen, and how to train the other datasets, as Markdown."""
    shown = captions.datasets(runs)
    parts = [summary.findings(runs)] if runs else []
    missing = [name for name in datasets if name not in shown]
    if missing:
        parts.append(_missing(missing))
    return "\n\n".join(parts)


def _missing(datasets: Sequence[str]) -> str:
    names = ", ".join(DATASET_NAMES[name] for name in datasets)
    commands = "\n".join(f".venv/bin/python -m binenc_core campaign {n} --freeze" for n in datasets)
    return (
        f"Nothing is claimed of {names}: no campaign of {'it' if len(datasets) == 1 else 'them'} "
        f"is frozen in `results/`. To train one and show it here, build the book again after\n\n"
        f"```bash\n{commands}\n```"
    )
