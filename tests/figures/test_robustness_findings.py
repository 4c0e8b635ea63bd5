"""The numbers on robustness, marked where the measurement fails."""

import numpy as np
import pytest

from made_assessments import SEVERITIES, four_heads, made_assessment
from replication.figures.robustness import robustness_findings
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
