"""Robust accuracy: steps at known budgets, misclassified images lost from the start."""

import numpy as np
import pytest

from made_assessments import IMAGES, four_heads, made_assessment
from replication.figures.robustness import robustness_accuracy

LABELS = np.arange(IMAGES) % 10
ATTACKS = ("deepfool", "margin", "apgd", "bisection")


def test_falls_where_the_images_are_reached(tmp_path):
    """A quarter of the images is moved by 0.05, the others by 0.1."""
    sizes = np.where(np.arange(IMAGES) < 5, 0.05, 0.1)
    found = made_assessment(tmp_path, relative=dict.fromkeys(ATTACKS, sizes))
    budgets = [0, 0.049, 0.051, 0.099, 0.101]
    accuracy = robustness_accuracy.robust_accuracy(found, "smallest", budgets)
    assert list(accuracy) == [1, 1, 0.75, 0.75, 0]
    exactly = made_assessment(tmp_path, table={"smallest": 1.0, "size": 8.0})
    assert list(robustness_accuracy.robust_accuracy(exactly, "smallest", [0.125])) == [0]


def test_images_are_lost_from_the_start_or_never(tmp_path):
    """Those that are misclassified, and those that DeepFool does not fool."""
    predicted = np.where(np.arange(IMAGES) < 4, LABELS + 1, LABELS)
    sizes = np.where(np.arange(IMAGES) < 4, 0.9, 0.1)
    found = made_assessment(
        tmp_path, relative=dict.fromkeys(ATTACKS, sizes), table={"predicted": predicted}
    )
    accuracy = robustness_accuracy.robust_accuracy(found, "smallest", [0, 0.2])
    assert list(accuracy) == [0.8, 0]
    half = np.where(np.arange(IMAGES) < 10, np.inf, 0.1)
    found = made_assessment(tmp_path, relative={"deepfool": half, "deepfool_last": 0.2})
    assert list(robustness_accuracy.robust_accuracy(found, "deepfool", [0.5])) == [0.5]
    assert list(robustness_accuracy.robust_accuracy(found, "smallest", [0.5])) == [0]


def drawn(found):
    return robustness_accuracy.figure(robustness_accuracy.data(found))


def test_curves_are_means_over_seeds_over_budgets_that_reach_the_end(tmp_path):
    far = dict.fromkeys(ATTACKS, 0.2)
    found = [made_assessment(tmp_path, seed=0), made_assessment(tmp_path, seed=1, relative=far)]
    curve = next(t for t in drawn(found).data if t.name == "Binary encoding")
    budgets = curve.dx * np.arange(len(curve.y))
    assert budgets[-1] >= 0.2
    assert curve.y[budgets < 0.1] == pytest.approx(1)
    assert curve.y[(budgets > 0.101) & (budgets < 0.199)] == pytest.approx(0.5)
    assert curve.y[budgets > 0.201] == pytest.approx(0)


def test_what_deepfool_would_say_is_crossed_out_where_it_fails(tmp_path):
    own = {"deepfool": 0.7, "bisection": 0.3}
    fig = drawn(four_heads(tmp_path, binary={"relative": own}))
    alone = [t for t in fig.data if t.name.startswith("DeepFool alone")]
    entries = [t.name for t in alone if t.showlegend]
    assert entries == ["DeepFool alone (fails a check)", "DeepFool alone"]
    refused, *passed = [t for t in alone if not t.showlegend]
    assert (refused.name, refused.mode) == (entries[0], "lines+markers")
    assert {(t.name, t.mode) for t in passed} == {("DeepFool alone", "lines")}
    assert {t.mode for t in fig.data if t not in alone} == {"lines"}
    weak = drawn(four_heads(tmp_path, binary={"relative": {"smallest_strong": 0.05}}))
    modes = {t.name: t.mode for t in weak.data}
    assert modes["Binary encoding (fails a check)"] == "lines+markers"
    assert modes["Linear penultimate"] == "lines"
