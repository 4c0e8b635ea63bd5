"""The numbers on robustness, marked where the measurement fails."""

import numpy as np
import pytest

from made_assessments import IMAGES, SEVERITIES, four_heads, made_assessment
from replication.figures.common import assessed
from replication.figures.robustness import (
    robustness_findings,
    robustness_sanity,
)
from replication.studies.robustness_numbers import in_noise


@pytest.mark.parametrize(("accuracy", "mean"), [([0.5, 0.85, 0.75], 0.8), ([1, 1, 0.4], 0.7)])
def test_strong_noise_is_that_of_the_two_strongest_levels(tmp_path, accuracy, mean):
    values = np.full(SEVERITIES.shape, 0.1)
    values[0] = accuracy
    found = made_assessment(tmp_path, arrays={"corrupted_accuracy": values})
    assert in_noise(found) == pytest.approx(mean)


def test_each_group_has_its_numbers_attacks_and_sanity_checks(tmp_path):
    found = four_heads(tmp_path) + four_heads(tmp_path, protocol="released")
    text = robustness_findings.findings(found)
    assert "**MNIST, as described**" in text
    assert "**MNIST, as released**" in text
    assert text.count("| Attack |") == text.count("| Sanity checks of |") == 2
    assert robustness_findings.findings(found[:2])


def test_numbers_that_fail_a_sanity_check_are_marked_in_the_table(tmp_path):
    far = {"relative": {"deepfool": 0.7, "margin": 0.22, "apgd": 0.2, "bisection": 0.29}}
    text = robustness_findings.findings(four_heads(tmp_path, binary=far))
    (line,) = [row for row in text.splitlines() if row.startswith("| mean ‖r‖/‖x‖ by DeepFool |")]
    assert line == "| mean ‖r‖/‖x‖ by DeepFool | 0.7 (failed a, d) | 0.1 | 0.1 | 0.1 |"
    assert "| mean smallest ‖r‖/‖x‖ | 0.2 | 0.1 | 0.1 | 0.1 |" in text


# ---- Each attack by itself ----------------------------------------------------------------------


PLACE = np.arange(IMAGES)


def test_beaten_means_by_more_than_one_percent(tmp_path):
    sizes = np.select([PLACE < 4, PLACE < 8], [0.1005, 0.102], 0.1)
    found = made_assessment(tmp_path, relative={"margin": sizes})
    assert robustness_findings.beaten(found, "margin") == 0.2
    assert robustness_findings.beaten(found, "apgd") == 0
    lost = made_assessment(tmp_path, relative={"apgd": np.where(PLACE < 5, np.inf, 0.1)})
    assert robustness_findings.beaten(lost, "apgd") == 0.25


def test_more_effort_is_compared_on_the_images_that_got_it(tmp_path):
    strong = np.where(PLACE < 5, 0.09, np.nan)
    found = made_assessment(tmp_path, relative={"smallest_strong": strong})
    assert robustness_findings.lowered(found) == pytest.approx(0.1)
    assert np.isnan(
        robustness_findings.lowered(made_assessment(tmp_path, relative={"smallest_strong": np.nan}))
    )


@pytest.mark.parametrize(("lowered", "weak"), [(0.03, False), (0.047, False), (0.05, True)])
def test_strong_enough_is_what_sanity_check_d_says(lowered, weak):
    assert robustness_findings.not_strong_enough(lowered) == weak


def test_the_table_has_a_line_for_each_attack_and_the_worst_seed(tmp_path):
    found = [
        *four_heads(tmp_path, seeds=2),
        made_assessment(tmp_path, seed=2, relative={"smallest_strong": 0.08, "apgd": np.inf}),
    ]
    (group,) = assessed.groups(found)
    lines = robustness_findings.attack_table(group, robustness_sanity.data([group])).splitlines()
    cells = {line.split(" | ")[0].strip("| "): line.split(" | ")[1] for line in lines[2:]}
    assert cells["DeepFool"] == "0.100, beaten on 0 %"
    assert cells["APGD (DLR)"] == "no value, beaten on 33 %"
    strong = cells["The smallest, lowered by more steps, restarts and targets"]
    assert strong == "20.0 %, **not yet strong enough**"
    assert lines[-1].count("not yet") == 1


