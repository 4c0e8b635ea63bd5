"""The front page's claims: verdicts and numbers of made-up runs."""

import pandas as pd
import pytest

from binenc_core import store
from binenc_core.config import HEADS
from binenc_core.figures import scorecard
from made_runs import made_run, made_runs

SEEN, IN_PART, NOT_SEEN = (
    text.replace(" ", "\N{NO-BREAK SPACE}")
    for text in ("✓ **seen**", "◐ **in part**", "✗ **not seen**")
)


def cells(runs, column: int = 0) -> list[str]:
    """The column's cell of each headline."""
    _, _, *lines = scorecard.table({"MNIST": runs}).splitlines()
    return [line.strip("| ").split(" | ")[1 + column] for line in lines]


def runs_with(**binary) -> list:
    """One seed of each architecture, binary encoding with these values of its metrics."""
    return [made_run(head=head, values=binary if head == "binary" else None) for head in HEADS]


def test_a_line_for_each_figure_and_a_column_for_each_campaign():
    table = scorecard.table({"one": made_runs(), "other": made_runs("fashion_mnist")})
    header, _, *lines = table.splitlines()
    assert header == "| The paper says | one | other |"
    assert len(lines) == 4
    assert all(line.count("|") == 4 for line in lines)


@pytest.mark.parametrize(("seeds", "word"), [((True, True), SEEN), ((True, False), IN_PART)])
def test_a_claim_counts_as_seen_in_every_seed_alone(seeds, word):
    assert scorecard.verdict([pd.Series(seeds)]) == word


def test_a_claim_of_which_no_seed_has_any_part_is_not_seen():
    assert scorecard.verdict([pd.Series([False]), pd.Series([False])]) == NOT_SEEN
    assert scorecard.verdict([pd.Series([False]), pd.Series([True])]) == IN_PART


def test_the_lead_in_accuracy_is_against_the_best_other():
    # The best other has 0.5 + 0.01·3 + 0.1·2 at the last epoch.
    assert cells(runs_with(accuracy=0.75))[2] == (
        f"{SEEN}<br>test set: +2.00 points against the best other"
    )
    assert cells(runs_with(accuracy=0.72))[2] == (
        f"{NOT_SEEN}<br>test set: −1.00 points against the best other"
    )


def test_the_encoding_is_judged_by_binary_encoding_alone():
    # Of the figure's claims the other, that no other architecture reaches 95 %, holds here.
    assert cells(runs_with(whole_code_agreement=0.9))[1] == f"{NOT_SEEN}<br>90.00 % of the points"
    assert cells(runs_with(whole_code_agreement=0.96))[1] == f"{SEEN}<br>96.00 % of the points"


def test_the_verdicts_alone():
    runs = {"MNIST": runs_with(accuracy=0.75), "other": [made_run(head="linear")]}
    line = scorecard.summary_list(runs).splitlines()[2]
    assert line == f"- The accuracy rises: MNIST {SEEN}, other not judged."


def test_what_cannot_be_judged_says_so():
    assert cells([made_run(head="linear")]) == ["not judged"] * 4


def test_the_released_code_s_columns_are_those_of_what_is_frozen(monkeypatch, tmp_path):
    shown = [*made_runs(), *made_runs("fashion_mnist")]
    usual = ["MNIST", "FashionMNIST"]
    columns = scorecard.columns(shown)
    assert list(columns) == [*usual, *(f"{name}, released code" for name in usual)]
    assert {run.config.dataset for run in columns["FashionMNIST, released code"]} == {
        "fashion_mnist"
    }
    monkeypatch.setattr(store, "RESULTS", tmp_path)
    assert list(scorecard.columns(shown)) == usual
