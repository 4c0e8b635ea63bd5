"""Every claim on the workshop paper's figures with its verdict, and the trainings behind it."""

from collections.abc import Sequence
from types import ModuleType

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

FIGURES = {1: fig1_binarity, 2: fig2_encoding, 3: fig3_accuracy, 4: fig4_collapse}


def findings(runs: Sequence[Run]) -> str:
    """The table of the claims, and how far the trainings behind it reach, as Markdown."""
    text = f"{table(runs)}\n\nThe verdicts speak of these trainings alone. {captions.setting(runs)}"
    if captions.differences(runs):
        text += " They do not settle what holds under the paper's own setting."
    return text


def table(runs: Sequence[Run]) -> str:
    """A Markdown table: a line for each claim, a column for each dataset with its verdict."""
    names = captions.datasets(runs)
    lines = [
        f"| Figure | Claim | {' | '.join(DATASET_NAMES[name] for name in names)} |",
        f"|{'---|' * (2 + len(names))}",
    ]
    for number, module in FIGURES.items():
        curves = module.data(runs)
        judged = {name: _judged(module, curves, name) for name in names}
        claims = dict.fromkeys(claim for own in judged.values() for claim in own)
        for claim in claims or ["Its claims"]:
            cells = " | ".join(judged[name].get(claim, "not judged") for name in names)
            lines.append(f"| {number} | {claim} | {cells} |")
    return "\n".join(lines)


def _judged(module: ModuleType, curves: Curves, dataset: str) -> dict[str, str]:
    judged = wording.judged(module.claims, module.HEADS, curves, dataset)
    return {claim: wording.verdict(seen) for claim, seen in (judged or {}).items()}
