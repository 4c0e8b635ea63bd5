"""Does it matter that FashionMNIST is trained in bfloat16? The same network in float32, beside."""

from collections.abc import Sequence

import pandas as pd

from replication.base import markdown
from replication.campaigns.selection import campaign_runs
from replication.figures.common import captions, wording
from replication.figures.common.curves import Row
from replication.runs.series import end_value
from replication.runs.store import Run

CAMPAIGN, TWINS = "fashion_mnist_fp32", "fashion_mnist"
ROWS = (
    Row("accuracy", "test", "test accuracy"),
    Row("accuracy", "train", "train accuracy"),
    Row("whole_code_agreement", "train", "whole-code agreement"),
    Row("vertex_excess", "train", "vertex cosine of the class means, above chance"),
    Row("peak_separation", "train", "peak separation"),
    Row("within_between", "train", "Tr(S<sub>w</sub>S<sub>b</sub><sup>+</sup>)/C"),
)


def text() -> str:
    """The end values of the float32 run, of its bfloat16 twin, and of all seeds, as Markdown."""
    found = campaign_runs(CAMPAIGN)
    return table(found, campaign_runs(TWINS)) if found else captions.missing(CAMPAIGN)


def table(found: Sequence[Run], others: Sequence[Run]) -> str:
    """A Markdown table of runs in float32 beside the same and all seeds of `others`."""
    seeds = {run.config.seed for run in found}
    alike = [r for r in others if r.config.head == found[0].config.head]
    columns = {
        "float32": found,
        "bfloat16, same seed": [run for run in alike if run.config.seed in seeds],
        "bfloat16, all seeds": alike,
    }

    def cell(runs: Sequence[Run], row: Row) -> str:
        ends = [end_value(run, row.metric, row.split) for run in runs]
        return wording.written(row.metric)[0](pd.Series(ends, dtype=float))

    rows = [[row.title, *(cell(runs, row) for runs in columns.values())] for row in ROWS]
    return f"{captions.essentials(found)}.\n\n{markdown.table(['Quantity', *columns], rows)}"
