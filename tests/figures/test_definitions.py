"""Figures 2 and 4 plot the text's definitions or the released code's, as the runs say."""

from dataclasses import replace

import numpy as np
import pytest

from made_runs import made_run, made_runs
from replication.data.datasets import CLASSES
from replication.figures.paper import fig2_encoding, fig4_collapse


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


def test_what_runs_did_not_record_is_named_instead_of_drawn():
    runs = [
        replace(run, history=run.history.drop(columns=["equinorm_predicted"]))
        for run in made_runs(metrics="released")
    ]
    curves = fig4_collapse.data(runs)
    assert len(curves.rows) == 4
    assert "did not record it: equinorm_predicted (train)." in curves.caption
    assert "nan" not in fig4_collapse.findings(curves)


@pytest.mark.parametrize("module", [fig2_encoding, fig4_collapse])
def test_runs_that_disagree_on_the_definitions_are_refused(module):
    with pytest.raises(ValueError, match="one value of metrics"):
        module.data([made_run(), made_run(head="linear", metrics="released")])


def test_captions_say_which_definitions():
    assert "by true label" in fig2_encoding.data(made_runs()).caption
    assert "by predicted label" in fig2_encoding.data(made_runs(metrics="released")).caption
    assert "ETF has" not in fig4_collapse.data(made_runs()).caption
    released = fig4_collapse.data(made_runs(metrics="released")).caption
    assert "a perfect ETF has a max angle of 0.2020" in released


def test_the_max_angle_of_an_etf_is_that_of_the_metric():
    torch = pytest.importorskip("torch")
    from binenc_core.metrics.collapse import max_angle_released

    simplex = torch.eye(CLASSES, dtype=torch.float64) - 1 / CLASSES
    expected = fig4_collapse.released_max_angle_of_etf(CLASSES)
    assert max_angle_released(simplex) == pytest.approx(expected)
    assert np.round(expected, 4) == 0.2020
