"""Sanity checks on numbers made by hand, where each passes and where each fails."""

import numpy as np
import pytest

from replication.studies import sanity_checks
from replication.studies.sanity_checks import Outcome

INF, NAN = np.inf, np.nan


def spread(count=100):
    return np.random.default_rng(0).uniform(0.1, 1, count)


@pytest.mark.parametrize(("above", "passed"), [(0, True), (5, True), (6, False)])
def test_share_of_images_above_the_bound(above, passed):
    """A thousandth above it is rounding."""
    bounds = spread()
    distances = bounds * 1.0009
    distances[:above] = bounds[:above] * 1.0011
    assert sanity_checks.above_bound(distances, bounds) == Outcome("a", above / 100, 0.05, passed)


def test_an_image_that_was_not_fooled_is_above_every_bound():
    bounds = spread()
    distances = bounds / 2
    distances[:10] = INF
    assert sanity_checks.above_bound(distances, bounds) == Outcome("a", 0.1, 0.05, False)


@pytest.mark.parametrize(
    ("factors", "measured", "passed"),
    [
        ((1.009, 1), 0.009, True),
        ((1, 1.02), 0.02, False),
        ((0.98, 1), 0.02, False),
    ],
)
def test_change_with_scale_is_the_largest(factors, measured, passed):
    distances = spread()
    found = sanity_checks.change_with_scale(distances, [factor * distances for factor in factors])
    assert found == Outcome("b", pytest.approx(measured), 0.01, passed)


@pytest.mark.parametrize(
    ("factor", "measured", "passed"), [(1.005, 0.005, True), (0.9, 0.1, False)]
)
def test_change_with_precision_is_that_of_the_mean(factor, measured, passed):
    distances = spread()
    found = sanity_checks.change_with_precision(distances, factor * distances[::-1])
    assert found == Outcome("c", pytest.approx(measured), 0.01, passed)


def test_images_fooled_in_one_precision_alone_are_a_change():
    distances = np.ones(100)
    fewer = np.where(np.arange(100) < 3, INF, distances)
    for pair in ((distances, fewer), (fewer, distances)):
        assert sanity_checks.change_with_precision(*pair) == Outcome("c", 0.03, 0.01, False)
        assert sanity_checks.change_with_scale(pair[0], [pair[0], pair[1]]).measured == 0.03
    # Those that are fooled in neither are none.
    assert sanity_checks.change_with_precision(fewer, fewer).measured == 0


@pytest.mark.parametrize(
    ("factor", "measured", "passed"),
    [(0.5, -0.5, True), (1.04, 0.04, True), (1.06, 0.06, False)],
)
def test_excess_over_a_second_attack(factor, measured, passed):
    second = spread()
    found = sanity_checks.excess_over_second(factor * second, second)
    assert found == Outcome("d", pytest.approx(measured), 0.05, passed)


def test_two_attacks_are_compared_on_the_images_that_both_fooled():
    first, second = np.array([1, 1, INF, 5]), np.array([0.5, 1.5, 7, INF])
    assert sanity_checks.excess_over_second(first, second).measured == 0


def test_what_cannot_be_measured_does_not_pass():
    nothing, some = np.full(4, INF), np.ones(4)
    outcomes = [
        sanity_checks.above_bound(nothing, some),
        sanity_checks.change_with_scale(some, [some, nothing]),
        sanity_checks.change_with_precision(nothing, nothing),
        sanity_checks.excess_over_second(nothing, some),
        sanity_checks.excess_over_second([NAN, 1], [1, 1]),
    ]
    assert [outcome.name for outcome in outcomes] == ["a", "b", "c", "d", "d"]
    assert not any(outcome.passed for outcome in outcomes)
