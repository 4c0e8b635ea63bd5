"""The engine from runs to verdicts."""

from dataclasses import replace

import numpy as np
import pytest

from claimed_runs import SETTING, claim, run, runs
from claimed_runs import table as one_claim
from replication.claims import judge, rules, table
from replication.claims.judge import COLUMNS, to_frame


def verdict(own, found, **changes):
    (answer,) = judge.judge(one_claim(own, **changes), SETTING, found)
    return answer


def test_the_end_value_is_the_mean_of_the_last_fifth():
    """Of eleven epochs, those from epoch 8 on: a spike before them does not count."""
    curve = np.array([0, 0, 0, 0, 0, 0, 0, 9, 1, 2, 3.0])
    found = verdict(claim(), runs({"binary": [curve] * 3, "linear": [0 * curve] * 3}))
    assert found.judged.estimate == pytest.approx(2)
    assert (found.n, found.epochs, found.margin) == (3, 11, 0.1)
    assert found.judged.verdict == rules.REPLICATED


def test_logarithms_are_of_the_mean():
    curve = np.array([1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 3.0])
    own = claim(scale="log", direction="lower")
    found = verdict(own, runs({"binary": [curve] * 3, "linear": [curve * 4] * 3}))
    assert found.judged.estimate == pytest.approx(np.log(4))
    alone = claim(scale="log", value="change", arms=("binary",))
    found = verdict(alone, runs({"binary": [curve + k for k in (0, 0, 0)]}))
    assert found.judged.estimate == pytest.approx(np.log(2))


def test_seeds_before_the_tenth_judge_nothing(monkeypatch, tmp_path):
    """Of frozen seeds 7 to 12 only three were trained after the claims had been written down."""
    values = {"binary": [0.9, 0.9, 0.9, 0.3, 0.3, 0.3], "linear": [0.0] * 6}
    (tmp_path / "mnist").mkdir()
    monkeypatch.setattr(judge.store, "RESULTS", tmp_path)
    monkeypatch.setattr(judge.store, "load_campaign", lambda folder: runs(values, first=7))
    monkeypatch.setattr(table, "read", lambda: one_claim(claim()))
    (found,) = judge.judge_all()
    assert found.n == 3
    assert found.judged.estimate == pytest.approx(0.3)


def test_only_seeds_that_all_arms_have_are_compared():
    found = verdict(claim(), runs({"binary": [1.0] * 4, "linear": [0.0] * 3}))
    assert found.n == 3
    assert not found.provisional
    few = verdict(claim(ceiling=1.0), runs({"binary": [1.0] * 2, "linear": [1.0] * 3}))
    assert few.note == ""
    most = claim(kind="most", arms=("binary", "linear", "none"))
    lacking = verdict(most, runs({"binary": [1.0] * 3, "linear": [0.0] * 3}))
    assert (lacking.n, lacking.note) == (0, "no frozen run of no penultimate layer")
    assert verdict(most, []).note == "no frozen run"
    assert (few.n, few.judged.verdict, few.provisional) == (2, rules.NOT_JUDGED, True)


def test_diverged_runs_ceilings_and_missing_columns_stop_the_verdict():
    flat = {"linear": [0.0] * 3, "binary": [1.0] * 3}
    diverged = [*runs(flat | {"linear": [0.0] * 2}), run("linear", 12, 0.0, diverged=4)]
    near = runs(flat | {"linear": [0.95] * 3})
    for own, found, note in (
        (claim(), diverged, "1 of 6 runs diverged"),
        (claim(ceiling=1.0), near, "ceiling"),
        (claim(measure="equinorm"), near, "the runs did not record equinorm"),
        (claim(kind="sooner"), near, "the runs did not log each of the first epochs"),
    ):
        answer = verdict(own, found)
        assert (answer.judged.verdict, answer.note) == (rules.NOT_JUDGED, note)
    below = verdict(claim(ceiling=1.0), runs(flat | {"linear": [0.85] * 3}))
    assert below.judged.verdict == rules.REPLICATED


def test_differences_that_still_move_are_told():
    still = np.full(11, 0.5)
    moving = still + np.linspace(0, 2, 11)
    assert verdict(claim(), runs({"binary": [moving] * 3, "linear": [still] * 3})).note == (
        "still moving"
    )
    both = verdict(claim(), runs({"binary": [moving + 1] * 3, "linear": [moving] * 3}))
    assert both.note == ""


def test_released_runs_are_judged_by_the_released_definition():
    own = claim(measure="equinorm", split="train", direction="lower")
    released = {"metrics": "released", "measure": "equinorm_predicted", "split": "train"}
    found = verdict(own, runs({"binary": [1.0] * 3, "linear": [2.0] * 3}, **released))
    assert found.judged.estimate == pytest.approx(1)


