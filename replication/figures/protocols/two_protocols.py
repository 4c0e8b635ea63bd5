"""The same quantities on a dataset under two protocols, from their frozen campaigns."""

from collections.abc import Mapping, Sequence

from replication.campaigns.selection import paired_runs
from replication.data.datasets import DATASETS, PAPER_DATASETS
from replication.data.recipes import protocol_of
from replication.figures.common import captions, wording
from replication.figures.common.curves import Row, last_values
from replication.runs.store import Run

# The campaigns that hold each protocol's runs; that at the paper's width holds both.
CAMPAIGNS = {
    dataset: {"described": dataset, "released": f"{dataset}_released"} for dataset in PAPER_DATASETS
} | {"paper": {"described": "paper", "released": "paper"}}
TITLES = {dataset: DATASETS[dataset].title for dataset in PAPER_DATASETS} | {
    "paper": "MNIST at the paper's width, one seed"
}
ROWS = (
    Row("accuracy", "test", "test accuracy"),
    Row("whole_code_agreement", "train", "whole-code agreement"),
    Row("peak_separation", "train", "peak separation"),
)
# Runs by protocol.
Runs = Mapping[str, Sequence[Run]]


def frozen() -> dict[str, Runs]:
    """The frozen runs by CAMPAIGNS' names; none where there is no such campaign."""
    found = {name: paired_runs(own.values()) for name, own in CAMPAIGNS.items()}
    return {
        name: {
            protocol: [r for r in found[name][campaign] if protocol_of(r.config) == protocol]
            for protocol, campaign in own.items()
        }
        for name, own in CAMPAIGNS.items()
    }


def shown(found: Mapping[str, Runs]) -> list[Run]:
    """The runs of every dataset and protocol, in one list."""
    return [run for by_protocol in found.values() for runs in by_protocol.values() for run in runs]


def findings(found: Mapping[str, Runs]) -> str:
    """Of each the protocols' numbers side by side, as Markdown, or how to train what is missing."""
    parts = []
    for name, runs in found.items():
        missing = [campaign for protocol, campaign in CAMPAIGNS[name].items() if not runs[protocol]]
        advice = " ".join(map(captions.missing, dict.fromkeys(missing)))
        parts += [f"**{TITLES[name]}**", advice or numbers(runs)]
    return "\n\n".join(parts)


def numbers(runs: Runs) -> str:
    """A Markdown table: quantities of each protocol at the last epoch, and their differences.

    The differences are the last protocol's values less the first one's, seed by seed.
    """
    quantities = []
    for row in ROWS:
        if not all(any(row.metric in run.history for run in own) for own in runs.values()):
            continue
        write, write_difference = wording.written(row.metric)
        last = {name: last_values(own, row) for name, own in runs.items()}
        quantities += [
            wording.Quantity(f"{row.title}, {name}", values, write) for name, values in last.items()
        ]
        first, *_, other = last.values()
        title = f"{row.title}, {' less '.join(reversed(last))}"
        quantities.append(wording.Quantity(title, other - first, write_difference))
    return wording.table(quantities)
