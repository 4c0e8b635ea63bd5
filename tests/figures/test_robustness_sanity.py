"""Which numbers the sanity checks refuse, and how that is said."""

import numpy as np
import pytest

from made_assessments import IMAGES, four_heads, made_assessment
from replication.figures.common import assessed
from replication.figures.robustness import robustness_sanity

PLACE = np.arange(IMAGES)
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
        ({"deepfool_up": 0.1009}, ""),
        ({"deepfool_up": 0.102}, "b"),
        ({"deepfool_down": 0.098}, "b"),
        ({"deepfool_float64": 0.098}, "c"),
        ({"deepfool_float64": np.where(PLACE < 2, np.inf, 0.1)}, "c"),
        ({"margin": 0.0953}, ""),
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
        ({"smallest_strong": again(0.0953)}, ""),
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


def test_the_legend_has_every_limit_and_what_was_not_measured_is_said(tmp_path):
    shown = assessed.groups(four_heads(tmp_path))
    legend = robustness_sanity.legend(shown, robustness_sanity.data(shown))
    assert "the first 20 images of each network" in legend
    assert [legend.count(limit) for limit in ("5 %", "1 %")] == [2, 2]
    (group,) = assessed.groups([made_assessment(tmp_path, relative={"smallest_strong": np.nan})])
    assert "(d) not measured" in robustness_sanity.table(group, robustness_sanity.data([group]))
