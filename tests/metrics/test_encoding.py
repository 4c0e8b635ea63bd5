"""Shared-encoding metrics against known answers and against loops over points."""

import pytest
import torch

from binenc_core.metrics import encoding

# Four vertices of {−1, 1}³ with pairwise Hamming distance 2.
VERTICES = torch.tensor([[1.0, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])


def measured(x, labels, predicted) -> dict[str, float]:
    """The metrics of a training set, whose own majority makes the codes."""
    codes = encoding.majority_codes(encoding.positive_fractions(x, labels))
    return encoding.encoding_metrics(x, labels, predicted, codes)


def test_points_on_the_vertices_of_a_hypercube():
    labels = torch.arange(4).repeat(6)
    found = measured(0.3 * VERTICES[labels], labels, labels)
    assert found == {
        "bit_agreement": 1,
        "bit_agreement_predicted": 1,
        "whole_code_agreement": 1,
        "distinct_codes": 4,
        "hamming_mean": 2,
        "hamming_min": 2,
        "vertex_cosine": pytest.approx(1),
    }


def test_zero_counts_as_bit_zero():
    x = torch.tensor([[0.0], [0.1], [-0.1]])
    assert encoding.positive_fractions(x, torch.zeros(3, dtype=torch.int64)).item() == (
        pytest.approx(1 / 3)
    )


def test_whole_codes_are_compared_with_those_of_the_training_set():
    """A test set whose points share another code than the training set's agrees with none of it."""
    labels = torch.arange(4).repeat(5)
    codes = VERTICES > 0
    turned = VERTICES.roll(1, dims=0)[labels]
    found = encoding.encoding_metrics(turned, labels, labels, codes)
    assert found["whole_code_agreement"] == 0
    assert found["bit_agreement"] == 1
    half = torch.where(torch.arange(20)[:, None] < 10, VERTICES[labels], turned)
    assert encoding.encoding_metrics(half, labels, labels, codes)["whole_code_agreement"] == 0.5


def test_classes_that_share_a_code_are_counted_once():
    labels = torch.arange(4).repeat(5)
    x = VERTICES[torch.tensor([0, 1, 1, 3])][labels]
    found = measured(x, labels, labels)
    assert found["distinct_codes"] == 3
    assert found["hamming_min"] == 0
    assert found["hamming_mean"] == pytest.approx(10 / 6)


def test_predicted_classes_may_be_missing():
    labels = torch.arange(4).repeat(5)
    predicted = torch.where(labels == 0, 3, labels)
    found = measured(VERTICES[labels], labels, predicted)
    # Classes 1 and 2 agree fully; class 3 holds two vertices that differ in two bits of three.
    assert found["bit_agreement_predicted"] == pytest.approx((3 + 3 + 0.5 + 0.5 + 1) / 9)


def test_vertex_cosine_is_the_cosine_with_the_sign_vector():
    x = torch.randn(50, 9, generator=torch.Generator().manual_seed(3))
    expected = torch.nn.functional.cosine_similarity(x, x.sign(), dim=1).mean().item()
    assert encoding.vertex_cosine(x) == pytest.approx(expected, rel=1e-5)
    assert encoding.vertex_cosine(torch.cat([x, torch.zeros(1, 9)])) == pytest.approx(
        expected, rel=1e-5
    )
    assert encoding.vertex_cosine(torch.eye(9)) == pytest.approx(1 / 3)


def test_class_vertex_cosines_of_known_points():
    codes = VERTICES > 0
    x = torch.stack([VERTICES[0], 5 * VERTICES[1], -VERTICES[2], torch.zeros(3), VERTICES[1]])
    labels = torch.tensor([0, 1, 2, 3, 0])
    found = encoding.class_vertex_cosines(x, labels, codes)
    # Two codes at Hamming distance 2 of 3 have the cosine (3 − 2·2)/3.
    torch.testing.assert_close(found, torch.tensor([1, 1, -1, 0, -1 / 3], dtype=torch.float64))
