"""Which networks a page shows."""

from functools import partial

import numpy as np
import pandas as pd
import pytest

from binenc_core.config import HEADS, RunConfig
from replication.campaigns import grids
from replication.campaigns.selection import (
    GAMMA,
    assessed_configs,
    campaign_runs,
    gamma_configs,
    page_configs,
    paired_runs,
)
from replication.data.recipes import recipe, switches
from replication.studies import assessments
from replication.studies.catalog import STUDIES
from small_runs import ORIGIN, frozen, small

pytestmark = pytest.mark.usefixtures("own_folders")


assessed = partial(assessed_configs, "robustness")


def frozen_digits():
    configs = [small(head, seed=seed) for seed in (4, 2) for head in ("binary", "none")]
    frozen("digits", *configs)
    return configs


def test_without_a_campaign_it_is_the_recipe_with_three_seeds():
    configs = page_configs("fashion_mnist, mnist")
    assert configs == [
        recipe(name, head=head, seed=seed)
        for name in ("fashion_mnist", "mnist")
        for head in HEADS
        for seed in range(3)
    ]
    assert page_configs("mnist", ("binary",), 1, "later") == [recipe("mnist", "later")]


def test_a_campaign_gives_its_own_runs_with_the_changes_asked():
    own = frozen_digits()
    assert (
        {run.config for run in campaign_runs("digits")} == set(page_configs("digits")) == set(own)
    )
    configs = page_configs("digits", gamma=3, epochs=None)
    assert set(configs) == {c.change(gamma=3) for c in own}
    first = page_configs("digits", ("binary",), seeds=2)
    assert first == [own[0].change(seed=0), own[0].change(seed=1)]


@pytest.mark.parametrize("protocol", ["described", "released"])
def test_a_protocol_sets_the_switches_of_the_campaigns_runs_and_nothing_else(protocol):
    own = [small(softmax="twice", halve_every=7), small("none")]
    frozen("digits", *own)
    configs = page_configs("digits", protocol=protocol)
    assert set(configs) == {c.change(**switches(protocol)) for c in own}


def test_a_change_wins_over_the_protocol():
    (config,) = page_configs("mnist", ("binary",), 1, "released", softmax="once", gamma=3)
    assert config == recipe("mnist", "released", softmax="once", gamma=3)


def test_an_architecture_that_the_campaign_lacks_is_not_shown_unless_seeds_are_asked():
    frozen_digits()
    assert {c.head for c in page_configs("digits")} == {"binary", "none"}
    assert {c.head for c in page_configs("digits", seeds=1)} == set(HEADS)


DATASET = "dataset is 'cifar'; allowed: mnist, fashion_mnist, digits"
SEEDS = "seeds is 0; allowed: a whole number ≥ 1"


