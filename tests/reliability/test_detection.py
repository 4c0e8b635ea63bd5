"""Detectors that are perfect, useless and known, scikit-learn's numbers, and another dataset."""

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score, roc_auc_score

from binenc_core.dataset import Dataset
from binenc_core.evaluation import Outputs
from binenc_core.reliability import detection
from replication.studies import reliability

GRID = np.linspace(0, 1, 51)


def case(images: int = 400, errors: int = 40) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores with ties, higher for the positive ones, and which are."""
    generator = torch.Generator().manual_seed(0)
    positive = torch.arange(images) % (images // errors) == 0
    return (torch.randn(images, generator=generator).double() + positive).mul(3).round(), positive


def perfect(images: int = 100, errors: int = 10) -> tuple[torch.Tensor, torch.Tensor]:
    """Scores that have all errors above all others."""
    score = torch.arange(images).double()
    return score, score >= images - errors


def test_a_perfect_detector_is_exactly_1_and_the_worst_has_all_errors_first():
    score, positive = perfect()
    found, worst = (detection.estimates(own, positive) for own in (score, -score))
    assert found["auroc"] == (1.0, 1.0, 1.0)
    assert found["aupr"] == pytest.approx((1, 1, 1), abs=1e-15)
    assert found["excess_aurc"].value == pytest.approx(0, abs=1e-15)
    least = sum((k - 90) / k for k in range(91, 101)) / 100
    assert found["aurc"].value == pytest.approx(least, rel=1e-12)
    assert worst["auroc"].value == 0
    first = sum(min(k, 10) / k for k in range(1, 101)) / 100
    assert worst["aurc"].value == pytest.approx(first, rel=1e-12)


def test_a_constant_score_is_exactly_chance():
    _, positive = perfect()
    found = detection.estimates(torch.ones(100).double(), positive)
    assert found["auroc"] == (0.5, 0.5, 0.5)
    assert found["aupr"].value == 0.1
    assert found["aurc"].value == pytest.approx(0.1, rel=1e-12)


def test_values_and_resamples_are_scikit_learns():
    score, positive = case()
    order = score.argsort(descending=True)
    drawn = np.random.default_rng(1).multinomial(400, [1 / 400] * 400, size=20)
    counts = torch.from_numpy(drawn).double()
    ends = detection._ends(score[order])
    found = detection._weighted(counts[:, order], positive[order], ends)
    for place, weights in enumerate(counts):
        area, precision = (
            measure(positive, score, sample_weight=weights)
            for measure in (roc_auc_score, average_precision_score)
        )
        assert found[:2, place].tolist() == pytest.approx([area, precision], rel=1e-12)
    whole = detection.estimates(score, positive)
    assert whole["auroc"].value == roc_auc_score(positive, score)
    assert whole["aupr"].value == average_precision_score(positive, score)


def test_the_risk_of_ties_is_the_mean_over_their_orders():
    """Of a plain loop over random orders within equal scores, each image drawn 0 to 2 times."""
    score, positive = case(40, 8)
    counts = torch.arange(40) % 3
    images = torch.arange(40).repeat_interleave(counts)
    rng = np.random.default_rng(0)
    found = []
    for _ in range(4000):
        order = np.lexsort([rng.random(len(images)), score[images].numpy()])
        wrong = positive[images].numpy()[order].astype(float)
        found.append((wrong.cumsum() / np.arange(1, len(images) + 1)).mean())
    order = score.argsort(descending=True)
    own = detection._weighted(
        counts[None, order].double(), positive[order], detection._ends(score[order])
    )
    assert float(own[2]) == pytest.approx(np.mean(found), abs=5 * np.std(found) / 4000**0.5)


@pytest.mark.parametrize("change", [lambda s: 1e6 * s, lambda s: 1e-9 * s, lambda s: s.exp()])
def test_only_the_order_of_the_scores_counts(change):
    score, positive = case()
    assert detection.estimates(change(score), positive) == detection.estimates(score, positive)


def test_without_errors_the_auroc_is_not_defined_and_the_risk_is_0():
    found = detection.estimates(torch.arange(60).double(), torch.zeros(60, dtype=torch.bool))
    for name in detection.RANKING:
        assert all(map(math.isnan, found[name]))
    assert found["aurc"] == (0, 0, 0)
    errors = detection.estimates(torch.arange(60).double(), torch.ones(60, dtype=torch.bool))
    assert math.isnan(errors["auroc"].value)
    assert errors["aurc"].value == 1
    assert np.isnan(detection.roc(torch.arange(60), torch.zeros(60, dtype=torch.bool), GRID)).all()


def test_intervals_cover_a_known_auroc():
    """Two normal distributions one apart have an AUROC of Φ(1/√2); 95 of 100 hold it on average."""
    generator = torch.Generator().manual_seed(0)
    truth = 0.5 * (1 + math.erf(0.5))
    positive = torch.arange(300) < 100
    covered = 0
    for _ in range(100):
        score = torch.randn(300, generator=generator).double() + positive
        _, low, high = detection.estimates(score, positive)["auroc"]
        covered += low <= truth <= high
    assert 88 <= covered <= 100


def test_resampling_draws_as_many_images_as_there_are():
    sums = detection.resampled(lambda counts: counts.sum(dim=1), 30, torch.device("cpu"))
    assert sums.shape == (detection.RESAMPLES,)
    assert (sums == 30).all()
    zeros = detection.resampled(lambda c: (c == 0).double().mean(dim=1), 30, torch.device("cpu"))
    assert float(zeros.mean()) == pytest.approx((1 - 1 / 30) ** 30, abs=0.01)


def test_curves_of_a_perfect_detector_and_of_a_constant_score():
    score, positive = perfect()
    assert (detection.roc(score, positive, GRID) == 1).all()
    risk = detection.selective_risk(score, positive, GRID)
    kept = np.maximum(np.round(GRID * 100), 1)
    assert risk == pytest.approx(np.maximum(kept - 90, 0) / kept)
    flat = torch.zeros(100).double()
    assert detection.roc(flat, positive, GRID) == pytest.approx(GRID)
    assert detection.selective_risk(flat, positive, GRID) == pytest.approx(np.full(51, 0.1))


# ---- Images of another dataset ------------------------------------------------------------------


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
    both, positive = reliability.joined(own, foreign)
    assert positive.tolist() == [False] * 40 + [True] * 40
    assert len(both.logits) == len(both.labels) == 80
    assert detection.auroc(both.x[:, 0], positive) == pytest.approx(expected)
