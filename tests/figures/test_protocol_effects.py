"""Effects of the switches: known answers from made runs, and the rule of the findings."""

import io

import numpy as np
import pandas as pd
import pytest

from binenc_core.config import RunConfig
from made_runs import made_run
from replication.data.recipes import recipe, switches
from replication.figures.protocols import protocol_drawing, protocol_effects
from replication.figures.protocols.protocol_effects import (
    RELEASED,
    changes,
    lead,
    setting_of,
    values,
)
from replication.runs import store

SWITCHED = ["penalty = exp_mean", "softmax = twice", "dropout_epochs = first", "halve_every = 0"]
SETTINGS = ["described", *SWITCHED, RELEASED]


def configs(seeds: int = 3, gamma: float = 10.0) -> list[RunConfig]:
    return protocol_effects.digits_configs(seeds, gamma, epochs=10, width=16)


def run_of(config: RunConfig, diverged: int | None = None, **values: float):
    fields = config.as_dict()
    names = ("dataset", "head", "seed")
    place = {name: fields.pop(name) for name in names}
    return made_run(*place.values(), values=values, diverged=diverged, **fields)


def effects(value, diverged=(), seeds: int = 3):
    """Effects of runs whose test and train accuracy is `value` of their configuration."""
    return protocol_effects.data(
        [
            run_of(c, diverged=5 if c in diverged else None, accuracy=value(c))
            for c in configs(seeds)
        ]
    )


def test_the_settings_are_each_acting_switch_alone_and_all_together():
    assert effects(lambda c: 0.5).settings == SETTINGS
    described = recipe("mnist", head="binary")
    assert setting_of(described) == "described"
    assert setting_of(recipe("mnist", "released", head="binary")) == RELEASED
    assert setting_of(recipe("mnist", "released", head="linear")) == RELEASED
    for name in SWITCHED:
        field, _, value = name.partition(" = ")
        value = int(value) if value.isdecimal() else value
        assert setting_of(described.change(**{field: value})) == name


def test_equal_trainings_are_asked_for_once_and_with_the_gamma_asked():
    """The penalty does not act on the linear head, and without a weight on neither."""
    asked = configs(gamma=3)
    assert len(asked) == len({c.id for c in asked}) == 3 * (6 + 5)
    assert {config.gamma for config in asked if config.head == "binary"} == {3}
    assert len(configs(gamma=0)) == 3 * (5 + 5)


def test_bad_input_names_what_is_allowed():
    with pytest.raises(ValueError, match=r"^seeds is 1.5; allowed: a whole number ≥ 1$"):
        configs(seeds=1.5)


def test_on_mnist_the_seeds_that_have_every_switch_are_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "RESULTS", tmp_path)
    assert protocol_effects.mnist_runs() == []
    none = protocol_effects.data([])
    assert protocol_drawing.figure(none) is None
    assert protocol_effects.table(none) == ""
    own = {
        name: [run_of(recipe("mnist", head=h, seed=s, **changes)) for h in heads for s in seeds]
        for name, heads, seeds, changes in (
            ("mnist", ("binary", "linear", "none"), (10, 11, 12), {}),
            ("switches", ("binary", "linear"), (10, 11), {"softmax": "twice"}),
            ("mnist_released", ("binary", "linear"), (10, 11, 12), switches("released")),
        )
    }
    monkeypatch.setattr(protocol_effects, "campaign_runs", own.get)
    found = protocol_effects.data(protocol_effects.mnist_runs())
    assert found.settings == ["described", "softmax = twice", RELEASED]
    assert set(found.table["seed"]) == {10, 11}
    assert set(found.table["head"]) == {"binary", "linear"}


def test_differences_are_taken_within_a_seed():
    """Seeds that differ by 0.1 hide a difference of 0.01, unless they are paired."""
    found = effects(lambda c: 0.5 + 0.1 * c.seed + 0.01 * (c.softmax == "twice"))
    twice = changes(found, "softmax = twice", "binary", "test accuracy")
    assert list(twice.index) == [0, 1, 2]
    assert twice.to_numpy() == pytest.approx([0.01] * 3)
    assert changes(found, "halve_every = 0", "binary", "test accuracy").to_numpy() == pytest.approx(
        [0] * 3
    )
    shown = values(found, "softmax = twice", "linear", "test accuracy")
    assert shown.to_numpy() == pytest.approx([0.51, 0.61, 0.71])