@pytest.mark.parametrize(
    ("choose", "asked", "message"),
    [
        (page_configs, {"dataset": "mnist,cifar"}, DATASET),
        (page_configs, {"seeds": 0}, SEEDS),
        (page_configs, {"protocol": "old"}, "protocol is 'old'; allowed: described, released"),
        (page_configs, {"breadth": 3}, "parameter is 'breadth'; allowed: "),
        (assessed, {"dataset": 3}, "dataset is 3; allowed: mnist, fashion_mnist, digits"),
        (assessed, {"protocol": 3}, "protocol is 3; allowed: described, released, later"),
        (gamma_configs, {"dataset": "cifar"}, DATASET),
        (gamma_configs, {"seeds": 0}, SEEDS),
    ],
)
def test_bad_input_names_what_is_allowed(choose, asked, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        choose(**{"dataset": "digits"} | asked)


def frozen_study(name: str, *configs: RunConfig) -> set[RunConfig]:
    """A study of networks without any numbers, frozen as a campaign."""
    table = pd.DataFrame({column: [0.0] for column in STUDIES["robustness"].columns})
    kept = [
        assessments.keep("robustness", c, 360, table, {"none": np.zeros(1)}, ORIGIN)
        for c in configs
    ]
    assessments.freeze_all("robustness", name, kept, "command")
    return set(configs)


def test_a_page_of_a_study_shows_exactly_what_is_frozen_by_protocol_head_and_seed():
    described = frozen_study(
        "digits", *(small(h, seed=s) for h in ("none", "binary") for s in (2, 0))
    )
    released = frozen_study("digits_released", small(**switches("released")))
    other = frozen_study("mnist", recipe("mnist"))
    assert set(assessed("digits")) == described | released
    own = assessed("digits", "described")
    assert set(own) == described
    assert own == sorted(own, key=lambda c: (HEADS.index(c.head), c.seed))
    assert set(assessed("digits", "released")) == released
    frozen_study("digits_wide", small(width=32), small(seed=0))
    assert set(assessed("digits")) == described | released
    both = assessed("digits, mnist", "described,released")
    assert set(both[:5]) == described | released
    assert other < set(both)


def test_where_no_assessment_is_frozen_it_is_one_seed_of_the_page_s_runs():
    frozen_digits()
    expected = page_configs("digits", seeds=1)
    assert assessed("digits") == expected
    assert assessed("digits", seeds=2) == page_configs("digits", seeds=2)
    assert assessed("digits", "released,later") == [
        config.change(**switches(protocol))
        for protocol in ("released", "later")
        for config in expected
    ]


def test_a_protocol_that_is_not_frozen_is_made_only_where_it_is_asked_for():
    described = frozen_study("digits", small())
    assert set(assessed("digits")) == described
    asked = assessed("digits", "described,released")
    assert set(asked) - described == set(page_configs("digits", seeds=1, protocol="released"))


def test_seeds_and_changes_apply_to_the_assessed_networks():
    frozen_study("digits", small(seed=3), small("none", seed=4))
    assert assessed("digits", seeds=2, gamma=3, epochs=None) == [
        *(small(gamma=3, seed=seed) for seed in range(2)),
        *(small("none", seed=seed) for seed in range(2)),
    ]


def test_the_explorer_has_no_runs_until_they_are_frozen_or_asked_for():
    assert gamma_configs() == []
    configs = gamma_configs("mnist")
    assert configs == grids.read(GAMMA).configs
    assert {c.gamma for c in configs} >= {0, 10, 1000}


def test_the_explorer_s_runs_are_those_of_its_campaign():
    own = [small(gamma=gamma, seed=seed) for gamma in (0, 3) for seed in (4, 2)]
    frozen(GAMMA, *own)
    assert set(gamma_configs()) == set(gamma_configs("digits")) == set(own)
    assert set(gamma_configs(epochs=3)) == {c.change(epochs=3) for c in own}
    assert [(c.gamma, c.seed) for c in gamma_configs(seeds=1)] == [(0, 0), (3, 0)]


def test_another_dataset_s_explorer_has_that_dataset_s_recipe():
    configs = gamma_configs("digits", seeds=1, epochs=2, width=16)
    gammas = sorted({c.gamma for c in grids.read(GAMMA).configs})
    assert configs == [recipe("digits", gamma=g, epochs=2, width=16) for g in gammas]


def frozen_pair(name: str, seeds: int) -> None:
    """A campaign of so many seeds of two epochs, and its forerunner of one epoch."""
    frozen(f"{name}_short", small("none", epochs=1))
    if seeds:
        frozen(name, *(small("none", seed=seed, epochs=2) for seed in range(seeds)))


@pytest.mark.parametrize(("seeds", "epochs"), [(0, 1), (2, 1), (3, 2)])
def test_a_forerunner_is_shown_until_three_seeds_are_frozen(seeds, epochs):
    frozen_pair("digits", seeds)
    assert {run.config.epochs for run in campaign_runs("digits")} == {epochs}
    assert campaign_runs("mnist") == []
    frozen("mnist_released", small("none"))  # has no forerunner
    assert len(campaign_runs("mnist_released")) == 1


@pytest.mark.parametrize(("seeds", "epochs"), [((3, 3), 2), ((3, 2), 1)])
def test_campaigns_that_are_compared_are_all_long_or_all_short(seeds, epochs):
    for name, count in zip(("one", "two"), seeds, strict=True):
        frozen_pair(name, count)
    pair = paired_runs(["one", "two"])
    assert list(pair) == ["one", "two"]
    assert {run.config.epochs for runs in pair.values() for run in runs} == {epochs}
