"""The paper's four claims in a few words each, with the verdict and the number behind it."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from binenc_core.figures import captions, summary, wording
from binenc_core.figures.curves import Curves, paired
from binenc_core.figures.style import DATASET_NAMES
from binenc_core.selection import campaign_runs
from binenc_core.store import Run


class Headline(NamedTuple):
    """A figure's claim in a few words.

    `judges`: those of the figure's claims that it stands for. `evidence`: the number to show, from
    the figure's curves on a dataset and from those claims, each with the seeds in which it is seen.
    """

    text: str
    judges: slice
    evidence: Callable[[Curves, str, Sequence[pd.Series]], str]


def _peaks(curves: Curves, dataset: str, claims: Sequence[pd.Series]) -> str:
    apart = paired(curves, dataset, curves.rows[2])
    binary, linear = (wording.value(apart[head]) for head in ("binary", "linear"))
    return f"peaks {binary} widths apart; without the loss {linear}"


def _sharing(curves: Curves, dataset: str, claims: Sequence[pd.Series]) -> str:
    agreement = paired(curves, dataset, curves.rows[0])
    return f"{wording.percent(agreement['binary'])} of the points"


def _lead(curves: Curves, dataset: str, claims: Sequence[pd.Series]) -> str:
    accuracy = paired(curves, dataset, next(row for row in curves.rows if row.split == "test"))
    lead = accuracy["binary"] - accuracy.drop(columns="binary").max(axis=1)
    return f"test set: {wording.points(lead)} against the best other"


def _measures(curves: Curves, dataset: str, claims: Sequence[pd.Series]) -> str:
    return f"{sum(seen.all() for seen in claims)} of {len(claims)} measures"


HEADLINES = {
    1: Headline("Each latent dimension takes one of two values", slice(None), _peaks),
    2: Headline("The points of a class share one binary code", slice(1), _sharing),
    3: Headline("The accuracy rises", slice(None), _lead),
    4: Headline("Neural collapse goes further", slice(None), _measures),
}


def columns(runs: Sequence[Run]) -> dict[str, list[Run]]:
    """The runs by dataset, and beside them those of the released code's protocol if frozen."""
    names = captions.datasets(runs)
    found = {
        DATASET_NAMES[name]: [run for run in runs if run.config.dataset == name] for name in names
    }
    released = {f"{DATASET_NAMES[n]}, released code": campaign_runs(f"{n}_released") for n in names}
    return found | {name: own for name, own in released.items() if own}


def summary_list(columns: Mapping[str, Sequence[Run]]) -> str:
    """A Markdown list: each headline with its verdict on each group of runs on a dataset."""
    return "\n".join(
        f"- {text}: " + ", ".join(f"{name} {cell.verdict}" for name, cell in row.items()) + "."
        for text, row in _cells(columns).items()
    )


def table(columns: Mapping[str, Sequence[Run]]) -> str:
    """A Markdown table: a line for each headline, a column for each group of runs on a dataset."""
    lines = [f"| The paper says | {' | '.join(columns)} |", f"|{'---|' * (1 + len(columns))}"]
    for text, row in _cells(columns).items():
        cells = [f"{c.verdict}<br>{c.evidence}" if c.evidence else c.verdict for c in row.values()]
        lines.append(f"| {text} | {' | '.join(cells)} |")
    return "\n".join(lines)


class _Cell(NamedTuple):
    """A verdict, and the number behind it if there is one."""

    verdict: str
    evidence: str = ""


def _cells(columns: Mapping[str, Sequence[Run]]) -> dict[str, dict[str, _Cell]]:
    """The verdicts by headline and group of runs."""
    judged = {name: summary.judged_figures(runs) for name, runs in columns.items()}
    return {
        headline.text: {name: _cell(headline, found.get(figure)) for name, found in judged.items()}
        for figure, headline in HEADLINES.items()
    }


def _cell(headline: Headline, judged: summary.Judged | None) -> _Cell:
    claims = list(judged.claims.values())[headline.judges] if judged else []
    if not claims or not all(len(seen) for seen in claims):
        return _Cell("not judged")
    evidence = headline.evidence(judged.curves, judged.dataset, claims)
    return _Cell(verdict(claims), evidence)


def verdict(claims: Sequence[pd.Series]) -> str:
    """One verdict for claims, each with the seeds in which it is seen: all, some, or none."""
    if all(seen.all() for seen in claims):
        sign, word = "✓", "seen"
    elif any(seen.any() for seen in claims):
        sign, word = "◐", "in part"
    else:
        sign, word = "✗", "not seen"
    return f"{sign} **{word}**".replace(" ", "\N{NO-BREAK SPACE}")  # in one line
