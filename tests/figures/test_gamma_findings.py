"""What is said of a sweep over γ: the rules, and the words for each place of the sliders."""

import pytest

from made_sweeps import EPOCHS, GAMMAS, made_run, made_sweep
from replication.figures.gamma import gamma_findings as say
from replication.figures.gamma.gamma_data import data

LAST = EPOCHS[-1]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (say.kept, [True, True, False]),
        (say.whole, [False, True, False]),
        (say.collapsed, [False, False, True]),
    ],
)
def test_a_rule_holds_where_the_runs_were_made_to_follow_it(tmp_path, rule, expected):
    sweep = data(made_sweep(tmp_path))
    assert [list(rule(sweep, gamma, LAST)) for gamma in GAMMAS] == [[e, e] for e in expected]


def test_whole_and_collapsed_ask_for_codes_and_accuracy(tmp_path):
    """Of γ = 1000 the codes are one, and the network is at chance; each alone is a collapse."""
    sweep = data(made_sweep(tmp_path))
    accurate = sweep._replace(table=sweep.table.assign(whole_code_agreement=1.0, accuracy=0.9))
    assert not say.whole(accurate, 1000, LAST).any()
    assert say.collapsed(accurate, 1000, LAST).all()
    many_codes = sweep._replace(table=sweep.table.assign(distinct_codes=10))
    assert say.collapsed(many_codes, 1000, LAST).all()
    assert not say.collapsed(many_codes, 10, LAST).any()


@pytest.mark.parametrize(("loss", "expected"), [(0.009, True), (0.011, False)])
def test_the_accuracy_is_kept_up_to_one_point_below(tmp_path, loss, expected):
    sweep = data(made_sweep(tmp_path))
    table = sweep.table
    table.loc[table["gamma"] == 10, "accuracy"] -= 0.01 + loss  # it was 0.01 above
    assert list(say.kept(sweep, 10, LAST)) == [expected] * 2


def test_each_gamma_has_its_own_words(tmp_path):
    sweep = data(made_sweep(tmp_path))
    none, whole, collapsed = (say.sentence(sweep, gamma, LAST) for gamma in GAMMAS)
    assert none.startswith("γ = 0, epoch 9: 97.05 ± 0.07 % of the test images")
    assert "from γ = 0" not in none and "times smaller" not in none
    assert "but only 30.00 ± 0.00 % of the training points" in none
    assert "+1.00 ± 0.00 points from γ = 0" in whole
    assert "The code is whole: 97.00 ± 0.00 %" in whole
    assert "20 times smaller" in whole
    assert "by chance it would be 10 %: nothing has been learned" in collapsed
    assert "The code has collapsed: 10 classes, 1 distinct code." in collapsed
    assert "2,000 times smaller" in collapsed
    early = sweep._replace(table=sweep.table.assign(distinct_codes=3))
    assert "No code tells the classes apart: 10 classes, 3" in say.sentence(early, 10, EPOCHS[0])


def test_a_diverged_run_is_told(tmp_path):
    sweep = data(made_sweep(tmp_path, diverged=7))
    assert "diverged" not in say.sentence(sweep, 1000, 5)
    assert say.sentence(sweep, 1000, LAST).endswith(" Seed 0 diverged in epoch 7.")
    runs = [made_run(tmp_path, 0.0, 0), made_run(tmp_path, 10.0, 0, diverged=7)]
    assert say.sentence(data(runs), 10, LAST) == (
        "γ = 10, epoch 9: no run got there. Seed 0 diverged in epoch 7."
    )


def test_the_findings_name_the_gammas_of_each_rule_and_have_a_line_for_each(tmp_path):
    runs = made_sweep(tmp_path)
    text = say.findings(runs)
    assert "- **accuracy kept**: in every seed at γ = 0, 10." in text
    assert "- **code whole**: in every seed at γ = 10." in text
    assert "- **collapsed**: in every seed at γ = 1000." in text
    assert "| 10 | 98.05 ± 0.07 % | 97.00 ± 0.00 % | 10 ± 0 |" in text
    history = runs[2].history  # γ = 10, seed 0
    history.loc[history["epoch"] == LAST, "whole_code_agreement"] = 0.9
    assert "- **code whole**: in some at γ = 10 (1 of 2)." in say.findings(runs)
    assert "nothing to report" in say.findings([])
    assert say.findings(runs, []) == say.findings(runs)
    assert say.findings(runs, runs).count("- **code whole**") == 2
