"""MNIST under two protocols: the numbers side by side, and what is said where one is missing."""

from dataclasses import replace

import pytest

from made_runs import made_runs
from replication.campaigns import grids
from replication.data.datasets import PAPER_DATASETS
from replication.data.recipes import switches
from replication.figures.protocols import two_protocols


def both(**values):
    released = switches("released")
    return {
        "described": made_runs(seeds=2, width=512),
        "released": made_runs(seeds=2, width=512, values=values, **released),
    }


def test_the_numbers_and_their_differences_are_paired_by_seed():
    lines = two_protocols.numbers(both(accuracy=0.9)).splitlines()
    (difference,) = [row for row in lines if row.startswith("| test accuracy, released less")]
    # As described the last accuracy is 0.7 + 0.001·seed, for binary encoding.
    assert "| +19.95 ± 0.07 points |" in difference
    assert "| test accuracy, released | 90.00 ± 0.00 % |" in "\n".join(lines)
    (peaks,) = [row for row in lines if row.startswith("| peak separation, described")]
    assert peaks.count("–") == 2  # heads without a linear penultimate layer


@pytest.mark.parametrize("dataset", PAPER_DATASETS)
def test_the_campaigns_are_named_as_they_are_trained(dataset):
    for protocol, name in two_protocols.CAMPAIGNS[dataset].items():
        configs = grids.read(name).configs
        assert {c.dataset for c in configs} == {dataset}
        assert {c.metrics for c in configs} == {switches(protocol)["metrics"]}


def test_of_the_campaign_that_has_both_protocols_each_takes_its_own(monkeypatch):
    every = [run for runs in both().values() for run in runs]
    monkeypatch.setattr(two_protocols, "paired_runs", lambda names: dict.fromkeys(names, every))
    found = two_protocols.frozen()["paper"]
    assert {name: {r.config.metrics for r in own} for name, own in found.items()} == {
        "described": {"described"},
        "released": {"released"},
    }
    assert [len(own) for own in found.values()] == [8, 8]


def test_every_dataset_has_its_findings_also_where_nothing_is_frozen(own_folders):
    found = two_protocols.frozen()
    assert found["mnist"] == {"described": [], "released": []}
    found["mnist"] = both()
    assert len(two_protocols.shown(found)) == 8 + 8
    mnist, other = two_protocols.findings(found).split("**FashionMNIST**")
    assert "| test accuracy, described |" in mnist
    assert other.strip().startswith("`results/fashion_mnist` is not there")
    assert "`python -m replication campaign fashion_mnist` trains it" in other
    assert other.count("`results/paper` is not there") == 1


@pytest.mark.parametrize("lost", ["described", "released"])
def test_a_campaign_whose_runs_all_diverged_is_no_error(lost):
    runs = both()
    runs[lost] = [replace(r, history=r.history[["epoch", "split"]][:0]) for r in runs[lost]]
    text = two_protocols.findings({"mnist": runs})
    assert "| Quantity |" in text
    assert "nan" not in text


def test_a_campaign_without_a_linear_layer_has_no_peaks():
    runs = both()
    runs["released"] = [run for run in runs["released"] if run.config.head == "none"]
    text = two_protocols.numbers(runs)
    assert "test accuracy, released" in text
    assert "peak separation" not in text
