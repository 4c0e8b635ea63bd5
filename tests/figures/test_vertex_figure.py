"""The figure on vertices, and the chance level in it."""

from dataclasses import replace

import numpy as np
import pytest

from made_runs import made_runs
from replication.figures.paper import vertices


def with_cosines(**columns):
    return [replace(r, history=r.history.assign(**columns)) for r in made_runs(seeds=1)]


@pytest.mark.parametrize("dimensions", [1, 2, 16, 64])
def test_chance_is_the_mean_over_random_directions(dimensions):
    g = np.random.default_rng(0).standard_normal((20_000, dimensions))
    cosines = np.abs(g).sum(axis=1) / np.linalg.norm(g, axis=1) / np.sqrt(dimensions)
    error = cosines.std() / np.sqrt(len(g))
    assert vertices.chance(dimensions) == pytest.approx(cosines.mean(), abs=4 * error + 1e-12)


def test_both_cosines_are_drawn_with_their_chance_level():
    runs = with_cosines(vertex_cosine=0.9, vertex_means=0.95)
    curves = vertices.data(runs)
    assert [row.metric for row in curves.rows] == ["vertex_means", "vertex_cosine"]
    assert set(curves.table["head"]) == {"binary", "linear"}
    fig = vertices.figure(curves, runs)
    levels = [shape.y0 for shape in fig.layout.shapes]
    assert levels == pytest.approx([vertices.chance(64)] * 2)
    assert any("chance 0.801" in note.text for note in fig.layout.annotations)


def test_runs_that_recorded_the_points_alone_are_drawn_and_told():
    curves = vertices.data(with_cosines(vertex_cosine=0.9))
    assert [row.metric for row in curves.rows] == ["vertex_cosine"]
    assert "did not record it: vertex_means" in curves.caption
