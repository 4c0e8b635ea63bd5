"""The engine from runs to verdicts."""

import numpy as np
import pytest

from claimed_runs import MARGIN, SETTING, claim, run, runs
from claimed_runs import table as one_claim
from replication.claims import judge, rules, table
from replication.claims.arms import paired
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
    assert (few.n, few.judged.verdict, few.provisional) == (2, rules.NOT_JUDGED, True)


def test_a_contrast_of_other_seeds_is_refused():
    with pytest.raises(ValueError, match=r"seeds \[1\] and \[2\]; allowed: the same seeds"):
        paired({1: 0.0}, {2: 0.0})


def test_a_diverged_run_stops_the_verdict():
    own = runs({"binary": [1.0] * 3, "linear": [0.0] * 2})
    found = verdict(claim(), [*own, run("linear", 12, 0.0, diverged=4)])
    assert found.judged.verdict == rules.NOT_JUDGED
    assert found.note == "1 of 6 runs diverged"


def test_a_comparator_at_its_ceiling_stops_the_verdict():
    own = claim(ceiling=1.0)
    full = verdict(own, runs({"binary": [1.0] * 3, "linear": [0.95] * 3}))
    assert (full.judged.verdict, full.note) == (rules.NOT_JUDGED, "ceiling")
    below = verdict(own, runs({"binary": [1.0] * 3, "linear": [0.85] * 3}))
    assert below.judged.verdict == rules.REPLICATED


def test_differences_that_still_move_are_told():
    still = np.full(11, 0.5)
    moving = still + np.linspace(0, 2, 11)
    assert verdict(claim(), runs({"binary": [moving] * 3, "linear": [still] * 3})).note == (
        "still moving"
    )
    both = verdict(claim(), runs({"binary": [moving + 1] * 3, "linear": [moving] * 3}))
    assert both.note == ""


def test_a_column_that_runs_lack_is_told():
    found = verdict(claim(measure="equinorm"), runs({"binary": [1.0] * 3, "linear": [0.0] * 3}))
    assert found.judged.verdict == rules.NOT_JUDGED
    assert found.note == "the runs did not record equinorm"


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


def test_a_fifth_head_judges_nothing_anew():
    arms = {head: own for head, own in table.read().arms.items() if head in ("binary", "linear")}
    found = runs({"binary": [1.0] * 3, "linear": [0.0] * 3})
    alone = judge.judge(one_claim(claim(), arms=arms), SETTING, found)
    more = judge.judge(one_claim(claim(), arms=arms), SETTING, found + runs({"none": [9.0] * 3}))
    assert more == alone


def test_levels_thresholds_and_orders_of_runs():
    low = claim(kind="level", arms=("binary",), margin=None, threshold=0.05, direction="lower")
    spread = {"binary": [0.01, 0.02, 0.03]}
    assert verdict(low, runs(spread)).judged.verdict == rules.REPLICATED
    assert verdict(low, runs({"binary": [0.5, 0.51, 0.52]})).judged.verdict == rules.NOT_REPLICATED
    share = claim(
        kind="threshold", arms=("binary",), margin=None, threshold=0.95, measure="accuracy"
    )
    found = verdict(share, runs({"binary": [0.969, 0.97, 0.971]})).judged
    assert found.verdict == rules.REPLICATED
    assert 0.95 < found.low < found.estimate < found.high < 1
    assert found.estimate == pytest.approx(0.97, abs=1e-3)
    below = verdict(share._replace(direction="lower"), runs({"binary": [0.2, 0.3, 0.25]})).judged
    assert below.verdict == rules.REPLICATED
    steps = {"binary": [3.0, 3.1, 3.2], "linear": [2.0, 2.1, 2.3], "none": [1.0, 1.2, 1.1]}
    falling = claim(kind="order", arms=tuple(steps), margin=None, direction="lower")
    assert verdict(falling, runs(steps)).judged.verdict == rules.REPLICATED


def test_comparable_arms_of_runs():
    close = {"linear": [0.5, 0.51, 0.52], "none": [0.5, 0.52, 0.51]}
    own = claim(kind="comparable", arms=("linear", "none"), direction=None)
    assert verdict(own, runs(close)).judged.verdict == rules.REPLICATED


def test_sooner_and_throughout_of_runs():
    """The linear layer ends at 1 in epoch 9, binary encoding is there in epoch 4."""
    slow = 10.0 - np.minimum(np.arange(11), 9)
    fast = 10.0 - np.minimum(2.25 * np.arange(11), 9)
    found = runs({"binary": [fast] * 3, "linear": [slow] * 3})
    own = claim(kind="sooner", direction="lower")
    goal = np.mean(slow[8:])
    gained = np.log((10 - goal + 1) / ((10 - goal) / 2.25 + 1))
    assert verdict(own, found).judged.estimate == pytest.approx(gained)
    whole = verdict(claim(kind="throughout", direction="lower"), found).judged
    assert whole.estimate == pytest.approx(np.mean(slow - fast))
    assert whole.verdict == rules.REPLICATED


