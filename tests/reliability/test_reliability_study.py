"""The whole study on a small network."""

import numpy as np
import pandas as pd
import pytest
import torch

from binenc_core import dataset
from binenc_core.dataset import Dataset
from binenc_core.models import Classifier
from binenc_core.reliability import METRICS, SCORES, TASKS, calibration
from replication.data.load import load
from replication.data.recipes import recipe
from replication.studies import reliability
from replication.studies.catalog import RELIABILITY_ARRAYS as ARRAYS
from replication.studies.catalog import RELIABILITY_COLUMNS as COLUMNS
from replication.studies.catalog import StudyResult

SIDE, CLASSES = 8, 10


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")


@pytest.fixture(scope="module")
def model(digits) -> Classifier:
    """A network that has learned the digits a little: some 20 test images are misclassified."""
    config = recipe("digits", width=32)
    made = Classifier(config, SIDE, CLASSES, (0, 1))
    optimizer = torch.optim.AdamW(made.parameters(), lr=1e-2)
    with torch.random.fork_rng():
        torch.manual_seed(0)  # of dropout
        for _ in range(60):
            logits, _ = made(digits.train_images)
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(logits, digits.train_labels).backward()
            optimizer.step()
    return made


@pytest.fixture(scope="module")
def found(model, digits) -> StudyResult:
    return reliability.assess(model, digits, recipe("digits"), None)


def value(found: StudyResult, task: str, score: str, metric: str, column: str = "value") -> float:
    table = found.table
    wanted = (table[["task", "score", "metric"]] == [task, score, metric]).all(axis=1)
    (number,) = table.loc[wanted, column]
    return number


def test_the_table_and_arrays_are_those_that_are_announced(found):
    assert found.images == 360
    assert list(found.table) == list(COLUMNS)
    assert len(found.table) <= 60
    assert set(found.table["metric"]) == set(METRICS)
    assert set(found.table["task"]) == set(TASKS) - {"outside"}
    assert not found.table.duplicated(["task", "score", "metric"]).any()
    assert set(found.arrays) == set(ARRAYS)
    points = len(found.arrays["grid"])
    assert points <= 101
    for name in ("roc", "risk"):
        assert found.arrays[name].shape == (len(SCORES), points)
        assert np.isfinite(found.arrays[name]).all()
    assert found.arrays["bin_count"].shape == (2, 15)


def test_it_counts_the_errors_of_the_network(found, model, digits):
    model.eval()
    wrong = int((model(digits.test_images)[0].argmax(dim=1) != digits.test_labels).sum())
    assert 5 <= wrong <= 100
    own = found.table[found.table["task"] == "misclassified"]
    assert (own["positives"] == wrong).all()
    assert (own["positives"] + own["negatives"] == 360).all()
    assert found.arrays["risk"][:, -1] == pytest.approx(wrong / 360)


def test_calibration_is_measured_on_images_that_the_fit_has_not_seen(found, model, digits):
    own = found.table[found.table["task"] == "calibration"]
    assert (own["positives"] + own["negatives"] == 288).all()
    assert found.arrays["bin_count"].sum(axis=1).tolist() == [288, 288]
    chosen = dataset.draw(360, None)
    images, labels = digits.test_images[chosen], digits.test_labels[chosen]
    model.eval()
    t = calibration.temperature(model(images[:72])[0].detach(), labels[:72])
    assert value(found, "calibration", "logits", "temperature") == pytest.approx(t, rel=1e-4)


def test_doubt_finds_errors_intervals_hold_values_and_controls_are_passed(found):
    assert value(found, "misclassified", "msp", "auroc") > 0.7
    intervals = found.table.dropna(subset="low")
    assert len(intervals) == 4 * 4 + 2
    assert (intervals["low"] <= intervals["value"]).all()
    assert (intervals["value"] <= intervals["high"]).all()
    changes = found.table[found.table["metric"].str.startswith("change_")]
    assert len(changes) == 2 * 2 + 4
    assert (changes["value"] < 1e-3).all()


def test_the_numbers_are_the_same_every_time(found, model, digits):
    again = reliability.assess(model, digits, recipe("digits"), None)
    pd.testing.assert_frame_equal(again.table, found.table)
    for name, values in found.arrays.items():
        np.testing.assert_array_equal(again.arrays[name], values)


def test_as_many_images_are_taken_as_are_asked_and_no_more_than_there_are(model, digits):
    found = reliability.assess(model, digits, recipe("digits"), 100)
    assert found.images == 100
    own = found.table[found.table["task"] == "misclassified"]
    assert (own["positives"] + own["negatives"] == 100).all()
    assert reliability.assess(model, digits, recipe("digits"), 5000).images == 360


def test_two_softmaxes_are_calibrated_by_both_readings(model, digits):
    found = reliability.assess(model, digits, recipe("digits", "released"), None)
    before, after = (
        value(found, "calibration", "probabilities", f"ece_{stage}")
        for stage in ("before", "after")
    )
    # The largest probability that the softmax of probabilities can give is e/(e + 9) = 0.23.
    assert before > 0.5
    assert after < 0.2


def test_images_of_another_dataset_are_told_apart(model, digits, monkeypatch):
    """Random pixels as the test images of the counterpart of a dataset of digits' size."""
    generator = torch.Generator().manual_seed(0)
    noise = digits._replace(test_images=torch.rand(360, 1, 8, 8, generator=generator) * 20)
    monkeypatch.setattr(reliability, "load", lambda name: noise)
    found = reliability.assess(model, digits, recipe("mnist"), None)
    assert value(found, "outside", "mahalanobis", "auroc") > 0.9
    assert value(found, "outside", "mahalanobis", "auroc", "positives") == 360
    assert set(found.table["task"]) == set(TASKS)
    assert len(found.table) <= 60


def test_without_an_error_the_auroc_is_empty_and_the_rest_is_there(model, digits):
    model.eval()
    decided = model(digits.test_images)[0].argmax(dim=1)
    found = reliability.assess(model, digits._replace(test_labels=decided), recipe("digits"), None)
    for metric in ("auroc", "aupr", "change_up"):
        assert np.isnan(value(found, "misclassified", "mahalanobis", metric))
    assert value(found, "misclassified", "msp", "auroc", "positives") == 0
    assert value(found, "misclassified", "msp", "aurc") == 0
    assert value(found, "calibration", "logits", "ece_before") > 0


@pytest.mark.parametrize(("images", "there"), [(49, 360), (None, 0)])
def test_too_few_images_are_refused(model, digits, images, there):
    few = digits._replace(
        test_images=digits.test_images[:there], test_labels=digits.test_labels[:there]
    )
    message = f"^there are {images or there} test images to take; allowed: 50"
    with pytest.raises(ValueError, match=message):
        reliability.assess(model, few, recipe("digits"), images)
