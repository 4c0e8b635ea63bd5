"""The paper's claims on a dataset under two protocols, from their frozen campaigns."""

from collections.abc import Mapping, Sequence

import pandas as pd

from binenc_core.config import PAPER_DATASETS
from binenc_core.figures import captions, summary, wording
from binenc_core.figures.curves import Row, curve_data, values_at
from binenc_core.figures.style import DATASET_NAMES, LOOKS
from binenc_core.selection import campaign_runs
from binenc_core.store import Run

# The campaigns that hold each protocol's runs.
CAMPAIGNS = {
    dataset: {"described": dataset, "released": f"{dataset}_released"} for dataset in PAPER_DATASETS
}
ROWS = (
    (Row("accuracy", "test", "test accuracy"), wording.percent, wording.points),
    (Row("whole_code_agreement", "train", "whole-code agreement"), wording.percent, wording.points),
    (Row("peak_separation", "train", "peak separation"), wording.value, wording.signed),
)


# A dataset's runs by protocol.
Runs = Mapping[str, Sequence[Run]]


def frozen() -> dict[str, Runs]:
    """The runs of each dataset's frozen campaigns; none where there is no such campaign."""
    return {
        dataset: {protocol: campaign_runs(name) for protocol, name in own.items()}
        for dataset, own in CAMPAIGNS.items()
    }


def findings(found: Mapping[str, Runs]) -> str:
    """What `dataset_findings` says of each dataset's runs."""
    return "\n\n".join(
        f"**{DATASET_NAMES[dataset]}**\n\n{dataset_findings(dataset, runs)}"
        for dataset, runs in found.items()
    )


def dataset_findings(dataset: str, runs: Runs) -> str:
    """The claims under each protocol, and the numbers behind them, as Markdown.

    Where a campaign is not there, it says how to train it.
    """
    if note := _missing(dataset, runs):
        return note
    settings = " ".join(f"*{name}*: {captions.setting(own)}" for name, own in runs.items())
    note = "Each column is judged by its own protocol's definitions."
    if any(captions.differences(own) for own in runs.values()):
        settings += " They do not settle what holds under the paper's own setting."
    table = summary.claim_table(runs)
    parts = [agreement(runs), table, f"{note} {settings}", numbers(runs), cost(runs)]
    return "\n\n".join(part for part in parts if part)


def headline(found: Mapping[str, Runs]) -> str:
    """What the front page says of the two protocols, from each dataset's runs, as Markdown."""
    said = [
        _missing(dataset, runs) or f"On {DATASET_NAMES[dataset]} the two protocols {_agree(runs)}"
        for dataset, runs in found.items()
    ]
    return "\n\n".join(["The paper's text and its released code train differently.", *said])


def _missing(dataset: str, runs: Runs) -> str:
    """Which campaign is not there and how to train it, or nothing."""
    missing = [name for protocol, name in CAMPAIGNS[dataset].items() if not runs[protocol]]
    commands = " and ".join(f"`python -m binenc_core campaign {m} --freeze`" for m in missing)
    folders = " and ".join(f"`results/{name}`" for name in missing)
    text = f"Not judged: {folders} is not there. {commands} trains and freezes it."
    return text if missing else ""


def agreement(runs: Runs) -> str:
    """On how many claims two protocols agree, and the others with both verdicts."""
    return f"**What we see.** The protocols {_agree(runs)}"


def _agree(runs: Runs) -> str:
    (first, one), (second, other) = ((name, summary.verdicts(own)) for name, own in runs.items())
    claims = [key for key in one if key in other]
    # Whether a claim is seen, without the number of seeds.
    words = {key: tuple(found[key].partition(" (")[0] for found in (one, other)) for key in claims}
    differing = [
        f"- {claim}: {words[figure, claim][0]} as {first}, {words[figure, claim][1]} as {second}."
        for figure, claim in claims
        if len(set(words[figure, claim])) > 1
    ]
    count = len(claims) - len(differing)
    end = ", all but these:" if differing else "."
    text = f"agree on {count} of the {len(claims)} claims{end}"
    return "\n\n".join([text, "\n".join(differing)]) if differing else text


def numbers(runs: Runs) -> str:
    """A Markdown table: quantities of each protocol at the last epoch, and their differences.

    The differences are the last protocol's values less the first one's, seed by seed.
    """
    quantities = []
    for row, write, write_difference in ROWS:
        last = {name: _values(own, row) for name, own in runs.items()}
        if any(values is None for values in last.values()):
            continue
        quantities += [
            wording.Quantity(f"{row.title}, {name}", values, write) for name, values in last.items()
        ]
        first, *_, other = last.values()
        title = f"{row.title}, {' less '.join(reversed(last))}"
        quantities.append(wording.Quantity(title, other - first, write_difference))
    return wording.table(quantities)


def cost(runs: Runs) -> str:
    """What the last protocol costs every architecture in test accuracy, if it does cost all."""
    first, *_, last = ((name, _values(own, ROWS[0][0])) for name, own in runs.items())
    if first[1] is None or last[1] is None:
        return ""
    lost = (first[1] - last[1]).mean()
    if not (lost > 0).all():
        return ""
    least = LOOKS[lost.idxmin()].name.lower()
    return (
        f"As {last[0]}, every architecture is less accurate on the test set than as {first[0]}; "
        f"{least} loses the least. A lead under that protocol is one among weaker trainings."
    )


def _values(runs: Sequence[Run], row: Row) -> pd.DataFrame | None:
    """A row's values at the last epoch, seeds × heads; None where no run has any."""
    if not any(row.metric in run.history for run in runs):
        return None
    curves = curve_data(runs, [row], "")
    (dataset,) = curves.datasets
    return values_at(curves, dataset, row)
