"""MNIST under two protocols: the numbers side by side, and what is said where one is missing."""

from dataclasses import replace

import pytest

from made_runs import made_runs
from replication.campaigns import grids
from replication.campaigns.selection import campaign_runs
from replication.data.datasets import PAPER_DATASETS
from replication.data.recipes import switches
from replication.figures.protocols import two_protocols
from replication.runs import store


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


@pytest.mark.parametrize("missing", ["described", "released"])
def test_a_missing_campaign_is_named_with_its_command(missing):
    name = two_protocols.CAMPAIGNS["mnist"][missing]
    text = two_protocols.dataset_findings("mnist", both() | {missing: []})
    assert f"`results/{name}` is not there" in text
    assert f"`python -m replication campaign {name}` trains it" in text


@pytest.mark.parametrize("dataset", PAPER_DATASETS)
def test_the_campaigns_are_named_as_they_are_trained(dataset):
    for protocol, name in two_protocols.CAMPAIGNS[dataset].items():
        configs = grids.read(name).configs
        assert {c.dataset for c in configs} == {dataset}
        assert {c.metrics for c in configs} == {switches(protocol)["metrics"]}


def test_a_campaign_that_is_not_frozen_has_no_runs(monkeypatch, tmp_path):
    monkeypatch.setattr(store, "RESULTS", tmp_path)
    assert campaign_runs("mnist_released") == []
    assert two_protocols.frozen()["mnist"] == {"described": [], "released": []}


@pytest.mark.parametrize("lost", ["described", "released"])
def test_a_campaign_whose_runs_all_diverged_is_no_error(lost):
    runs = both()
    runs[lost] = [replace(r, history=r.history[["epoch", "split"]][:0]) for r in runs[lost]]
    text = two_protocols.dataset_findings("mnist", runs)
    assert "| Quantity |" in text
    assert "nan" not in text


def test_a_campaign_without_a_linear_layer_has_no_peaks():
    runs = both()
    runs["released"] = [run for run in runs["released"] if run.config.head == "none"]
    text = two_protocols.numbers(runs)
    assert "test accuracy, released" in text
    assert "peak separation" not in text


def test_every_dataset_has_its_findings(monkeypatch, tmp_path):
    monkeypatch.setattr(store, "RESULTS", tmp_path)
    text = two_protocols.findings(two_protocols.frozen() | {"mnist": both()})
    mnist, other = text.split("**FashionMNIST**")
    assert "| test accuracy, described |" in mnist
    assert other.strip().startswith("`results/fashion_mnist` is not there")


def test_all_runs_are_those_of_both_protocols_and_all_datasets():
    found = {"mnist": both(), "fashion_mnist": {"described": [], "released": made_runs(seeds=1)}}
    assert len(two_protocols.shown(found)) == 8 + 8 + 4
