"""The numbers behind each figure, as they are written."""

import pandas as pd
import pytest

from binenc_core.config import HEADS
from made_runs import made_run, made_runs
from replication.figures.common import wording
from replication.figures.paper import (
    fig1_binarity,
    fig2_encoding,
    fig3_accuracy,
    fig4_collapse,
    quickstart,
)

FIGURES = (fig1_binarity, fig2_encoding, fig3_accuracy, fig4_collapse)


def runs_with(binary: dict, others: dict, seeds: int = 2):
    return [
        made_run(head=head, seed=seed, values=binary if head == "binary" else others)
        for head in HEADS
        for seed in range(seeds)
    ]


@pytest.mark.parametrize(
    ("write", "values", "text"),
    [
        (wording.value, [1.0, 2.0], "1.5 ± 0.71"),
        (wording.value, [-1.234], "−1.23"),
        (wording.signed, [0.25], "+0.25"),
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
@pytest.mark.sampled
def test_findings_and_figures_take_one_dataset_or_two_and_runs_that_are_missing_or_diverged(module):
    for runs in (
        made_runs(seeds=1),
        made_runs(seeds=3) + made_runs("fashion_mnist", seeds=1),
        [made_run(head="binary"), made_run(head="linear", diverged=7), made_run(head="none")],
    ):
        curves = module.data(runs)
        assert module.figure(curves).layout.meta["source"] == f"{module.__name__}.figure"
        text = module.findings(curves)
        assert "Binary encoding" in text
        assert "nan" not in text


def test_figure_3s_lead_is_binary_encoding_less_the_other():
    runs = runs_with({"accuracy": [0.9, 0.9, 0.95]}, {"accuracy": 0.9})
    text = fig3_accuracy.findings(fig3_accuracy.data(runs))
    assert text.count("+5.00 ± 0.00 points") == 6


def test_figure_4_tells_how_the_covariance_grows():
    runs = runs_with({"within_covariance": [4, 3, 2]}, {"within_covariance": [1, 2, 3]})
    (line,) = [
        row
        for row in fig4_collapse.findings(fig4_collapse.data(runs)).splitlines()
        if "last over first" in row
    ]
    assert line.split("|")[2:5] == [" 0.5 ± 0 ", " 3 ± 0 ", " 3 ± 0 "]