def test_the_most_is_against_each_other_arm():
    heads = ("binary", "linear", "nonlinear", "none")
    values = {"binary": [1.0] * 3, "linear": [0.2] * 3, "nonlinear": [0.5] * 3, "none": [0.0] * 3}
    found = verdict(claim(kind="most", arms=heads), runs(values))
    assert (found.judged.verdict, found.note) == (rules.REPLICATED, "against the non-linear layer")
    assert found.judged.estimate == pytest.approx(0.5)


def test_a_verdict_that_is_not_its_interval_s_names_the_level_that_was_asked():
    """At 95 % alone `none` would be reversed, but smaller; at the level of two pairs it is not."""
    values = {"binary": [0.5] * 3, "linear": [0.2] * 3, "none": [0.513, 0.52, 0.527]}
    found = verdict(claim(kind="most", arms=("binary", "linear", "none")), runs(values))
    assert found.judged.verdict == rules.NO_EFFECT
    assert found.judged.high < 0
    assert found.note == "against no penultimate layer; asked at 97.5 %"


def test_a_fifth_head_judges_nothing_anew():
    arms = {head: own for head, own in table.read().arms.items() if head in ("binary", "linear")}
    found = runs({"binary": [1.0] * 3, "linear": [0.0] * 3})
    alone = judge.judge(one_claim(claim(), arms=arms), SETTING, found)
    more = judge.judge(one_claim(claim(), arms=arms), SETTING, found + runs({"none": [9.0] * 3}))
    assert more == alone


def test_levels_thresholds_orders_and_comparable_arms_of_runs():
    low = claim(kind="level", arms=("binary",), margin=None, threshold=0.05, direction="lower")
    spread = {"binary": [0.01, 0.02, 0.03]}
    assert verdict(low, runs(spread)).judged.verdict == rules.REPLICATED
    assert verdict(low, runs({"binary": [0.5, 0.51, 0.52]})).judged.verdict == rules.NOT_REPLICATED
    share = claim(kind="threshold", arms=("binary",), margin=None, threshold=0.95)
    found = verdict(share, runs({"binary": [0.969, 0.97, 0.971]})).judged
    assert found.verdict == rules.REPLICATED
    assert 0.95 < found.low < found.estimate < found.high < 1
    assert found.estimate == pytest.approx(0.97, abs=1e-3)
    below = verdict(share._replace(direction="lower"), runs({"binary": [0.2, 0.3, 0.25]})).judged
    assert below.verdict == rules.REPLICATED
    steps = {"binary": [3.0, 3.1, 3.2], "linear": [2.0, 2.1, 2.3], "none": [1.0, 1.2, 1.1]}
    falling = claim(kind="order", arms=tuple(steps), margin=None, direction="lower")
    assert verdict(falling, runs(steps)).judged.verdict == rules.REPLICATED
    close = runs({"binary": [0.5, 0.51, 0.52], "linear": [0.5, 0.52, 0.51]})
    assert verdict(COMPARABLE, close).judged.verdict == rules.REPLICATED


def test_sooner_and_throughout_of_runs():
    """The linear layer ends at 1 in epoch 9, binary encoding is there in epoch 4."""
    slow = 10.0 - np.minimum(np.arange(11), 9)
    fast = 10.0 - np.minimum(2.25 * np.arange(11), 9)
    found = runs({"binary": [fast] * 3, "linear": [slow] * 3})
    own = claim(kind="sooner", direction="lower")
    goal = np.mean(slow[8:])
    gained = np.log((10 - goal + 1) / ((10 - goal) / 2.25 + 1))
    answer = verdict(own, found)
    assert (answer.judged.estimate, answer.note) == (pytest.approx(gained), "")
    first = runs({"binary": [np.zeros(11)] * 3, "linear": [10.0 - np.arange(11)] * 3})
    seldom = [replace(r, history=r.history.query("epoch < 6 or epoch == 10")) for r in first]
    answer = verdict(own, seldom)  # the linear layer is there in the last epoch
    assert answer.judged.estimate == pytest.approx(np.log(11))
    assert answer.note == "or more: reached in the first epoch"
    whole = verdict(claim(kind="throughout", direction="lower"), found).judged
    assert whole.estimate == pytest.approx(np.mean(slow - fast))
    assert whole.verdict == rules.REPLICATED


def test_a_switch_of_runs_is_measured_from_the_last_epoch_before_it():
    arms = {"switched": {"switch_epoch": 5}, "goal": {"switch_epoch": 0}}
    curve = np.array([0.0, 0, 0, 0, 1, 1, 1, 1, 0.8, 0.8, 0.8])
    own = claim(kind="switch", arms=("switched", "goal"), direction=None, margin=None)
    found = [run("binary", s, curve, switch_epoch=5, switch_optimizer="sgd") for s in (10, 11, 12)]
    found += [run("binary", s, np.zeros(11)) for s in (10, 11, 12)]
    answer = verdict(own, found, arms=arms)
    assert answer.judged.verdict == rules.REPLICATED
    assert answer.judged.estimate == pytest.approx(0.3)


