"""What the pages say of each claim: the verdicts on histories made to support or refute it."""

from dataclasses import replace

import pandas as pd
import pytest

from binenc_core.config import HEADS
from binenc_core.figures import (
    fig1_binarity,
    fig2_encoding,
    fig3_accuracy,
    fig4_collapse,
    quickstart,
    summary,
    wording,
)
from made_runs import made_run, made_runs

FIGURES = (fig1_binarity, fig2_encoding, fig3_accuracy, fig4_collapse)


def seen(module, runs) -> list[list[bool]]:
    """For each claim, whether it is seen in each seed."""
    return [list(s) for s in module.claims(module.data(runs), "mnist").values()]


def runs_with(binary: dict, others: dict, seeds: int = 2):
    return [
        made_run(head=head, seed=seed, values=binary if head == "binary" else others)
        for head in HEADS
        for seed in range(seeds)
    ]


RISING, FALLING = [1, 2, 3], [3, 2, 1]


@pytest.mark.parametrize(
    ("binary", "linear", "expected"),
    [
        ((RISING, FALLING), (FALLING, RISING), [True, True]),
        ((RISING, FALLING), (RISING, FALLING), [True, False]),
        ((RISING, RISING), (RISING, RISING), [False, True]),
        ((FALLING, FALLING), (FALLING, FALLING), [False, True]),
    ],
)
def test_figure_1_asks_for_both_a_rising_score_and_a_falling_width(binary, linear, expected):
    runs = [
        made_run(head=head, values={"gmm_score": score, "gmm_std": std})
        for head, (score, std) in (("binary", binary), ("linear", linear))
    ]
    assert seen(fig1_binarity, runs)[:2] == [[value] for value in expected]


@pytest.mark.parametrize(("binary", "linear"), [(8, 3), (0.8, 3)])
def test_figure_1_asks_for_peaks_further_apart_whatever_the_scale(binary, linear):
    runs = [
        made_run(head=head, values={"peak_separation": value})
        for head, value in (("binary", binary), ("linear", linear))
    ]
    assert seen(fig1_binarity, runs)[2] == [binary > linear]


@pytest.mark.parametrize("module", FIGURES)
def test_after_one_epoch_a_change_is_not_judged(module):
    runs = [
        replace(run, history=run.history[run.history["epoch"] == 0]) for run in made_runs(seeds=1)
    ]
    judged = [wording.verdict(s) for s in module.claims(module.data(runs), "mnist").values()]
    unjudged = {fig1_binarity: [True, True, False], fig4_collapse: [False] * 4 + [True]}
    expected = unjudged.get(module, [False] * len(judged))
    assert [verdict.startswith("**not judged**") for verdict in judged] == expected


@pytest.mark.parametrize(
    ("binary", "others", "expected"),
    [(0.95, 0.94, [True, True]), (0.9499, 0.2, [False, True]), (0.99, 0.96, [True, False])],
)
def test_figure_2_asks_for_95_percent_of_whole_codes(binary, others, expected):
    runs = runs_with({"whole_code_agreement": binary}, {"whole_code_agreement": others})
    assert seen(fig2_encoding, runs) == [[value] * 2 for value in expected]


def test_figure_2_reads_the_last_epoch():
    runs = runs_with({"whole_code_agreement": [0.99, 0.99, 0.5]}, {"whole_code_agreement": 0.1})
    assert seen(fig2_encoding, runs)[0] == [False, False]


def test_figure_3_compares_seed_by_seed():
    runs = runs_with({"accuracy": 0.9}, {"accuracy": 0.8}, seeds=3)
    beaten = made_run(head="none", seed=1, values={"accuracy": 0.91})
    runs = [beaten if r.config == beaten.config else r for r in runs]
    assert seen(fig3_accuracy, runs) == [[True, False, True]] * 2


def test_figure_3_takes_a_tie_for_no_gain():
    runs = runs_with({"accuracy": 0.9}, {"accuracy": 0.9})
    assert seen(fig3_accuracy, runs) == [[False, False]] * 2


