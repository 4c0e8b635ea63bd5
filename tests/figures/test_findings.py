"""The numbers behind each figure, as they are written."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from binenc_core.config import HEADS
from made_runs import made_run, made_runs
from replication.data.datasets import CLASSES
from replication.figures.common import wording
from replication.figures.paper import (
    fig1_binarity,
    fig2_encoding,
    fig3_accuracy,
    fig4_collapse,
    quickstart,
    vertices,
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
        (wording.percent, [0.98, 0.99, float("nan")], "98.50 ± 0.71 %"),
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


# ---- Definitions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "described", "released"),
    [
        (
            fig2_encoding,
            ["whole_code_agreement", "bit_agreement"],
            ["whole_code_agreement", "bit_agreement_predicted"],
        ),
        (
            fig4_collapse,
            ["equinorm", "equiangularity", "max_angle", "within_between", "within_covariance"],
            [
                "equinorm_predicted",
                "equiangularity_predicted",
                "max_angle_predicted",
                "within_between_released",
                "within_covariance_predicted",
            ],
        ),
    ],
)
def test_what_is_plotted_is_of_the_runs_definitions(module, described, released):
    for metrics, expected in (("described", described), ("released", released)):
        curves = module.data(made_runs(metrics=metrics))
        assert list(curves.table["metric"].unique()) == expected


@pytest.mark.parametrize("module", [fig2_encoding, fig4_collapse])
def test_runs_that_disagree_on_the_definitions_are_refused(module):
    with pytest.raises(ValueError, match="one value of metrics"):
        module.data([made_run(), made_run(head="linear", metrics="released")])


def test_the_max_angle_of_an_etf_is_that_of_the_metric():
    torch = pytest.importorskip("torch")
    from binenc_core.metrics.collapse import max_angle

    simplex = torch.eye(CLASSES, dtype=torch.float64) - 1 / CLASSES
    expected = fig4_collapse.released_max_angle_of_etf(CLASSES)
    assert max_angle(simplex, diagonal=0) == pytest.approx(expected)
    assert np.round(expected, 4) == 0.2020


# ---- Vertices -----------------------------------------------------------------------------------


def with_cosines(**columns):
    return [replace(r, history=r.history.assign(**columns)) for r in made_runs(seeds=1)]


@pytest.mark.parametrize("dimensions", [1, 2, 16, 64])
def test_chance_is_the_mean_over_random_directions(dimensions):
    g = np.random.default_rng(0).standard_normal((20_000, dimensions))
    cosines = np.abs(g).sum(axis=1) / np.linalg.norm(g, axis=1) / np.sqrt(dimensions)
    error = cosines.std() / np.sqrt(len(g))
    assert vertices.chance(dimensions) == pytest.approx(cosines.mean(), abs=4 * error + 1e-12)


def test_both_cosines_are_drawn_with_their_chance_level():
    runs = with_cosines(vertex_cosine=0.9, vertex_means=0.95)
    curves = vertices.data(runs)
    assert [row.metric for row in curves.rows] == ["vertex_means", "vertex_cosine"]
    assert set(curves.table["head"]) == {"binary", "linear"}
    fig = vertices.figure(curves, runs)
    levels = [shape.y0 for shape in fig.layout.shapes]
    assert levels == pytest.approx([vertices.chance(64)] * 2)
    assert any("chance 0.801" in note.text for note in fig.layout.annotations)
