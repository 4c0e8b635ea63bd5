"""What the front page says of the later versions' claims, of frozen networks made up."""

import pytest

import made_assessments
import made_reliability
from binenc_core import assessments, store
from binenc_core.figures import later_claims

TITLES = "| Claim | MNIST, as described | FashionMNIST, as released |"


@pytest.fixture
def results(monkeypatch, tmp_path):
    monkeypatch.setattr(store, "RESULTS", tmp_path / "results")
    return tmp_path


def freeze(study: str, name: str, found) -> None:
    assessments.freeze_all(study, name, found, "command")


def test_every_verdict_has_its_dataset_and_protocol(results):
    further = {"relative": dict.fromkeys(made_assessments.ATTACKS, 0.3)}
    freeze("robustness", "mnist", made_assessments.four_heads(results, binary=further))
    freeze(
        "robustness",
        "fashion_mnist_released",
        made_assessments.four_heads(results, dataset="fashion_mnist", protocol="released"),
    )
    best = {"values": {("misclassified", "mahalanobis", "auroc"): 0.9}}
    freeze("reliability", "mnist", made_reliability.four_heads(results, binary=best))
    text = later_claims.findings()
    robustness, reliability = text.split("**Reliability**")
    assert robustness.startswith(
        "**Robustness**, 20 test images each; in noise 2,000 test images each.\n\n" + TITLES
    )
    assert "the smallest perturbation found, more robust | **seen** (1 of 1 seed) | **not" in text
    assert reliability.startswith(", 1,000 test images each; calibration on those")
    assert "was fitted.\n\n| Claim | MNIST, as described |\n" in reliability
    assert "(the authors' claim) | **seen** (1 of 1 seed) |\n" in reliability
    # Both studies took the same networks of MNIST.
    assert text.count("MNIST: MLP of width") == 1
    assert text.count("FashionMNIST: CNN of width") == 1


def test_what_is_not_frozen_is_not_judged_and_its_command_is_told(results):
    text = later_claims.findings()
    for study in ("robustness", "reliability"):
        assert f"**{study.capitalize()}.** Not judged: `results/{study}` holds nothing." in text
        assert f"`python -m binenc_core assess {study} mnist --freeze`" in text
    assert "|" not in text
    freeze("robustness", "mnist", made_assessments.four_heads(results))
    text = later_claims.findings()
    assert text.startswith("**Robustness**, 20 test images each;")
    assert "**Reliability.** Not judged" in text


def test_a_claim_that_a_dataset_has_not_is_not_judged_there(results):
    freeze("reliability", "mnist", made_reliability.four_heads(results))
    freeze("reliability", "digits", made_reliability.four_heads(results, dataset="digits"))
    (line,) = [
        line
        for line in later_claims.findings().splitlines()
        if line.startswith("| Images of another dataset, Mahalanobis distance")
    ]
    assert line.endswith("| **not settled** (1 of 1 seed) | not judged |")


def test_other_campaigns_on_the_same_dataset_are_not_mixed_in(results):
    freeze("robustness", "mnist", made_assessments.four_heads(results))
    before = later_claims.findings()
    freeze("robustness", "wide", made_assessments.four_heads(results, width=64, seeds=2))
    assert later_claims.findings() == before
