"""Size, shape, path and direction of the classifier's weights, against known answers."""

import pytest
import torch

from binenc_core.metrics.weights import alignment, kurtosis, weight_metrics


def test_kurtosis_of_two_values_and_of_a_gaussian():
    generator = torch.Generator().manual_seed(0)
    normal = torch.randn(400, 500, generator=generator)
    assert kurtosis(normal) == pytest.approx(3, abs=0.05)
    assert kurtosis(normal.sign()) == pytest.approx(1, abs=1e-4)
    assert kurtosis(torch.rand(400, 500, generator=generator)) == pytest.approx(1.8, abs=0.02)


def test_alignment_takes_the_rows_less_their_mean():
    weights = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]) + 5
    means = torch.tensor([[2.0, 0.0], [0.0, 3.0], [-1.0, -1.0]], dtype=torch.float64)
    assert alignment(weights, means) == pytest.approx(1)
    assert alignment(weights, -means) == pytest.approx(-1)
    turned = means @ torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=torch.float64)
    assert alignment(weights, turned) == pytest.approx(0, abs=1e-12)


def test_a_straight_path_of_full_steps_has_ratio_one():
    start = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    means = start.double()
    moved = start + 0.7 * torch.tensor([1.0, -1.0, 1.0, -1.0])
    found = weight_metrics(moved, start, 0.7, means)
    assert found["weight_path_ratio"] == pytest.approx(1)
    assert found["weight_rms"] == pytest.approx(float(moved.square().mean().sqrt()))
    back = weight_metrics(start, start, 0.7, means)
    assert back["weight_path_ratio"] == 0
    assert torch.tensor(weight_metrics(moved, start, 0.0, means)["weight_path_ratio"]).isnan()