def test_an_arm_must_tell_one_run_of_a_seed():
    found = runs({"binary": [1.0] * 3}) + runs({"binary": [1.0] * 3}, width=8)
    with pytest.raises(ValueError, match="arm binary has two runs of one seed"):
        verdict(claim(arms=("binary",), value="change"), found)


COMPARABLE = claim(kind="comparable", direction=None)
MOST = claim(kind="most", arms=("binary", "linear", "none"))
LEVEL = claim(kind="level", arms=("binary",), margin=None, threshold=0.5)
ORDER = claim(kind="order", arms=("binary", "linear", "none"), margin=None)
SWITCH = claim(kind="switch", direction=None, margin=None)
SOONER, THROUGHOUT = claim(kind="sooner"), claim(kind="throughout")


@pytest.mark.parametrize(
    ("own", "wrong", "note"),
    [
        (claim(), {"binary": range(10), "linear": range(100)}, "survives the images"),
        # 46 images of 400, with seeds that agree: their sampling alone may take it below 0.1.
        (claim(), {"binary": range(10), "linear": range(56)}, "does not survive the images"),
        (COMPARABLE, {"binary": range(100), "linear": range(100)}, "survives the images"),
        # As many errors, but on other images: half of all tell the two apart.
        (
            COMPARABLE,
            {"binary": range(100), "linear": range(100, 200)},
            "does not survive the images",
        ),
        (
            MOST,
            {"binary": range(10), "linear": range(200), "none": range(56)},
            "against no penultimate layer; does not survive the images",
        ),
        (
            MOST,
            {"binary": range(10), "linear": range(200), "none": range(150)},
            "against no penultimate layer; survives the images",
        ),
    ],
)
def test_a_test_accuracy_says_whether_it_survives_the_images(tmp_path, own, wrong, note):
    """`wrong`: the images of 400 that an architecture misclassifies in each seed."""
    found = []
    for head, images in wrong.items():
        predicted = np.isin(np.arange(400), images).astype(np.uint8)
        arrays = {"test_labels": np.zeros(400, np.uint8), "test_predicted": predicted}
        for seed in (10, 11, 12):
            accuracy = 1 - len(images) / 400
            found.append(run(head, seed, accuracy, folder=tmp_path, arrays=arrays))
    answer = verdict(own, found)
    assert (answer.judged.verdict, answer.note) == (rules.REPLICATED, note)


@pytest.mark.parametrize("seeds", [0, 1, 2])
@pytest.mark.parametrize(
    "own", [claim(), MOST, LEVEL, COMPARABLE, ORDER, SWITCH, SOONER, THROUGHOUT]
)
def test_fewer_than_three_seeds_are_not_judged(own, seeds):
    values = {head: [level] * seeds for head, level in [("binary", 2.0), ("linear", 1.0)]}
    judged = verdict(own, runs(values | {"none": [0.0] * seeds})).judged
    assert judged.verdict == rules.NOT_JUDGED
    assert np.isnan(judged.p)


@pytest.mark.parametrize(("split", "number"), [("train", 60_000), ("test", 10_000)])
def test_a_fraction_is_one_of_its_splits_images(split, number):
    """Near 1 the logits tell how many images there are."""
    values = [1.0, 1.0, 0.999]
    share = claim(kind="threshold", arms=("binary",), margin=None, threshold=0.95, split=split)
    found = verdict(share, runs({"binary": values}, split=split)).judged
    low = rules.interval(rules.logit(values, number)).low
    assert found.low == pytest.approx(float(rules.fraction(low, number)))


def test_holm_does_not_depend_on_which_settings_are_asked_for(monkeypatch):
    """Two campaigns on one data set and protocol are one family, also where one is shown."""
    again = SETTING._replace(name="again")
    claims = one_claim(claim(settings=("mnist", "again")))
    claims = claims._replace(settings={"mnist": SETTING, "again": again})
    found = runs({"binary": [1, 1.1, 1.2], "linear": [0.0] * 3})
    monkeypatch.setattr(table, "read", lambda: claims)
    monkeypatch.setattr(judge, "_frozen", lambda setting: found)
    both = judge.judge_all()
    assert [v.holm for v in both] == pytest.approx([2 * both[0].judged.p] * 2)
    assert judge.judge_all(["again"]) == both[1:]


def test_the_table_of_verdicts_has_its_columns(own_root):
    frame = to_frame(judge.judge_all(["mnist"]))
    assert list(frame) == COLUMNS
    assert set(frame["verdict"]) == {rules.NOT_JUDGED}
    assert set(frame["n"]) == {0}
    assert set(frame["planned"]) == {10}
    with pytest.raises(ValueError, match="setting is 'x'; allowed: mnist, "):
        judge.judge_all(["x"])
