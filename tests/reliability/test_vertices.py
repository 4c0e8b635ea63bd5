"""The vertices of known codes, and distances to them."""

import pytest
import torch

from binenc_core.reliability import vertices

X = torch.tensor([[1.0, -2], [3, -4], [-1, -6], [2, 8.0]])
LABELS = torch.tensor([0, 0, 1, 1])


def test_a_vertex_has_the_mean_of_its_side_in_each_dimension():
    """Class 1 has a bit on which its points are divided, which is no majority: bit 0."""
    assert vertices.fit(X, LABELS).tolist() == [[2.0, -4.0], [-1.0, -4.0]]


def test_a_side_on_which_nothing_lies_is_at_0():
    assert vertices.fit(X.abs(), LABELS).tolist() == [[1.75, 5.0], [1.75, 5.0]]
    assert vertices.fit(-X.abs(), LABELS).tolist() == [[-1.75, -5.0], [-1.75, -5.0]]
    assert vertices.fit(torch.zeros(4, 2), LABELS).tolist() == [[0.0, 0.0]] * 2


def test_the_distance_is_that_to_the_nearest():
    found = vertices.nearest_distance(vertices.fit(X, LABELS), torch.tensor([[2.0, -1], [-1, -4]]))
    assert found.tolist() == pytest.approx([3, 0])
