"""What the page on why there is a code says in numbers: the released loss, and the controls."""

from collections.abc import Sequence

import pandas as pd

from replication.base import markdown
from replication.data.datasets import DATASETS
from replication.figures.common import captions, wording
from replication.figures.common.style import HEAD_STYLES
from replication.figures.paper.vertices import chance
from replication.figures.why.why_runs import chosen, end_value
from replication.runs.store import Run

RELEASED = "mnist_released"


def released(runs: Sequence[Run]) -> str:
    """The vertex cosine of the points under the released loss, with and without it, as Markdown."""
    if not runs:
        return captions.missing(RELEASED)
    config = runs[0].config
    values = {
        head: pd.Series([end_value(r, "vertex_cosine") for r in runs if r.config.head == head])
        for head in ("binary", "linear")
    }
    said = " and ".join(
        f"{wording.value(own)} with {HEAD_STYLES[head].name.lower()}"
        for head, own in values.items()
    )
    seeds = len(values["binary"])
    return (
        f"On {DATASETS[config.dataset].title}, as released, the points' vertex cosine is {said} "
        f"({seeds} seed{'s' if seeds > 1 else ''}); by chance it would be "
        f"{chance(config.latent_dim):.3f}."
    )


# What is done to the training, and which runs that is: values of RunConfig's fields.
SGD = {"classifier_optimizer": "sgd"}
ADAM = {"classifier_optimizer": "adam", "classifier_epsilon": 1e-8}
CONTROLS = {
    "Adam": ADAM,
    "Adam, PyTorch's own start of W": ADAM | {"classifier_start": "uniform"},
    "SGD": SGD | {"classifier_rate": 10.0},
    "SGD, PyTorch's own start of W": SGD | {"classifier_start": "uniform"},
    "Adam for the classifier alone, all else by SGD": ADAM | {"backbone_optimizer": "sgd"},
    "Adam, a fixed rotation R before the classifier": ADAM | {"rotation": "random"},
    "Adam, from half-way on SGD": ADAM | {"switch_epoch": 50},
    "SGD, from half-way on Adam": SGD | {"switch_epoch": 50},
    "W frozen at ±w": {"classifier_optimizer": "frozen", "classifier_start": "signs"},
    "W frozen, uniform": {"classifier_optimizer": "frozen", "classifier_start": "uniform"},
    "W frozen, Gaussian": {"classifier_optimizer": "frozen"},
}
COLUMNS = {
    "x": "vertex_excess",
    "before R": "vertex_excess_unrotated",
    "W": "weight_vertex_excess",
    "size": "weight_rms",
    "kurtosis": "weight_kurtosis",
    "path": "weight_path_ratio",
    "x along W": "weight_alignment",
}


def controls(runs: Sequence[Run]) -> str:
    """A Markdown table: a line for each control on the digits, means over the seeds."""
    own = [run for run in runs if run.config.dataset == "digits"]
    rows = []
    for name, wanted in CONTROLS.items():
        found = chosen(own, **wanted)
        cells = [_mean([end_value(run, measure) for run in found]) for measure in COLUMNS.values()]
        accuracy = _mean([end_value(run, "accuracy", "test") for run in found])
        rows.append([name, *cells, accuracy])
    return markdown.table(["Training", *COLUMNS, "accuracy"], rows)


def _mean(values: Sequence[float]) -> str:
    own = pd.Series(values, dtype=float)
    return "" if own.isna().all() else f"{own.mean():.3g}".replace("-", "−")


def outlook(runs: Sequence[Run]) -> str:
    """The one pair on FashionMNIST, which is not judged, as Markdown."""
    if not runs:
        return captions.missing("why_fashion")
    said = "; ".join(
        f"{'SGD' if run.config.classifier_optimizer == 'sgd' else 'Adam'}: "
        f"{end_value(run, 'vertex_excess'):+.3f} above chance, test accuracy "
        f"{100 * end_value(run, 'accuracy', 'test'):.1f} %"
        for run in runs
    ).replace("-", "−")
    return (
        f"An outlook, not judged: the paper's network on FashionMNIST, {runs[0].config.epochs} "
        f"epochs, one seed. {said}."
    )