def test_a_number_that_fails_a_sanity_check_is_marked(tmp_path):
    high = {"relative": {"deepfool": 0.7, "margin": 0.22, "apgd": 0.2, "bisection": 0.29}}
    (group,) = assessed.groups(four_heads(tmp_path, binary=high))
    text = robustness_findings.attack_table(group, robustness_sanity.data([group]))
    (deepfool,) = [line for line in text.splitlines() if line.startswith("| DeepFool |")]
    binary, *others = deepfool.strip("| ").split(" | ")[1:]
    assert binary == "0.700, beaten on 100 % (failed a, d)"
    assert others == ["0.100, beaten on 0 %"] * 3


# ---- Sanity checks ------------------------------------------------------------------------------


FIRST = PLACE < 5  # the images on which the smallest perturbation was searched again


def failed(found, number: str, head: str = "binary") -> str:
    shown = assessed.groups(found)
    outcomes = robustness_sanity.data(shown)
    return robustness_sanity.failed(outcomes, shown[0], head, number)


def again(value: float) -> np.ndarray:
    return np.where(FIRST, value, np.nan)


def test_what_agrees_passes_everything(tmp_path):
    found = four_heads(tmp_path)
    assert failed(found, "deepfool") == failed(found, "smallest") == ""


@pytest.mark.parametrize(
    ("relative", "letters"),
    [
        ({"deepfool": np.where(PLACE < 1, 0.11, 0.1)}, ""),  # one of 20 above the bound is 5 %
        ({"deepfool": np.where(PLACE < 2, 0.11, 0.1)}, "a"),
        ({"deepfool": np.where(PLACE < 2, np.inf, 0.1), "deepfool_last": 0.1}, "a"),
        ({"deepfool_up": 0.102}, "b"),
        ({"deepfool_float64": 0.098}, "c"),
        ({"margin": 0.095}, "d"),
        ({"apgd": 0.095}, "d"),
        ({"apgd": np.where(PLACE < 10, np.inf, 0.09), "margin": 0.2}, "d"),
        ({"deepfool": 0.74, "margin": 0.22, "bisection": 0.29}, "a, d"),
    ],
)
def test_deepfool_fails_where_it_should(tmp_path, relative, letters):
    assert failed([made_assessment(tmp_path, relative=relative)], "deepfool") == letters


@pytest.mark.parametrize(
    ("relative", "letters"),
    [
        ({}, ""),
        ({"smallest_up": again(0.102)}, "b"),
        ({"smallest_float64": again(0.098)}, "c"),
        ({"smallest_strong": again(0.095)}, "d"),
        ({"smallest_strong": np.nan}, "d"),  # what was not tried is not passed
    ],
)
def test_the_smallest_is_compared_on_the_images_searched_again(tmp_path, relative, letters):
    """On the others it is another size, which must not count."""
    sizes = np.where(FIRST, 0.1, 0.3)
    attacks = dict.fromkeys(["deepfool", "margin", "apgd", "bisection"], sizes)
    reruns = {f"smallest_{key}": again(0.1) for key in ("up", "down", "float64", "strong")}
    found = made_assessment(tmp_path, relative=attacks | reruns | relative)
    assert failed([found], "smallest") == letters


def test_one_seed_is_enough_to_fail(tmp_path):
    found = four_heads(tmp_path, seeds=2)
    found += [made_assessment(tmp_path, seed=2, relative={"deepfool_up": 0.2})]
    shown = assessed.groups(found)
    outcomes = robustness_sanity.data(shown)
    by_seed = [
        robustness_sanity.failed(outcomes, shown[0], "binary", "deepfool", seed)
        for seed in range(3)
    ]
    assert by_seed == ["", "", "b"]
    assert failed(found, "deepfool") == "b"
    assert failed(found, "deepfool", "linear") == ""
    table = robustness_sanity.table(shown[0], outcomes)
    assert "(b) 100.0 % **failed** (1 of 3 seeds)" in table
    assert table.count("**failed**") == 1


def test_what_was_not_measured_is_said(tmp_path):
    (group,) = assessed.groups([made_assessment(tmp_path, relative={"smallest_strong": np.nan})])
    assert "(d) not measured" in robustness_sanity.table(group, robustness_sanity.data([group]))
