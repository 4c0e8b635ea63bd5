"""Each attack by itself: how often it is beaten, and what more effort brings."""

import numpy as np
import pytest

from made_assessments import IMAGES, four_heads, made_assessment
from replication.figures.common import assessed
from replication.figures.robustness import robustness_attacks, robustness_sanity

PLACE = np.arange(IMAGES)


def test_beaten_means_by_more_than_one_percent(tmp_path):
    sizes = np.select([PLACE < 4, PLACE < 8], [0.1005, 0.102], 0.1)
    found = made_assessment(tmp_path, relative={"margin": sizes})
    assert robustness_attacks.beaten(found, "margin") == 0.2
    assert robustness_attacks.beaten(found, "apgd") == 0
    lost = made_assessment(tmp_path, relative={"apgd": np.where(PLACE < 5, np.inf, 0.1)})
    assert robustness_attacks.beaten(lost, "apgd") == 0.25


def test_more_effort_is_compared_on_the_images_that_got_it(tmp_path):
    strong = np.where(PLACE < 5, 0.09, np.nan)
    found = made_assessment(tmp_path, relative={"smallest_strong": strong})
    assert robustness_attacks.lowered(found) == pytest.approx(0.1)
    assert np.isnan(
        robustness_attacks.lowered(made_assessment(tmp_path, relative={"smallest_strong": np.nan}))
    )


@pytest.mark.parametrize(("lowered", "weak"), [(0.03, False), (0.047, False), (0.05, True)])
def test_strong_enough_is_what_sanity_check_d_says(lowered, weak):
    assert robustness_attacks.not_strong_enough(lowered) == weak


def test_the_table_has_a_line_for_each_attack_and_the_worst_seed(tmp_path):
    found = [
        *four_heads(tmp_path, seeds=2),
        made_assessment(tmp_path, seed=2, relative={"smallest_strong": 0.08, "apgd": np.inf}),
    ]
    (group,) = assessed.groups(found)
    lines = robustness_attacks.table(group, robustness_sanity.data([group])).splitlines()
    cells = {line.split(" | ")[0].strip("| "): line.split(" | ")[1] for line in lines[2:]}
    assert cells["DeepFool"] == "0.100, beaten on 0 %"
    assert cells["APGD (DLR)"] == "no value, beaten on 33 %"
    strong = cells["The smallest, lowered by more steps, restarts and targets"]
    assert strong == "20.0 %, **not yet strong enough**"
    assert lines[-1].count("not yet") == 1


def test_a_number_that_fails_a_sanity_check_is_marked(tmp_path):
    high = {"relative": {"deepfool": 0.7, "margin": 0.22, "apgd": 0.2, "bisection": 0.29}}
    (group,) = assessed.groups(four_heads(tmp_path, binary=high))
    text = robustness_attacks.table(group, robustness_sanity.data([group]))
    (deepfool,) = [line for line in text.splitlines() if line.startswith("| DeepFool |")]
    binary, *others = deepfool.strip("| ").split(" | ")[1:]
    assert binary == "0.700, beaten on 100 % (failed a, d)"
    assert others == ["0.100, beaten on 0 %"] * 3
