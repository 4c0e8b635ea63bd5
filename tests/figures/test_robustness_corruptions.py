"""Accuracy under corruptions, drawn as the study found it."""

import numpy as np
import pytest

from made_assessments import CORRUPTIONS, SEVERITIES, four_heads, made_assessment
from made_runs import csv_of
from replication.figures.robustness import robustness_corruptions


def accuracies(first: float) -> dict:
    return {"arrays": {"corrupted_accuracy": np.full(SEVERITIES.shape, first)}}


def drawn(found):
    return robustness_corruptions.figure(robustness_corruptions.data(found))


def test_levels_that_a_corruption_lacks_are_left_out(tmp_path):
    table = robustness_corruptions.accuracies(made_assessment(tmp_path))
    counts = table["corruption"].value_counts()
    assert dict(counts) == {"noise": 3, "blur": 2, "contrast": 3, "occlusion": 3}
    noise = table[table["corruption"] == "noise"]
    assert list(noise["severity"]) == [0, 1, 2]
    assert list(noise["accuracy"]) == pytest.approx([0.9, 0.8, 0.7])


def test_a_panel_for_each_corruption_with_a_curve_for_each_architecture(tmp_path):
    fig = drawn(four_heads(tmp_path, binary=accuracies(0.5)))
    assert len(fig.data) == 4 * len(CORRUPTIONS)
    for trace in fig.data:
        expected = 0.5 if trace.legendgroup == "binary" else [0.9, 0.8, 0.7][: len(trace.x)]
        assert trace.y == pytest.approx(np.broadcast_to(expected, len(trace.x)))
    assert fig.layout.sliders == ()


def test_a_curve_is_the_mean_over_seeds_and_the_csv_has_each(tmp_path):
    found = [
        made_assessment(tmp_path, seed=seed, **accuracies(value))
        for seed, value in enumerate((0.4, 0.8))
    ]
    fig = drawn(found)
    assert fig.data[0].y == pytest.approx([0.6] * 3)
    assert len(csv_of(fig)) == 2 * 11


def test_the_slider_goes_through_datasets_and_protocols(tmp_path):
    found = [
        *four_heads(tmp_path, **accuracies(0.2)),
        *four_heads(tmp_path, protocol="released", **accuracies(0.4)),
        *four_heads(tmp_path, dataset="fashion_mnist", **accuracies(0.6)),
    ]
    fig = drawn(found)
    titles = ["MNIST, as described", "MNIST, as released", "FashionMNIST, as described"]
    assert [step.label for step in fig.layout.sliders[0].steps] == titles
    assert [frame.name for frame in fig.frames] == titles
    for frame, value in zip(fig.frames, (0.2, 0.4, 0.6), strict=True):
        assert len(frame.data) == len(fig.data)
        assert all(trace.y == pytest.approx([value] * len(trace.y)) for trace in frame.data)
        assert all(trace.x is None for trace in frame.data)
    other = {"arrays": {"severities": 2 * SEVERITIES}}
    fig = drawn(four_heads(tmp_path) + four_heads(tmp_path, protocol="released", **other))
    # The first frame brings back what the second has changed.
    assert [list(frame.data[0].x) for frame in fig.frames] == [[0, 1, 2], [0, 2, 4]]
