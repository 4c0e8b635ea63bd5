import pytest

from replication.data.recipes import recipe
from replication.widgets.gamma import ROUND, GammaEntry


def test_the_slider_has_the_values_of_the_frozen_runs():
    assert {0, 0.01, 0.1, 1, 3, 10, 30, 100, 1000} <= set(ROUND)
    assert sorted(set(ROUND)) == ROUND
    assert recipe("digits", gamma=ROUND[8]).id == recipe("digits", gamma=0.5).id


@pytest.mark.parametrize(
    ("entered", "shown"),
    [(0, 0), (10, 10), (7.5, 10), (7, 5), (0.012, 0.01), (5e4, 1000), (1e-9, 0), (-1, 0)],
)
def test_the_slider_goes_to_the_nearest_value_and_the_entry_keeps_its_own(entered, shown):
    gamma = GammaEntry(2.0)
    gamma.exact.value = entered
    assert (gamma.value, gamma.slider.value) == (entered, shown)


def test_the_entry_takes_the_value_of_the_slider_once():
    gamma, told = GammaEntry(7.5), []
    gamma.exact.observe(lambda change: told.append(change.new), "value")
    gamma.slider.value = 30
    assert (gamma.value, gamma.slider.value, told) == (30, 30, [30])
