"""Effects of the switches: known answers from made runs, and the rule of the findings."""

import io

import numpy as np
import pandas as pd
import pytest

from binenc_core.config import RunConfig
from made_runs import made_run
from replication.data.recipes import recipe
from replication.figures.protocols import protocol_drawing, protocol_effects, protocol_findings
from replication.figures.protocols.protocol_effects import RELEASED, changes, lead, values

EPOCHS = 10
SWITCHED = ["penalty = exp_mean", "softmax = twice", "dropout_epochs = first", "halve_every = 0"]
SETTINGS = ["described", *SWITCHED, RELEASED]


def plan(seeds: int = 3, **other):
    return protocol_effects.plan(seeds, **{"gamma": 10.0, "epochs": EPOCHS, "width": 16} | other)


def run_of(config: RunConfig, diverged: int | None = None, **values: float):
    fields = config.as_dict()
    names = ("dataset", "head", "seed")
    place = {name: fields.pop(name) for name in names}
    return made_run(*place.values(), values=values, diverged=diverged, **fields)


def effects(own, value, diverged=()):
    """Effects of runs whose test and train accuracy is `value` of their configuration."""
    runs = [
        run_of(c, diverged=5 if c in diverged else None, accuracy=value(c))
        for c in protocol_effects.configs(own)
    ]
    return protocol_effects.data(own, runs)


def test_the_settings_are_each_acting_switch_alone_and_all_together():
    own = plan()
    assert list(own) == SETTINGS
    described = own["described"]
    for name in SWITCHED:
        field, _, _ = name.partition(" = ")
        for config, usual in zip(own[name], described, strict=True):
            alone = config.change(**{field: getattr(usual, field)})
            assert alone == usual
    same = {"epochs": EPOCHS, "log_every": EPOCHS, "width": 16}
    expected = [recipe("digits", "released", head=c.head, seed=c.seed, **same) for c in described]
    assert own[RELEASED] == expected


def test_equal_trainings_are_asked_for_once_and_with_the_gamma_asked():
    """The penalty does not act on the linear head."""
    configs = protocol_effects.configs(plan(seeds=3, gamma=3))
    assert len(configs) == len({c.id for c in configs}) == 3 * (6 + 5)
    assert {config.gamma for config in configs if config.head == "binary"} == {3}


def test_bad_input_names_what_is_allowed():
    with pytest.raises(ValueError, match=r"^seeds is 1.5; allowed: a whole number ≥ 1$"):
        plan(seeds=1.5)


def test_every_switch_of_the_released_code_is_a_setting_or_said_to_be_silent():
    assert [name.partition(" = ")[0] for name in SWITCHED] == protocol_effects.acting()
    silent = protocol_findings.silent()
    assert "`cnn_dense_layers`" in silent
    assert "`metrics`" in silent
    assert not any(name in silent for name in protocol_effects.acting())


def test_differences_are_taken_within_a_seed():
    """Seeds that differ by 0.1 hide a difference of 0.01, unless they are paired."""
    found = effects(plan(), lambda c: 0.5 + 0.1 * c.seed + 0.01 * (c.softmax == "twice"))
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
    found = effects(plan(), lambda c: 0.9 + 0.02 * (c.head == "binary") * (c.penalty == "mean_exp"))
    assert changes(found, "penalty = exp_mean", "linear", "test accuracy").empty
    assert len(changes(found, "penalty = exp_mean", "binary", "test accuracy")) == 3
    assert changes(found, "described", "binary", "test accuracy").empty
    assert lead(found, "described").to_numpy() == pytest.approx([0.02] * 3)
    assert lead(found, "penalty = exp_mean").to_numpy() == pytest.approx([0] * 3)


def test_a_diverged_run_is_left_out_and_named():
    own = plan()
    lost = own["softmax = twice"][1]
    found = effects(own, lambda c: 0.5, diverged=[lost])
    assert lost.head == "binary"
    assert list(changes(found, "softmax = twice", "binary", "test accuracy").index) == [0, 2]
    assert list(lead(found, "softmax = twice").index) == [0, 2]
    assert "Digits binary encoding γ = 10 seed 1 in epoch 5." in found.setting
    assert "nan" not in protocol_findings.findings(found)
    none_left = effects(own, lambda c: 0.5, diverged=own["softmax = twice"])
    text = protocol_findings.findings(none_left)
    assert "- `softmax = twice`: is not judged in test accuracy, train accuracy" in text
    assert protocol_drawing.figure(none_left).to_json()


@pytest.mark.parametrize(
    ("differences", "verdict"),
    [
        ([0.1, 0.2, 0.01], protocol_findings.RAISES),
        ([-0.1, -0.2], protocol_findings.LOWERS),
        ([0.1, -1e-9], protocol_findings.MIXED),
        ([0.1, 0.0], protocol_findings.MIXED),
        ([0.0, 0.0], protocol_findings.LEAVES),
        ([], protocol_findings.UNKNOWN),
    ],
)
def test_the_rule_asks_for_one_sign_in_every_seed(differences, verdict):
    assert protocol_findings.direction(pd.Series(differences, dtype=float)) == verdict


def test_a_finding_has_its_verdict_and_its_number():
    found = effects(plan(), lambda c: 0.5 + 0.01 * (c.dropout_epochs == "first"))
    text = protocol_findings.findings(found)
    (line,) = [part for part in text.splitlines() if part.startswith("- `dropout_epochs")]
    assert "**raises** test accuracy (+1.00 ± 0.00 points), train accuracy (+1.00" in line
    assert "does not change whole-code agreement, peak separation, standard deviation" in line


def test_findings_count_the_seeds_in_which_binary_encoding_leads():
    found = effects(plan(), lambda c: 0.9 + 0.01 * (c.head == "binary") * (1 if c.seed else -1))
    text = protocol_findings.findings(found)
    assert "in every seed under 0 of the 6 settings: `described` in 2 of 3" in text


def test_chance_is_told_for_the_number_of_seeds():
    assert "up to 6.25 %" in protocol_findings.chance(5, settings=6)
    assert "1.9 of the 30" in protocol_findings.chance(5, settings=6)
    assert "One seed shows no effect" in protocol_findings.chance(1, settings=6)


def test_both_definitions_are_tabled_from_the_same_runs():
    runs = [
        made_run("digits", head, seed, values={"max_angle": 0.1, "max_angle_predicted": 0.3})
        for head in ("binary", "linear")
        for seed in (0, 1)
    ]
    lines = protocol_findings.definitions(runs).splitlines()
    assert "| max angle, described | 0.1 ± 0 | 0.1 ± 0 |" in lines
    assert "| max angle, released | 0.3 ± 0 | 0.3 ± 0 |" in lines
    assert len(lines) == 2 + 2 * 6


@pytest.mark.parametrize("seeds", [1, 3])
def test_the_figure_shows_means_seeds_and_intervals(seeds):
    found = effects(plan(seeds), lambda c: 0.5 + 0.01 * (1 + c.seed) * (c.softmax == "twice"))
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
    found = effects(plan(), lambda c: 0.5 + 0.2 * (c.softmax == "twice"))
    axis = protocol_drawing.figure(found).layout.xaxis
    texts = dict(zip(axis.ticktext, axis.tickvals, strict=True))
    assert texts["0"] == 0
    assert texts["+10"] == pytest.approx(10**0.5)
    assert axis.range[0] < 0 < 20**0.5 < axis.range[1]
