"""Every claim of the workshop paper's figures with its verdict, as one table."""

from collections.abc import Sequence

from binenc_core.figures import (
    captions,
    fig1_binarity,
    fig2_encoding,
    fig3_accuracy,
    fig4_collapse,
    wording,
)
from binenc_core.figures.style import DATASET_NAMES
from binenc_core.store import Run

FIGURES = {1: fig1_binarity, 2: fig2_encoding, 3: fig3_accuracy, 4: fig4_collapse}


def table(runs: Sequence[Run]) -> str:
    """A Markdown table: a line for each claim, a column for each dataset with its verdict."""
    names = captions.datasets(runs)
    lines = [
        f"| Figure | The paper's claim | {' | '.join(DATASET_NAMES[name] for name in names)} |",
        f"|{'---|' * (2 + len(names))}",
    ]
    for number, module in FIGURES.items():
        curves = module.data(runs)
        judged = {name: _judged(module, curves, name) for name in names}
        for claim in dict.fromkeys(claim for own in judged.values() for claim in own):
            cells = " | ".join(judged[name].get(claim, "not judged") for name in names)
            lines.append(f"| {number} | {claim} | {cells} |")
    return "\n".join(lines)


def _judged(module, curves, dataset: str) -> dict[str, str]:
    judged = wording.judged(module.claims, curves, dataset)
    return {claim: wording.verdict(seen) for claim, seen in (judged or {}).items()}
