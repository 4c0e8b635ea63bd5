"""Every score on logits and points of which it is known how sure they are."""

import math

import pytest
import torch

from binenc_core.evaluation import Outputs
from binenc_core.reliability import SCORES, scores


def test_doubt_is_that_of_the_largest_probability_and_energy_less_the_log_of_the_sum():
    logits = torch.tensor([[0.0, 0, 0], [math.log(8), 0, 0], [-1, -1, 5]])
    p = logits.double().softmax(dim=1).amax(dim=1)
    assert scores.msp_score(logits) == pytest.approx(((1 - p) / p).log(), rel=1e-6)
    logits = torch.tensor([[0.0, 0, 0, 0], [1000, 0, 0, 0]])
    assert scores.energy(logits).tolist() == pytest.approx([-math.log(4), -1000])


def test_doubt_tells_apart_what_rounds_to_probability_1():
    logits = torch.tensor([[50.0, 0, 0], [60.0, 0, 0], [900.0, 0, 0]])
    assert (logits.softmax(dim=1).amax(dim=1) == 1).all()
    assert (scores.msp_score(logits).diff() < 0).all()


def made(spread: float = 0.1) -> Outputs:
    """Two classes around (±1, 1), logits that follow the first dimension, all right."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(200) % 2
    x = torch.stack([1 - 2.0 * labels, torch.ones(200)], dim=1)
    x = x + spread * torch.randn(200, 2, generator=generator)
    return Outputs(torch.stack([5 * x[:, 0], -5 * x[:, 0]], dim=1), x, labels)


def test_every_score_is_larger_between_the_classes_than_within():
    train = made()
    fitted = scores.fit(train)
    x = torch.tensor([[1.0, 1], [0.1, 1]])
    logits = torch.stack([5 * x[:, 0], -5 * x[:, 0]], dim=1)
    found = scores.scores(fitted, Outputs(logits, x, torch.zeros(2)))
    assert list(found) == list(SCORES)
    for name, values in found.items():
        assert values.dtype == torch.float64
        assert values[1] > values[0], name


@pytest.mark.parametrize("part", ["logits", "x"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_outputs_that_overflowed_are_refused(part, value):
    train = made()
    getattr(train, part)[3, 1] = value
    with pytest.raises(ValueError, match=r"outputs are not finite; allowed: .* did not diverge$"):
        scores.fit(train)


# ---- Vertices -----------------------------------------------------------------------------------


X = torch.tensor([[1.0, -2], [3, -4], [-1, -6], [2, 8.0]])
LABELS = torch.tensor([0, 0, 1, 1])


def test_a_vertex_has_the_mean_of_its_side_in_each_dimension():
    """Class 1 has a bit on which its points are divided, which is no majority: bit 0."""
    assert scores.class_vertices(X, LABELS).tolist() == [[2.0, -4.0], [-1.0, -4.0]]


def test_a_side_on_which_nothing_lies_is_at_0():
    assert scores.class_vertices(X.abs(), LABELS).tolist() == [[1.75, 5.0], [1.75, 5.0]]
    assert scores.class_vertices(-X.abs(), LABELS).tolist() == [[-1.75, -5.0], [-1.75, -5.0]]
    assert scores.class_vertices(torch.zeros(4, 2), LABELS).tolist() == [[0.0, 0.0]] * 2


def test_the_distance_is_that_to_the_nearest():
    points = torch.tensor([[2.0, -1], [-1, -4]])
    found = scores.nearest_distance(scores.class_vertices(X, LABELS), points)
    assert found.tolist() == pytest.approx([3, 0])
