"""Which networks a page shows."""

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
from replication.runs import store
from replication.runs.freeze import freeze
from replication.runs.trainer import get_or_train
from replication.studies import assessments
from replication.studies.catalog import STUDIES
from small_runs import small, use_folders


@pytest.fixture(autouse=True)
def folders(monkeypatch, tmp_path):
    use_folders(monkeypatch, tmp_path)


def frozen_digits():
    configs = [small(head, seed=seed) for seed in (4, 2) for head in ("binary", "none")]
    freeze([get_or_train(c, "cpu", str) for c in configs], store.RESULTS / "digits", "command")
    return configs


def test_without_a_campaign_it_is_the_recipe_with_three_seeds():
    configs = page_configs("mnist")
    assert configs == [recipe("mnist", head=h, seed=s) for h in HEADS for s in range(3)]


def test_a_campaign_gives_its_own_runs():
    frozen = frozen_digits()
    assert set(page_configs("digits")) == set(frozen)


def test_changes_apply_to_the_campaigns_runs():
    frozen = frozen_digits()
    configs = page_configs("digits", gamma=3, epochs=None)
    assert set(configs) == {c.change(gamma=3) for c in frozen}
    assert {c.gamma for c in configs if c.head == "none"} == {0}


@pytest.mark.parametrize("protocol", ["described", "released", "later"])
@pytest.mark.sampled
def test_a_protocol_sets_the_switches_of_the_campaigns_runs_and_nothing_else(protocol):
    frozen = frozen_digits()
    configs = page_configs("digits", protocol=protocol)
    assert set(configs) == {c.change(**switches(protocol)) for c in frozen}
    assert {c.width for c in configs} == {frozen[0].width}


def test_a_protocol_sets_those_of_a_recipe_too():
    configs = page_configs("mnist", ("binary",), seeds=1, protocol="later")
    assert configs == [recipe("mnist", "later")]


def test_a_change_wins_over_the_protocol():
    (config,) = page_configs("mnist", ("binary",), 1, "released", softmax="once", gamma=3)
    assert config == recipe("mnist", "released", softmax="once", gamma=3)


def test_the_described_protocol_undoes_another_campaigns():
    small_later = recipe("digits", "later", epochs=2, width=16, log_every=1, latent_dim=2)
    freeze([get_or_train(small_later, "cpu", str)], store.RESULTS / "digits", "command")
    assert page_configs("digits", ("binary",)) == [small_later]
    own = page_configs("digits", ("binary",), protocol="described")
    assert own == [recipe("digits", epochs=2, width=16, log_every=1, latent_dim=2)]


def test_the_runs_of_a_campaign_by_name():
    frozen = frozen_digits()
    assert {run.config for run in campaign_runs("digits")} == set(frozen)
    assert campaign_runs("mnist_released") == []


def test_seeds_ask_for_the_first_ones_in_the_campaigns_setting():
    frozen = frozen_digits()
    configs = page_configs("digits", ("binary",), seeds=2)
    assert configs == [frozen[0].change(seed=0), frozen[0].change(seed=1)]


def test_an_architecture_that_the_campaign_lacks_is_not_shown_unless_seeds_are_asked():
    frozen_digits()
    assert {c.head for c in page_configs("digits")} == {"binary", "none"}
    assert {c.head for c in page_configs("digits", seeds=1)} == set(HEADS)


