"""‖r‖/‖x‖ image by image, its mean and its interval, also where an attack did not succeed."""

import numpy as np
import pandas as pd
import pytest

from made_assessments import IMAGES, SIZE, four_heads, made_assessment
from replication.figures.common import assessed
from replication.studies import robustness_numbers as numbers

HALF = np.arange(IMAGES) % 2 == 0


def test_norms_are_taken_relative_to_their_image(tmp_path):
    sizes = np.where(HALF, 5.0, 20.0)
    found = made_assessment(tmp_path, table={"size": sizes})
    relative = numbers.relative(found, "margin")
    assert relative.to_numpy() == pytest.approx(0.1 * SIZE / sizes)
    assert list(relative.index[:3]) == [0, 3, 6]


def test_a_mean_is_over_the_images_on_which_the_attack_succeeded(tmp_path):
    found = made_assessment(tmp_path, relative={"deepfool": np.where(HALF, np.inf, 0.4)})
    assert numbers.mean(found, "deepfool") == pytest.approx(0.4)
    assert numbers.fooled(found, "deepfool") == 0.5
    never = made_assessment(tmp_path, relative={"apgd": np.inf})
    assert np.isnan(numbers.mean(never, "apgd"))
    assert numbers.fooled(never, "apgd") == 0


def test_seeds_are_averaged_image_by_image(tmp_path):
    one = made_assessment(tmp_path, seed=0, relative={"margin": np.where(HALF, 0.2, np.inf)})
    other = made_assessment(tmp_path, seed=1, relative={"margin": 0.4})
    means = numbers.per_image([one, other], "margin")
    assert means.to_numpy() == pytest.approx(np.where(HALF, 0.3, 0.4))


def test_the_interval_is_that_of_a_mean_over_images():
    """Against the normal approximation, 1.96 standard errors on each side."""
    values = pd.Series(np.random.default_rng(0).normal(0.2, 0.05, 400))
    low, high = numbers.interval(values)
    error = values.std(ddof=1) / 20
    assert (low, high) == pytest.approx(
        (values.mean() - 1.96 * error, values.mean() + 1.96 * error), abs=0.2 * error
    )
    assert numbers.interval(values) == (low, high)
    assert np.isnan(numbers.interval(values[:1])).all()


# ---- Groups -------------------------------------------------------------------------------------


def test_groups_are_by_dataset_and_protocol_and_in_order(tmp_path):
    found = [
        *four_heads(tmp_path, dataset="fashion_mnist"),
        *four_heads(tmp_path, protocol="released"),
        *four_heads(tmp_path, seeds=2),
    ]
    shown = assessed.groups(found[::-1])
    titles = ["MNIST, as described", "MNIST, as released", "FashionMNIST, as described"]
    assert [group.title for group in shown] == titles
    assert [group.heads for group in shown] == [["binary", "linear", "none", "nonlinear"]] * 3
    assert [a.config.seed for a in shown[0].of("none")] == [0, 1]


def test_two_networks_of_one_head_and_seed_are_refused(tmp_path):
    found = [made_assessment(tmp_path), made_assessment(tmp_path, gamma=3)]
    with pytest.raises(ValueError, match="MNIST, as described: allowed is one network for each"):
        assessed.groups(found)
