"""What the study of reliability found of networks, as one table; what failed its controls."""

from collections.abc import Sequence

import pandas as pd

from binenc_core.reliability import ALLOWED_CHANGE, CONTROLS, FLOAT64_IMAGES
from replication.figures.common import assessed
from replication.figures.common.assessed import Group, Measured
from replication.figures.common.style import HEAD_STYLES
from replication.studies.assessments import Assessment

# Fewer misclassified images than these say too little.
FEW = 50

NETWORK = ["dataset", "protocol", "head", "seed"]


def data(found: Sequence[Assessment]) -> Measured:
    """The numbers of all networks; raises ValueError where there is none.

    `table`: the rows of the study's tables (`reliability.COLUMNS`) without those of the controls,
    with dataset, protocol, head and seed, and `failed`, the controls that the row's score failed.
    """
    if not found:
        raise ValueError("no network was assessed; allowed: one or more")
    shown, table = assessed.measured(found, lambda own: own.table)
    controls = table["metric"].str.startswith("change_")
    key = [*NETWORK, "task", "score"]
    # What could not be measured has failed, unless the AUROC itself is not defined.
    there = table[(table["metric"] == "auroc") & table["value"].notna()].set_index(key).index
    failed = table[controls & ~(table["value"] <= ALLOWED_CHANGE)]
    failed = failed[pd.MultiIndex.from_frame(failed[key]).isin(there)]
    names = failed["metric"].str.removeprefix("change_").map(CONTROLS)
    by_score = names.groupby([failed[column] for column in key]).agg(", ".join)
    kept = table[~controls].join(by_score.rename("failed"), on=key)
    return Measured(shown, kept.fillna({"failed": ""}).reset_index(drop=True))


def rows(numbers: Measured, group: Group, task: str, score: str, metric: str) -> pd.DataFrame:
    """The rows of a group on one number, a line for each network."""
    return group.select(numbers.table, task=task, score=score, metric=metric)


def by_head(
    numbers: Measured, group: Group, task: str, score: str, metric: str, column: str = "value"
) -> pd.DataFrame:
    """A column of the rows on one number: a line for each seed, a column for each head."""
    return rows(numbers, group, task, score, metric).pivot(
        index="seed", columns="head", values=column
    )


def control_outcome(numbers: Measured) -> str:
    """How many AUROCs failed a control, and which, in words."""
    own = numbers.table[numbers.table["metric"] == "auroc"]
    failed = own[own["failed"] != ""]
    text = (
        f"Controls: x times 1000 and times 0.001 (for the scores that read x), and the network in "
        f"float64 (on {FLOAT64_IMAGES:,} images at most), must not change an AUROC by more than "
        f"{ALLOWED_CHANGE:g}; "
    )
    if failed.empty:
        return f"{text}none of the {len(own)} does."
    names = [
        f"{HEAD_STYLES[line.head].name.lower()} seed {line.seed} "
        f"({line.task}, {line.score}: {line.failed})"
        for line in failed.itertuples()
    ]
    return f"{text}{len(failed)} of {len(own)} do, and are no results: {'; '.join(names)}."
