"""The metrics that add up, and the one call, against each other."""

import pytest
import torch

from binenc_core.metrics.accumulated import CollapseMetric, EncodingMetric
from binenc_core.metrics.classes import class_means
from binenc_core.metrics.collapse import collapse_metrics
from binenc_core.metrics.encoding import encoding_metrics, majority_codes, positive_fractions
from binenc_core.metrics.measure import measure

CLASSES, DIMENSIONS, POINTS = 5, 7, 400


def points(spread: float = 0.3) -> tuple[torch.Tensor, ...]:
    """x, labels, weights and predictions of a network that errs on some points."""
    draw = torch.Generator().manual_seed(3)
    centers = torch.randn(CLASSES, DIMENSIONS, generator=draw)
    labels = torch.arange(POINTS) % CLASSES
    x = centers[labels] + spread * torch.randn(POINTS, DIMENSIONS, generator=draw)
    predicted = labels.where(torch.rand(POINTS, generator=draw) > 0.1, (labels + 1) % CLASSES)
    return x, labels, torch.randn(CLASSES, DIMENSIONS, generator=draw), predicted


def batches(metric, x, labels, size):
    for part in zip(x.split(size), labels.split(size), strict=True):
        metric.update(*part)
    return metric.compute()


@pytest.mark.parametrize("spread", [0.3, 1e-3])
@pytest.mark.parametrize("size", [1, 64])
def test_batches_give_what_all_points_give_at_once(size, spread):
    x, labels, weights, predicted = points(spread)
    codes = majority_codes(positive_fractions(x, labels))
    whole = encoding_metrics(x, labels, predicted, codes)
    whole |= collapse_metrics(x, labels, predicted, weights, class_means(x, labels))
    found = batches(EncodingMetric(CLASSES, DIMENSIONS), x, labels, size)
    found |= batches(CollapseMetric(CLASSES, DIMENSIONS), x, labels, size)
    assert len(found) == 11
    for name, value in found.items():
        assert value == pytest.approx(whole[name], rel=1e-6), name


def test_the_states_of_two_processes_add_up():
    """As torchmetrics adds them: by the sum that each state asks for."""
    x, labels, *_ = points()
    for kind in (EncodingMetric, CollapseMetric):
        one, two, whole = (kind(CLASSES, DIMENSIONS) for _ in range(3))
        one.update(x[:100], labels[:100])
        two.update(x[100:], labels[100:])
        whole.update(x, labels)
        for name, reduce in whole._reductions.items():
            both = torch.stack([getattr(one, name), getattr(two, name)])
            torch.testing.assert_close(reduce(both), getattr(whole, name))


@pytest.mark.parametrize("kind", [EncodingMetric, CollapseMetric])
def test_a_class_without_points_is_named(kind):
    metric = kind(CLASSES, DIMENSIONS)
    metric.update(torch.ones(3, DIMENSIONS), torch.tensor([0, 1, 3]))
    with pytest.raises(ValueError, match="class 2 has no points"):
        metric.compute()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": torch.ones(4)}, r"x is \(4,\), weights \(5, 7\); allowed: \(N, P\) and \(C, P\)"),
        ({"labels": torch.zeros(3)}, r"labels is \(3,\); allowed: \(400,\)"),
        ({"labels": torch.zeros(400).long()}, r"labels holds \[0\]; allowed: each of 0 to 4"),
        ({"x": torch.full((400, 7), torch.nan)}, "x is not finite"),
    ],
)
def test_bad_points_are_refused_in_one_line(changes, message):
    names = ("x", "labels", "weights", "predicted")
    given = dict(zip(names, points(), strict=True)) | changes
    with pytest.raises(ValueError, match=message):
        measure(**given)