def test_several_datasets_come_in_the_order_asked():
    configs = page_configs("fashion_mnist, mnist", seeds=1)
    assert [c.dataset for c in configs] == ["fashion_mnist"] * 4 + ["mnist"] * 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dataset": "mnist,cifar"}, "dataset is 'cifar'; allowed: mnist, fashion_mnist, digits"),
        ({"dataset": 3}, "dataset is 3; allowed: mnist, fashion_mnist, digits"),
        ({"dataset": "mnist", "gamma": -1}, "gamma is -1; allowed: a number ≥ 0"),
        ({"dataset": "mnist", "seeds": 0}, "seeds is 0; allowed: a whole number ≥ 1"),
        ({"dataset": "mnist", "seeds": True}, "seeds is True; allowed: a whole number ≥ 1"),
        (
            {"dataset": "mnist", "protocol": "relaxed"},
            "protocol is 'relaxed'; allowed: described, released, later",
        ),
        ({"dataset": "mnist", "breadth": 3}, "unknown parameter 'breadth'; allowed: "),
    ],
)
def test_bad_input_names_what_is_allowed(arguments, message):
    with pytest.raises(ValueError) as refused:
        page_configs(**arguments)
    assert str(refused.value).startswith(message)


def frozen_study(name: str, *configs: RunConfig) -> set[RunConfig]:
    """A study of networks without any numbers, frozen as a campaign."""
    table = pd.DataFrame({column: [0.0] for column in STUDIES["robustness"].columns})
    info = dict.fromkeys(assessments.INFO_FIELDS, "made up") | {"seconds": 1.0}
    kept = [
        assessments.keep("robustness", c, 360, table, {"none": np.zeros(1)}, info) for c in configs
    ]
    assessments.freeze_all("robustness", name, kept, "command")
    return set(configs)


def test_a_page_of_a_study_shows_exactly_what_is_frozen():
    described = frozen_study(
        "digits", *(small(h, seed=s) for h in ("none", "binary") for s in (2, 0))
    )
    released = frozen_study("digits_released", small(**switches("released")))
    other = frozen_study("mnist", recipe("mnist"))
    assert set(assessed_configs("robustness", "digits")) == described | released
    assert set(assessed_configs("robustness", "digits", "described")) == described
    assert set(assessed_configs("robustness", "digits", "released")) == released
    frozen_study("digits_wide", small(width=32), small(seed=0))
    assert set(assessed_configs("robustness", "digits")) == described | released
    both = assessed_configs("robustness", "digits, mnist", "described,released")
    assert set(both[:5]) == described | released
    assert other < set(both)


def test_its_networks_are_by_protocol_head_and_seed():
    frozen_study("digits", *(small(h, seed=s) for h in ("none", "binary") for s in (2, 0)))
    configs = assessed_configs("robustness", "digits")
    assert [(c.head, c.seed) for c in configs] == [
        ("binary", 0),
        ("binary", 2),
        ("none", 0),
        ("none", 2),
    ]


def test_where_no_assessment_is_frozen_it_is_one_seed_of_the_page_s_runs():
    frozen_digits()
    expected = page_configs("digits", seeds=1)
    assert assessed_configs("robustness", "digits") == expected
    assert assessed_configs("robustness", "digits", seeds=2) == page_configs("digits", seeds=2)
    assert assessed_configs("robustness", "digits", "released,later") == [
        config.change(**switches(protocol))
        for protocol in ("released", "later")
        for config in expected
    ]


def test_a_protocol_that_is_not_frozen_is_made_only_where_it_is_asked_for():
    described = frozen_study("digits", small())
    assert set(assessed_configs("robustness", "digits")) == described
    asked = assessed_configs("robustness", "digits", "described,released")
    assert set(asked) - described == set(page_configs("digits", seeds=1, protocol="released"))


def test_seeds_and_changes_apply_to_the_assessed_networks():
    frozen_study("digits", small(seed=3), small("none", seed=4))
    assert assessed_configs("robustness", "digits", seeds=2, gamma=3, epochs=None) == [
        *(small(gamma=3, seed=seed) for seed in range(2)),
        *(small("none", seed=seed) for seed in range(2)),
    ]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"dataset": "digits,cifar"}, "dataset is 'cifar'; allowed: mnist, fashion_mnist, digits"),
        ({"dataset": 3}, "dataset is 3; allowed: mnist, fashion_mnist, digits"),
        ({"protocol": "text"}, "protocol is 'text'; allowed: described, released, later"),
        ({"protocol": 3}, "protocol is 3; allowed: described, released, later"),
        ({"seeds": 0}, "seeds is 0; allowed: a whole number ≥ 1"),
        ({"gamma": -1}, "gamma is -1; allowed: a number ≥ 0"),
    ],
)
def test_a_page_of_a_study_refuses_bad_values(asked, message):
    with pytest.raises(ValueError) as refused:
        assessed_configs("robustness", **{"dataset": "digits"} | asked)
    assert str(refused.value).startswith(message)


