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


def test_an_image_at_the_budget_is_lost(tmp_path):
    found = made_assessment(tmp_path, table={"smallest": 1.0, "size": 8.0})
    assert list(robustness_accuracy.robust_accuracy(found, "smallest", [0.125])) == [0]


def test_misclassified_images_are_lost_from_the_start(tmp_path):
    predicted = np.where(np.arange(IMAGES) < 4, LABELS + 1, LABELS)
    sizes = np.where(np.arange(IMAGES) < 4, 0.9, 0.1)
    found = made_assessment(
        tmp_path, relative=dict.fromkeys(ATTACKS, sizes), table={"predicted": predicted}
    )
    accuracy = robustness_accuracy.robust_accuracy(found, "smallest", [0, 0.2])
    assert list(accuracy) == [0.8, 0]


def test_an_image_that_deepfool_does_not_fool_stays_correct_for_it(tmp_path):
    sizes = np.where(np.arange(IMAGES) < 10, np.inf, 0.1)
    found = made_assessment(tmp_path, relative={"deepfool": sizes, "deepfool_last": 0.2})
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


def test_what_deepfool_would_say_is_thin_and_crossed_out_where_it_fails(tmp_path):
    own = {"deepfool": 0.7, "bisection": 0.3}
    fig = drawn(four_heads(tmp_path, binary={"relative": own}))
    alone = [t for t in fig.data if t.name.startswith("DeepFool alone")]
    entries = [t for t in alone if t.showlegend]
    assert [t.name for t in entries] == ["DeepFool alone: failed (a, d)", "DeepFool alone"]
    refused, *passed = [t for t in alone if not t.showlegend]
    assert (refused.name, refused.mode) == (entries[0].name, "lines+markers")
    assert refused.marker.symbol.startswith("x")
    assert {(t.name, t.mode) for t in passed} == {("DeepFool alone", "lines")}
    assert {t.line.width for t in alone} == {1}
    thick = [t for t in fig.data if t not in alone]
    assert {t.mode for t in thick} == {"lines"}
    assert all(t.line.width > 2 for t in thick)


def test_the_smallest_is_crossed_out_too_where_it_fails(tmp_path):
    found = four_heads(tmp_path, binary={"relative": {"smallest_strong": 0.05}})
    modes = {t.name: t.mode for t in drawn(found).data}
    assert modes["Binary encoding: failed (d)"] == "lines+markers"
    assert modes["Linear penultimate"] == "lines"


def test_a_panel_for_each_group(tmp_path):
    fig = drawn(four_heads(tmp_path) + four_heads(tmp_path, protocol="released"))
    assert len(fig.data) == 2 * 4 * 2 + 1  # one for the legend alone
    assert {t.xaxis for t in fig.data} == {"x", "x2"}
    titles = [note.text for note in fig.layout.annotations]
    assert titles == ["MNIST, as described", "MNIST, as released"]
