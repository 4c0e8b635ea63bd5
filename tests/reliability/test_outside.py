"""Images of another dataset beside a network's own."""

import pytest
import torch

from binenc_core.dataset import Dataset
from binenc_core.evaluation import Outputs
from binenc_core.reliability import detection, ood
from replication.studies import reliability

CPU = torch.device("cpu")


def test_the_other_dataset_is_that_of_the_same_shape(monkeypatch):
    asked = []

    def load(name: str) -> Dataset:
        asked.append(name)
        images, labels = torch.zeros(3, 1, 28, 28), torch.zeros(3)
        return Dataset(images, labels, images + 1, labels + 1)

    monkeypatch.setattr(reliability, "load", load)
    images, labels = reliability.foreign_images("mnist", CPU)
    assert images.min() == 1
    assert labels.min() == 1
    reliability.foreign_images("fashion_mnist", CPU)
    assert asked == ["fashion_mnist", "mnist"]
    assert reliability.foreign_images("digits", CPU) is None
    assert len(asked) == 2


@pytest.mark.parametrize(("shift", "expected"), [(0.0, 0.5), (1e3, 1.0), (-1e3, 0.0)])
def test_the_foreign_images_are_the_positive_ones(shift, expected):
    own = Outputs(torch.zeros(40, 3), torch.arange(40.0)[:, None], torch.zeros(40))
    foreign = own._replace(x=own.x + shift)
    both, positive = ood.joined(own, foreign)
    assert positive.tolist() == [False] * 40 + [True] * 40
    assert len(both.logits) == len(both.labels) == 80
    assert detection.auroc(both.x[:, 0], positive) == pytest.approx(expected)