def test_a_training_that_a_setting_leaves_as_it_was_has_no_change_but_a_lead():
    """The lead is binary encoding's over the linear head, on which the penalty does not act."""
    found = effects(lambda c: 0.9 + 0.02 * (c.head == "binary") * (c.penalty == "mean_exp"))
    assert changes(found, "penalty = exp_mean", "linear", "test accuracy").empty
    assert len(changes(found, "penalty = exp_mean", "binary", "test accuracy")) == 3
    assert lead(found, "described").to_numpy() == pytest.approx([0.02] * 3)
    assert lead(found, "penalty = exp_mean").to_numpy() == pytest.approx([0] * 3)


def test_a_diverged_run_is_left_out_and_named():
    twice = [c for c in configs() if (c.softmax, setting_of(c)) == ("twice", "softmax = twice")]
    lost = twice[1]
    found = effects(lambda c: 0.5, diverged=[lost])
    assert (lost.head, lost.seed) == ("binary", 1)
    assert list(changes(found, "softmax = twice", "binary", "test accuracy").index) == [0, 2]
    assert list(lead(found, "softmax = twice").index) == [0, 2]
    fig = protocol_drawing.figure(found)
    assert "Digits binary encoding γ = 10 seed 1 in epoch 5." in fig.layout.meta["setting"]
    assert "nan" not in protocol_effects.table(found)
    none_left = effects(lambda c: 0.5, diverged=twice)
    (line,) = [row for row in protocol_effects.table(none_left).splitlines() if "twice" in row]
    assert line.count("no value") == 6
    assert protocol_drawing.figure(none_left).to_json()


def test_a_line_of_the_table_has_changes_and_the_first_one_values():
    found = effects(lambda c: 0.5 + 0.01 * (c.dropout_epochs == "first"))
    lines = protocol_effects.table(found).splitlines()
    assert lines[2].startswith("| `described` | 50.00 ± 0.00 % |")
    (line,) = [row for row in lines if row.startswith("| `dropout_epochs")]
    assert "| +1.00 ± 0.00 points | +1.00 ± 0.00 points | +0.00 ± 0.00 points |" in line
    assert line.endswith("| +0.00 ± 0.00 points |")  # the linear layer gains as much


def test_both_definitions_are_tabled_from_the_same_runs():
    runs = [
        made_run("digits", head, seed, values={"max_angle": 0.1, "max_angle_predicted": 0.3})
        for head in ("binary", "linear")
        for seed in (0, 1)
    ]
    lines = protocol_effects.definitions(runs).splitlines()
    assert "| max angle, described | 0.1 ± 0 | 0.1 ± 0 |" in lines
    assert "| max angle, released | 0.3 ± 0 | 0.3 ± 0 |" in lines
    assert len(lines) == 2 + 2 * 6


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_figure_shows_means_seeds_and_intervals(seeds):
    found = effects(lambda c: 0.5 + 0.01 * (1 + c.seed) * (c.softmax == "twice"), seeds=seeds)
    fig = protocol_drawing.figure(found)
    assert fig.layout.meta["source"] == "replication.figures.protocols.protocol_drawing.figure"
    small, large = [t for t in fig.data if t.legendgroup == "binary" and t.xaxis == "x"]
    shown = [point for point in small.customdata if point[0] == "softmax = twice"]
    assert [value for _, _, value in shown] == pytest.approx(list(range(1, seeds + 1)))
    (mean,) = [point for point in large.customdata if point[0] == "softmax = twice"]
    assert mean[1] == pytest.approx(np.mean(range(1, seeds + 1)))
    # t(0.975, 2) is 4.303, and the seeds 1, 2, 3 have a standard deviation of 1.
    assert mean[2] == pytest.approx(4.303 / 3**0.5 if seeds == 3 else 0, abs=1e-3)
    text = fig.layout.meta["csv"]
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(text)), found.table, check_dtype=False)


def test_axes_are_stretched_and_their_ticks_are_true():
    assert protocol_drawing.stretched(-9) == -3
    assert protocol_drawing.stretched(0.25) == 0.5
    found = effects(lambda c: 0.5 + 0.2 * (c.softmax == "twice"))
    axis = protocol_drawing.figure(found).layout.xaxis
    texts = dict(zip(axis.ticktext, axis.tickvals, strict=True))
    assert texts["0"] == 0
    assert texts["+10"] == pytest.approx(10**0.5)
    assert axis.range[0] < 0 < 20**0.5 < axis.range[1]
