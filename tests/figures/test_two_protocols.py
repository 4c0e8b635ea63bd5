"""MNIST under two protocols: the claims side by side, and what is said where one is missing."""

from dataclasses import replace

import pytest

from binenc_core import grids, store
from binenc_core.config import PAPER_DATASETS
from binenc_core.figures import summary, two_protocols
from binenc_core.recipes import switches
from binenc_core.selection import campaign_runs
from made_runs import made_runs


def both(**values):
    released = switches("released")
    return {
        "described": made_runs(seeds=2, width=512),
        "released": made_runs(seeds=2, width=512, values=values, **released),
    }


def test_each_protocol_has_a_column_of_verdicts():
    runs = both()
    text = two_protocols.dataset_findings("mnist", runs)
    header, _, *lines = text.split("\n\n")[1].splitlines()
    assert header == "| Figure | Claim | described | released |"
    assert len(lines) == 3 + 2 + 2 + 5
    for name, column in (("described", -3), ("released", -2)):
        alone = summary.table(runs[name]).splitlines()[2:]
        assert [line.split("|")[column] for line in lines] == [a.split("|")[-2] for a in alone]


@pytest.mark.parametrize(
    ("tied", "verdict"), [("max_angle", "**seen**"), ("max_angle_released", "**not seen**")]
)
def test_a_column_is_judged_by_its_own_definitions(tied, verdict):
    """Binary encoding is the lowest in all that is made, unless a value ties the architectures."""
    runs = made_runs(seeds=2, values={tied: 0.9}, **switches("released"))
    table = summary.claim_table({"released": runs})
    (line,) = [row for row in table.splitlines() if "most collapsed in max angle" in row]
    assert verdict in line


def test_claims_with_another_verdict_are_listed():
    assert two_protocols.agreement(both()).endswith("agree on 12 of the 12 claims.")
    text = two_protocols.agreement(both(max_angle_released=0.9))
    assert "agree on 11 of the 12 claims, all but these:" in text
    (line,) = [row for row in text.splitlines() if row.startswith("- ")]
    assert line == (
        "- Binary encoding is the most collapsed in max angle: **seen** as described, "
        "**not seen** as released."
    )


def test_the_settings_of_both_are_said():
    text = two_protocols.dataset_findings("mnist", both())
    assert "*described*: MNIST: MLP of width 512, P = 64, γ = 10 (mean_exp)" in text
    assert "protocol of the released code, but width 512 instead of 2048" in text


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
    assert f"`python -m binenc_core campaign {name} --freeze`" in text


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
    assert "| not judged |" in text
    assert "agree on 0 of the 0 claims." in text


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
    assert mnist.startswith("**MNIST**\n\n**What we see.** The protocols agree on 12")
    assert other.strip().startswith("Not judged: `results/fashion_mnist`")


def test_the_headline_says_what_the_verdicts_are_for():
    none = {"described": [], "released": []}
    text = two_protocols.headline({"mnist": both(), "fashion_mnist": none})
    assert "On MNIST the two protocols agree on 12 of the 12" in text
    missing = "`results/fashion_mnist` and `results/fashion_mnist_released` is not there."
    assert f"Not judged: {missing}" in text


def accurate(**accuracy):
    """Runs of each protocol whose architectures have these accuracies by head."""
    runs = both()
    for protocol, values in accuracy.items():
        runs[protocol] = [
            replace(r, history=r.history.assign(accuracy=values[r.config.head]))
            for r in runs[protocol]
        ]
    return runs


@pytest.mark.parametrize(
    ("linear", "said"),
    [(0.9, "every architecture is less accurate on the test set than as described"), (0.99, "")],
)
def test_a_protocol_that_costs_all_architectures_accuracy_is_told(linear, said):
    text = two_protocols.cost(
        accurate(
            described={"binary": 0.98, "linear": 0.98, "none": 0.98, "nonlinear": 0.98},
            released={"binary": 0.97, "linear": linear, "none": 0.9, "nonlinear": 0.9},
        )
    )
    assert said in text
    assert bool(text) == bool(said)
    assert not text or "binary encoding loses the least" in text
