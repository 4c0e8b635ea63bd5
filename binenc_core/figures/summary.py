"""Every claim on the workshop paper's figures with its verdict, and the trainings behind it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from binenc_core.figures import (
    captions,
    fig1_binarity,
    fig2_encoding,
    fig3_accuracy,
    fig4_collapse,
    wording,
)
from binenc_core.figures.curves import Curves
from binenc_core.figures.style import DATASET_NAMES
from binenc_core.store import Run


class Judged(NamedTuple):
    """A figure on one dataset: its curves, and its claims with the seeds in which each is seen."""

    dataset: str
    curves: Curves
    claims: dict[str, pd.Series]


FIGURES = {1: fig1_binarity, 2: fig2_encoding, 3: fig3_accuracy, 4: fig4_collapse}


def findings(runs: Sequence[Run]) -> str:
    """The table of the claims, and how far the trainings behind it reach, as Markdown."""
    text = f"{table(runs)}\n\nThe verdicts speak of these trainings alone. {captions.setting(runs)}"
    if captions.differences(runs):
        text += " They do not settle what holds under the paper's own setting."
    return text


def table(runs: Sequence[Run]) -> str:
    """A Markdown table: a line for each claim, a column for each dataset with its verdict."""
    return claim_table(
        {
            DATASET_NAMES[name]: [run for run in runs if run.config.dataset == name]
            for name in captions.datasets(runs)
        }
    )


def claim_table(columns: Mapping[str, Sequence[Run]]) -> str:
    """A Markdown table: a line for each claim, and a column for each group of runs on a dataset."""
    judged = {name: verdicts(runs) for name, runs in columns.items()}
    lines = [f"| Figure | Claim | {' | '.join(columns)} |", f"|{'---|' * (2 + len(columns))}"]
    for figure in FIGURES:
        own = dict.fromkeys(key for found in judged.values() for key in found if key[0] == figure)
        for key in own or [(figure, "Its claims")]:
            cells = " | ".join(found.get(key, "not judged") for found in judged.values())
            lines.append(f"| {figure} | {key[1]} | {cells} |")
    return "\n".join(lines)


def verdicts(runs: Sequence[Run]) -> dict[tuple[int, str], str]:
    """The verdict on every claim that runs on one dataset can judge, by figure and claim."""
    return {
        (figure, claim): wording.verdict(seen)
        for figure, judged in judged_figures(runs).items()
        for claim, seen in judged.claims.items()
    }


def judged_figures(runs: Sequence[Run]) -> dict[int, Judged]:
    """Each figure that runs on one dataset can judge, by its number."""
    # A figure's data refuses runs none of which has a value.
    measured = {run.config.head for run in runs if len(run.history)}
    found = {}
    for figure, module in FIGURES.items():
        if set(module.HEADS) <= measured:
            curves = module.data(runs)
            (dataset,) = curves.datasets
            claims = wording.judged(module.claims, module.HEADS, curves, dataset)
            if claims is not None:
                found[figure] = Judged(dataset, curves, claims)
    return found
