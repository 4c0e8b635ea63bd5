"""What the page says of networks of which it is known who is ahead."""

import pandas as pd
import pytest

from binenc_core.figures import reliability_findings as findings
from binenc_core.figures.style import LOOKS
from binenc_core.reliability import SCORES
from made_reliability import HALF, four_heads, made_reliability

CLAIM = "Misclassified images, Mahalanobis distance: the highest AUROC (the authors' claim)"
AUROC = ("misclassified", "mahalanobis", "auroc")
LOWEST = ("calibration", "logits", "ece_before")


def lines(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start)]


def said(found, claim: str = CLAIM) -> str:
    (line,) = lines(findings.findings(found), f"- {claim}: ")
    return line.removeprefix(f"- {claim}: ")


def with_auroc(folder, value: float, **changes):
    return four_heads(folder, binary={"values": {AUROC: value}}, **changes)


@pytest.mark.parametrize(
    ("distance", "verdict"),
    [
        (2.2 * HALF, "**seen** (1 of 1 seed)."),
        (1.8 * HALF, "**not settled** (1 of 1 seed)."),
        (-1.8 * HALF, "**not settled** (1 of 1 seed)."),
        (-2.2 * HALF, "**not seen** (0 of 1 seed)."),
    ],
)
def test_intervals_that_overlap_settle_nothing(tmp_path, distance, verdict):
    assert said(with_auroc(tmp_path, 0.8 + distance)) == verdict


@pytest.mark.parametrize(
    ("value", "word"), [(0.03, "**seen**"), (0.07, "**not seen**"), (0.055, "**not settled**")]
)
def test_for_errors_the_lowest_is_the_best(tmp_path, value, word):
    found = four_heads(tmp_path, binary={"values": {LOWEST: value}})
    assert said(found, "Calibration error as trained: the lowest").startswith(word)


def test_one_architecture_ahead_is_enough_against_the_claim(tmp_path):
    found = four_heads(tmp_path, binary={"values": {AUROC: 0.85}})
    found[1] = made_reliability(tmp_path, found[1].config.head, values={AUROC: 0.9})
    assert said(found) == "**not seen** (0 of 1 seed)."


def test_seeds_are_judged_one_by_one(tmp_path):
    found = four_heads(tmp_path, seeds=3)
    for place, value in enumerate((0.9, 0.8, 0.7)):
        found[place] = made_reliability(tmp_path, seed=place, values={AUROC: value})
    assert said(found) == (
        "**seen in part** (seen in 1, not settled in 1, not seen in 1 of 3 seeds)."
    )


def test_too_few_errors_are_told_with_the_interval(tmp_path):
    found = with_auroc(tmp_path, 0.9, errors=49)
    assert said(found) == ("**too few to say** (1 of 1 seed); binary encoding: 0.895 to 0.905.")
    assert said(with_auroc(tmp_path, 0.9, errors=50)) == "**seen** (1 of 1 seed)."


def test_images_of_another_dataset_are_never_too_few(tmp_path):
    best = {("outside", "msp", "auroc"): 0.9}
    found = four_heads(tmp_path, errors=3, binary={"values": best})
    claim = "Images of another dataset, maximum softmax probability: the highest AUROC"
    assert said(found, claim) == "**seen** (1 of 1 seed)."


def test_what_failed_a_control_is_not_judged(tmp_path):
    failed = {("misclassified", "mahalanobis", "change_float64"): 0.5}
    found = with_auroc(tmp_path, 0.9)
    found[2] = made_reliability(tmp_path, found[2].config.head, values=failed)
    assert said(found) == "**not judged: a control failed** (1 of 1 seed)."


def test_seeds_that_not_all_architectures_have_are_left_out(tmp_path):
    found = [*with_auroc(tmp_path, 0.9), made_reliability(tmp_path, seed=1)]
    assert said(found) == "**seen** (1 of 1 seed)."


def test_without_an_architecture_nothing_is_judged(tmp_path):
    text = findings.findings([made_reliability(tmp_path), made_reliability(tmp_path, "none")])
    assert "- Not judged: there is no network of linear penultimate, non-linear" in text
    assert CLAIM not in text


def test_the_table_has_the_numbers(tmp_path):
    text = findings.findings(four_heads(tmp_path, protocol="released"))
    for name, cell in (
        ("misclassified test images", "100"),
        ("AUROC, energy", "0.8"),
        ("risk–coverage area, maximum softmax, ‰", "20"),
        ("calibration error", "5.00 %"),
        ("calibration error after scaling, as its loss reads it", "1.00 %"),
        ("temperature", "2"),
        ("another dataset: AUROC, nearest vertex", "0.8"),
    ):
        assert lines(text, f"| {name} |") == [f"| {name} |{f' {cell} |' * 4}"]
    assert "As released the loss takes softmax twice." in text
    described = findings.findings(four_heads(tmp_path, dataset="digits"))
    for absent in ("as its loss reads it", "softmax twice", "another dataset:"):
        assert absent not in described


def test_the_rule_names_its_number():
    assert "fewer than 50 images" in findings.rule()


def test_no_verdict_of_nothing():
    assert findings.verdict(pd.Series(dtype=object)) == "**not judged** (nothing to compare)"


def test_the_best_score_of_all_is_named(tmp_path):
    found = with_auroc(tmp_path, 0.85)
    assert "best score is Mahalanobis distance (0.850), and no architecture has a better" in (
        findings.findings(found)
    )
    other = {("misclassified", "msp", "auroc"): 0.9}
    found[3] = made_reliability(tmp_path, found[3].config.head, values=other)
    text = findings.findings(found)
    head = LOOKS[found[3].config.head].name.lower()
    assert f"(0.850); the best of all is maximum softmax probability with {head} (0.900)." in text


def test_among_too_few_errors_no_score_is_best(tmp_path):
    undefined = {("misclassified", s, "auroc"): float("nan") for s in SCORES}
    text = findings.findings(four_heads(tmp_path, binary={"values": undefined, "errors": 0}))
    assert "Chosen afterwards" not in text
    assert "**too few to say**" in text