def test_sooner_needs_each_of_the_first_epochs():
    found = runs({"binary": [np.arange(3.0)] * 3, "linear": [np.arange(3.0)] * 3})
    answer = verdict(claim(kind="sooner", direction="lower"), found)
    assert answer.judged.verdict == rules.NOT_JUDGED
    assert answer.note == "the runs did not log each of the first epochs"


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


def test_a_test_accuracy_says_whether_it_survives_the_images(tmp_path):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 10, 400).astype(np.uint8)

    def made(head, seed, right):
        predicted = np.where(np.arange(400) < right, labels, (labels + 1) % 10).astype(np.uint8)
        arrays = {"test_labels": labels, "test_predicted": predicted}
        return run(head, seed, right / 400, folder=tmp_path, arrays=arrays)

    far = [made("binary", s, 390) for s in (10, 11, 12)]
    near = [made("linear", s, 300 + s) for s in (10, 11, 12)]
    assert verdict(claim(), far + near).note == "survives the images"
    # 46 images of 400, with seeds that agree: their sampling alone may take it below the margin.
    close = [made("linear", s, 344) for s in (10, 11, 12)]
    found = verdict(claim(), far + close)
    assert found.judged.verdict == rules.REPLICATED
    assert found.note == "does not survive the images"


def test_arms_whose_accuracy_is_comparable_have_their_images_too(tmp_path):
    labels = np.zeros(400, np.uint8)

    def made(head, seed, wrong):
        predicted = labels.copy()
        predicted[wrong] = 1
        arrays = {"test_labels": labels, "test_predicted": predicted}
        return run(head, seed, 1 - len(wrong) / 400, folder=tmp_path, arrays=arrays)

    own = claim(kind="comparable", direction=None)
    first = [made("binary", s, np.arange(100)) for s in (10, 11, 12)]
    same = [made("linear", s, np.arange(100)) for s in (10, 11, 12)]
    assert verdict(own, first + same).note == "survives the images"
    # As many errors, but on other images: half of all tell the two apart.
    others = [made("linear", s, np.arange(100, 200)) for s in (10, 11, 12)]
    found = verdict(own, first + others)
    assert found.judged.verdict == rules.REPLICATED
    assert found.note == "does not survive the images"


def test_the_most_survives_by_its_weakest_pair(tmp_path):
    labels = np.zeros(400, np.uint8)

    def made(head, seed, right):
        arrays = {
            "test_labels": labels,
            "test_predicted": (np.arange(400) >= right).astype(np.uint8),
        }
        return run(head, seed, right / 400, folder=tmp_path, arrays=arrays)

    own = claim(kind="most", arms=("binary", "linear", "none"))
    seeds = (10, 11, 12)
    far = [made(head, s, n) for s in seeds for head, n in (("binary", 390), ("linear", 200))]
    near = far + [made("none", s, 344) for s in seeds]
    assert verdict(own, near).note == "against no penultimate layer; does not survive the images"
    away = far + [made("none", s, 250) for s in seeds]
    assert verdict(own, away).note == "against no penultimate layer; survives the images"


@pytest.mark.parametrize(("split", "number"), [("train", 60_000), ("test", 10_000)])
def test_a_fraction_is_one_of_its_splits_images(split, number):
    """Near 1 the logits tell how many images there are."""
    values = [1.0, 1.0, 0.999]
    share = claim(kind="threshold", arms=("binary",), margin=None, threshold=0.95, split=split)
    found = verdict(share, runs({"binary": values}, split=split)).judged
    low = rules.interval(rules.logit(values, number)).low
    assert found.low == pytest.approx(float(rules.fraction(low, number)))


def test_provisional_verdicts_lack_planned_seeds():
    planned = SETTING._replace(planned=10)
    own = runs({"binary": [1.0] * 3, "linear": [0.0] * 3})
    (found,) = judge.judge(one_claim(claim(), setting=planned), planned, own)
    assert found.judged.verdict == rules.REPLICATED
    assert found.provisional


def test_holm_is_taken_by_dataset_and_protocol():
    claims = one_claim(claim())
    claims = claims._replace(claims=[claim(), claim(id="other")])
    found = judge.judge(claims, SETTING, runs({"binary": [1, 1.1, 1.2], "linear": [0.0] * 3}))
    assert [v.holm for v in found] == pytest.approx([2 * found[0].judged.p] * 2)


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
    verdicts = judge.judge_all(["mnist"])
    frame = to_frame(verdicts)
    assert list(frame) == COLUMNS
    assert list(frame)[:3] == ["id", "claim", "dataset"]
    assert set(frame["verdict"]) == {rules.NOT_JUDGED}
    assert set(frame["n"]) == {0}
    assert set(frame["planned"]) == {10}
    with pytest.raises(ValueError, match="setting is 'x'; allowed: mnist, "):
        judge.judge_all(["x"])
    assert MARGIN.on("mnist") == 0.1