def test_figure_4_asks_for_the_lowest_values_and_a_covariance_that_grows_elsewhere():
    lower = dict.fromkeys(("equinorm", "equiangularity", "max_angle", "within_between"), 0.1)
    higher = dict.fromkeys(lower, 0.2)
    good = runs_with(lower | {"within_covariance": FALLING}, higher | {"within_covariance": RISING})
    assert seen(fig4_collapse, good) == [[True, True]] * 5
    bad = runs_with(higher | {"within_covariance": RISING}, lower | {"within_covariance": RISING})
    assert seen(fig4_collapse, bad) == [[False, False]] * 5
    all_fall = {"within_covariance": FALLING}
    assert seen(fig4_collapse, runs_with(lower | all_fall, higher | all_fall))[-1] == [False] * 2


def test_verdicts_count_the_seeds():
    assert wording.verdict(pd.Series([True] * 3)) == "**seen** (3 of 3 seeds)"
    assert wording.verdict(pd.Series([True, False])) == "**seen in part** (1 of 2 seeds)"
    assert wording.verdict(pd.Series([False])) == "**not seen** (0 of 1 seed)"
    assert wording.verdict(pd.Series([], dtype=bool)).startswith("**not judged**")


@pytest.mark.parametrize(
    ("write", "values", "text"),
    [
        (wording.value, [1.0, 2.0], "1.5 ± 0.71"),
        (wording.value, [-1.234], "−1.23"),
        (wording.value, [1.234e-5], "1.23·10<sup>−5</sup>"),
        (wording.percent, [0.98765], "98.77 %"),
        (wording.percent, [0.98, 0.99, float("nan")], "98.50 ± 0.71 %"),
        (wording.points, [-0.0012], "−0.12 points"),
        (wording.points, [0.0012, 0.0032], "+0.22 ± 0.14 points"),
        (wording.percent, [float("nan")], "no value"),
    ],
)
def test_numbers_as_they_are_written(write, values, text):
    assert write(pd.Series(values)) == text


@pytest.mark.parametrize("module", [*FIGURES, quickstart])
def test_findings_and_figures_take_one_dataset_or_two(module):
    for runs in (made_runs(seeds=1), made_runs(seeds=3) + made_runs("fashion_mnist", seeds=1)):
        curves = module.data(runs)
        assert module.figure(curves).layout.meta["source"] == f"{module.__name__}.figure"
        assert "nan" not in module.findings(curves)


def test_figure_3s_lead_is_binary_encoding_less_the_other():
    runs = runs_with({"accuracy": [0.9, 0.9, 0.95]}, {"accuracy": 0.9})
    text = fig3_accuracy.findings(fig3_accuracy.data(runs))
    assert text.count("+5.00 ± 0.00 points") == 6


@pytest.mark.parametrize("module", FIGURES)
def test_without_binary_encoding_nothing_is_judged(module):
    runs = [made_run(head="linear"), made_run(head="none")]
    assert "Not judged" in module.findings(module.data(runs))


@pytest.mark.parametrize("module", FIGURES)
def test_where_every_run_of_an_architecture_diverged_nothing_is_judged(module):
    runs = [made_run(head="binary"), made_run(head="linear", diverged=7), made_run(head="none")]
    text = module.findings(module.data(runs))
    assert "not judged" in text.lower()
    assert "**seen**" not in text


def test_the_summary_has_a_line_for_each_claim_and_a_column_for_each_dataset():
    runs = made_runs("mnist", seeds=2) + made_runs("fashion_mnist", seeds=1)
    header, _, *lines = summary.table(runs).splitlines()
    assert header == "| Figure | Claim | MNIST | FashionMNIST |"
    assert len(lines) == 3 + 2 + 2 + 5
    for line in lines:
        _, number, claim, mnist, fashion, _ = (cell.strip() for cell in line.split("|"))
        curves = (module := FIGURES[int(number) - 1]).data(runs)
        assert mnist == wording.verdict(module.claims(curves, "mnist")[claim])
        assert fashion == wording.verdict(module.claims(curves, "fashion_mnist")[claim])


def test_the_summary_says_so_where_nothing_could_be_judged():
    *_, line = summary.table([made_run(head="linear"), made_run(head="none")]).splitlines()
    assert line == "| 4 | Its claims | not judged |"


def test_the_summary_says_how_far_the_trainings_reach():
    text = summary.findings(made_runs(width=512))
    assert "width 512 instead of 2048" in text
    assert "do not settle" in text
