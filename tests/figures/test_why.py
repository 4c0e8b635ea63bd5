"""The figures of the page on why there is a code: what they plot of made-up and of frozen runs."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from replication.data.recipes import recipe
from replication.figures.why import (
    why_dial,
    why_findings,
    why_optimizers,
    why_plane,
    why_runs,
    why_simplex,
)
from replication.runs.store import Run

BASE = {"penalty": "mean_square", "classifier_start": "gaussian", "epochs": 10}
SGD = {"classifier_optimizer": "sgd", "classifier_rate": 10}


def made(folder: Path, seed: int = 10, values: dict | None = None, arrays=None, **changes) -> Run:
    """A run on the digits, logged in epochs 0, 8 and 9, with one value of each measure."""
    config = recipe("digits", seed=seed, **BASE | changes)
    measures = {"vertex_excess": 0.1, "weight_rms": 0.9, "accuracy": 0.98, "vertex_cosine": 0.9}
    measures |= {"weight_vertex_excess": 0.2, "weight_kurtosis": 1.1, "weight_path_ratio": 0.9}
    measures |= {"weight_alignment": 0.99} | (values or {})
    rows = [
        {"epoch": epoch, "split": split} | measures
        for epoch in (0, 8, 9)
        for split in ("train", "test")
    ]
    path = folder / f"{config.id}.npz"
    own = {"latent_mean": np.zeros((3, 16)), "latent_std": np.full((3, 16), 0.2)}
    np.savez(path, **own | (arrays or {}))
    return Run(config.id, config, pd.DataFrame(rows), {"diverged_epoch": None}, path)


def test_the_lines_are_those_that_differ_in_the_classifiers_optimizer(tmp_path):
    runs = [
        made(tmp_path, values={"vertex_excess": 0.15}),
        made(tmp_path, values={"vertex_excess": 0.01}, **SGD),
        made(tmp_path, classifier_optimizer="muon", values={"vertex_excess": 0.02}),
        made(tmp_path, rotation="random"),
        made(tmp_path, backbone_optimizer="sgd"),
        made(tmp_path, gamma=1),
        made(tmp_path, classifier_optimizer="frozen"),
    ]
    found = why_optimizers.data(runs)
    assert list(found["optimizer"]) == ["SGD, rate 0.01", "Muon", "Adam"]
    assert list(found["axes"]) == [False, False, True]
    fig = why_optimizers.figure(found, runs)
    plotted = {(t.name, x, y) for t in fig.data for x, y in zip(t.x, t.text, strict=True)}
    places = {text: y for t in fig.data for text, y in zip(t.text, t.y, strict=True) if t.name}
    assert places == {"SGD, rate 0.01": 0, "Muon": 1, "Adam": 2}
    assert ("steps know the axes", 0.15, "Adam") in plotted
    assert ("steps know no axes", 98.0, "Muon") in plotted
    assert "P = 16, " in fig.layout.meta["setting"]


def test_a_large_epsilon_knows_no_axes_whatever_the_optimizers_name(tmp_path):
    small, large = (made(tmp_path, classifier_epsilon=epsilon).config for epsilon in (1e-2, 1.0))
    assert why_runs.knows_axes(small)
    assert not why_runs.knows_axes(large)
    assert why_runs.title(large) == "Adam, ε = 1, rate × 1"


def test_the_dial_marks_those_that_keep_the_size_of_w(tmp_path):
    runs = [
        made(tmp_path),
        made(tmp_path, classifier_epsilon=1.0, classifier_rate=300, values={"weight_rms": 1.4}),
        made(tmp_path, classifier_epsilon=1.0, classifier_rate=100, values={"weight_rms": 0.9}),
    ]
    found = why_dial.epsilon_data(runs)
    assert list(found["same_size"]) == [False, False, True]
    fig = why_dial.epsilon_figure(found, runs)
    stars = [t for t in fig.data if t.marker.symbol == "star" and len(t.x)]
    assert [list(t.y) for t in stars] == [[0.1], [0.9]]


def test_the_penalties_and_optimizers_have_a_line_each_and_stars_where_w_is_held(tmp_path):
    held = {"classifier_rms_cap": 0.2, "gamma": 0.1, **SGD}
    runs = [
        made(tmp_path, gamma=gamma, penalty=penalty, **own)
        for gamma in (0.1, 10)
        for penalty in ("mean_exp", "mean_square")
        for own in ({}, SGD)
    ]
    runs.append(made(tmp_path, penalty="mean_exp", values={"vertex_excess": 0.18}, **held))
    runs.append(made(tmp_path, classifier_optimizer="sgd", classifier_rate=100))
    found = why_dial.gamma_data(runs)
    assert len(found) == 9
    assert found.groupby(["penalty", "way"]).size().to_list() == [2, 3, 2, 2]
    fig = why_dial.gamma_figure(found, runs)
    (star, size) = [t for t in fig.data if t.marker.symbol == "star" and len(t.x)]
    assert (list(star.x), list(star.y), list(size.y)) == ([0.1], [0.18], [pytest.approx(0.2)])


def test_the_plane_has_a_frame_for_each_logged_epoch(tmp_path):
    points = np.random.default_rng(0).normal(size=(3, 30, 2))
    labels = np.arange(30) % 10
    means = np.stack([[own[labels == c].mean(axis=0) for c in range(10)] for own in points])
    arrays = {"epochs": np.array([0, 8, 9]), "test_latents": points, "class_means": means}
    arrays |= {"test_labels": labels.astype(np.uint8)}
    runs = [made(tmp_path, latent_dim=2, arrays=arrays), made(tmp_path, latent_dim=2, **SGD)]
    assert len(why_plane.data(runs)) == 1  # the other kept no points
    (plane,) = why_plane.data(runs)
    assert np.square(plane.points).mean(axis=(1, 2)) == pytest.approx(np.ones(3))
    fig = why_plane.figure([plane])
    assert [frame.name for frame in fig.frames] == ["0", "8", "9"]
    for place, frame in enumerate(fig.frames):
        np.testing.assert_allclose(frame.data[1].x, plane.points[place][:, 0], rtol=1e-6)
    assert fig.layout.yaxis.scaleanchor == "x"


def test_cosines_of_means_and_of_codes_are_those_of_plain_loops(tmp_path):
    means = np.random.default_rng(1).normal(size=(1, 10, 16))
    run = made(tmp_path, arrays={"class_means": means})
    found = why_simplex.data([run, made(tmp_path, head="linear", arrays={"class_means": means})])
    assert len(found) == 45
    for name, rows in (("means", means[0]), ("codes", np.sign(means[0]))):
        own = rows - rows.mean(axis=0)
        for line in found.itertuples():
            a, b = own[line.first], own[line.second]
            cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
            assert getattr(line, name) == pytest.approx(cosine)
    assert why_simplex.figure(found, [run]).layout.meta["csv"]


def test_the_controls_have_a_line_each_and_leave_empty_what_is_not_there(tmp_path):
    rotated = {"vertex_excess_unrotated": 0.01}
    runs = [made(tmp_path, seed=s) for s in (10, 11)]
    runs.append(made(tmp_path, rotation="random", values=rotated))
    lines = why_findings.controls(runs).splitlines()
    assert len(lines) == 2 + len(why_findings.CONTROLS)
    assert lines[2].startswith("| Adam | 0.1 |  | 0.2 |")
    (line,) = [own for own in lines if "fixed rotation" in own]
    assert line.startswith("| Adam, a fixed rotation R before the classifier | 0.1 | 0.01 |")
    assert "nan" not in "".join(lines)


def test_what_is_not_frozen_is_named_with_its_commands(own_folders):
    assert "`results/mnist_released` is not there" in why_findings.released([])
    assert "`python -m replication campaign why_fashion` trains it" in why_findings.outlook([])
    assert why_runs.frozen("digits,mnist") == []
    with pytest.raises(ValueError, match="dataset is 'svhn'; allowed: digits, mnist"):
        why_runs.frozen("svhn")