def test_the_explorer_has_no_runs_until_they_are_frozen_or_asked_for():
    assert gamma_configs() == []
    configs = gamma_configs("mnist")
    assert configs == grids.read(GAMMA).configs
    assert {c.gamma for c in configs} >= {0, 10, 1000}


def test_the_explorer_s_runs_are_those_of_its_campaign():
    frozen = [small(gamma=gamma, seed=seed) for gamma in (0, 3) for seed in (4, 2)]
    freeze([get_or_train(c, "cpu", str) for c in frozen], store.RESULTS / GAMMA, "command")
    assert set(gamma_configs()) == set(gamma_configs("digits")) == set(frozen)
    assert set(gamma_configs(epochs=3)) == {c.change(epochs=3) for c in frozen}
    assert [(c.gamma, c.seed) for c in gamma_configs(seeds=1)] == [(0, 0), (3, 0)]


def test_another_dataset_s_explorer_has_that_dataset_s_recipe():
    configs = gamma_configs("digits", seeds=1, epochs=2, width=16)
    gammas = sorted({c.gamma for c in grids.read(GAMMA).configs})
    assert configs == [recipe("digits", gamma=g, epochs=2, width=16) for g in gammas]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"seeds": 0}, "seeds is 0; allowed: a whole number ≥ 1"),
        ({"dataset": "cifar"}, "dataset is 'cifar'; allowed: mnist"),
        ({"epochs": 0}, "epochs is 0; allowed: a whole number ≥ 1"),
    ],
)
def test_an_explorer_of_bad_values_is_refused(asked, message):
    with pytest.raises(ValueError, match=message):
        gamma_configs(**asked)


@pytest.mark.parametrize(
    ("seeds", "shown"), [(0, "digits_short"), (2, "digits_short"), (3, "digits")]
)
def test_a_forerunner_is_shown_until_three_seeds_are_frozen(seeds, shown):
    """Of the runs the epochs tell which they are."""
    longer = [small("none", seed=seed, epochs=3) for seed in range(seeds)]
    for name, configs in (("digits_short", [small("none", epochs=1)]), ("digits", longer)):
        if configs:
            runs = [get_or_train(config, "cpu", str) for config in configs]
            freeze(runs, store.RESULTS / name, "command")
    epochs = {run.config.epochs for run in campaign_runs("digits")}
    assert epochs == {1 if shown == "digits_short" else 3}


def test_a_campaign_without_a_forerunner_is_shown_whatever_its_seeds():
    freeze([get_or_train(small("none"), "cpu", str)], store.RESULTS / "digits", "command")
    assert len(campaign_runs("digits")) == 1
    assert campaign_runs("mnist") == []


@pytest.mark.parametrize(("seeds", "epochs"), [((3, 3), 2), ((3, 2), 1)])
def test_campaigns_that_are_compared_are_all_long_or_all_short(seeds, epochs):
    for name, count in zip(("one", "two"), seeds, strict=True):
        own = {
            name: [small("none", seed=seed, epochs=2) for seed in range(count)],
            f"{name}_short": [small("none", epochs=1)],
        }
        for folder, configs in own.items():
            runs = [get_or_train(config, "cpu", str) for config in configs]
            freeze(runs, store.RESULTS / folder, "command")
    pair = paired_runs(["one", "two"])
    assert list(pair) == ["one", "two"]
    assert {run.config.epochs for runs in pair.values() for run in runs} == {epochs}
