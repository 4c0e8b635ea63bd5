"""The grid of learning curves: the data behind it, and what the figure carries."""

import io
import json

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from made_runs import EPOCHS, made_run, made_runs
from replication.figures.common.curves import Row, curve_data, draw
from replication.figures.common.style import HEAD_STYLES
from replication.figures.paper.quickstart import figure

ROWS = (Row("accuracy", "train", "train accuracy"), Row("gmm_std", "test", "width", log=True))


def two_datasets():
    return made_runs("mnist", seeds=3) + made_runs("fashion_mnist", seeds=1)


def test_the_table_has_every_value_of_every_run():
    runs = two_datasets()
    curves = curve_data(runs, ROWS, "What.")
    assert curves.datasets == ["mnist", "fashion_mnist"]
    # accuracy of 16 runs and gmm_std of the 8 with a linear penultimate layer, at three epochs
    assert len(curves.table) == 3 * (16 + 8)
    for run in runs:
        for row in ROWS:
            rows = run.history[run.history["split"] == row.split]
            expected = list(rows[row.metric]) if row.metric in rows else []
            own = curves.table.query(
                "dataset == @run.config.dataset and head == @run.config.head "
                "and seed == @run.config.seed and metric == @row.metric"
            )
            assert list(own["value"]) == expected
            assert list(own["split"].unique()) == ([row.split] if expected else [])


def traces(fig: go.Figure, head: str, column: int = 0, row: int = 0):
    """Traces of an architecture in one panel of a grid of two columns."""
    axis = 2 * row + column + 1
    name = "y" if axis == 1 else f"y{axis}"
    return [t for t in fig.data if t.legendgroup == head and t.yaxis == name]


@pytest.fixture(scope="module")
def drawn():
    return draw(curve_data(two_datasets(), ROWS, "What."), figure, "An alt text.")


def test_several_seeds_are_thin_lines_and_a_thick_mean_and_one_is_a_line(drawn):
    *seeds, mean = traces(drawn, "linear")
    assert [t.line.width < mean.line.width for t in seeds] == [True] * 3
    values = np.array([t.y for t in seeds])
    assert mean.y == pytest.approx(values.mean(axis=0))
    assert mean.customdata == pytest.approx(values.std(axis=0, ddof=1))
    assert list(mean.x) == list(EPOCHS)
    (only,) = traces(drawn, "linear", column=1)
    assert only.customdata is None
    assert "±" not in only.hovertemplate
    assert traces(drawn, "none", row=1) == []


def test_a_diverged_run_ends_in_a_cross_and_the_mean_with_it():
    runs = [made_run(head=h, seed=s) for h in ("binary", "linear") for s in (0, 1)]
    runs[3] = made_run(head="linear", seed=1, diverged=7)
    runs.append(made_run(head="none", seed=0, diverged=0))
    curves = curve_data(runs, ROWS[:1], "What.")
    fig = draw(curves, figure, "alt")
    (cross,) = [t for t in fig.data if t.mode == "markers"]
    assert list(cross.x) == [5]
    assert "seed 1 diverged in epoch 7" in cross.hovertemplate
    assert "A cross: this run diverged." in curves.caption
    (mean,) = [t for t in fig.data if t.mode == "lines+markers" and t.legendgroup == "linear"]
    assert list(np.isnan(mean.y)) == [False, False, True]


@pytest.mark.parametrize(
    ("values", "tick"),
    [
        ([1e-6, 1, 1e2], 2),
        ([0.01, 1, 9], 1),
        ([0.0, 0.01, 1], "D2"),
        ([0.1, 0.11, 0.12], None),
    ],
)
def test_an_axis_is_logarithmic_where_the_values_span_a_power_of_ten(values, tick):
    curves = curve_data([made_run(values={"gmm_std": values})], ROWS[1:], "What.")
    axis = draw(curves, figure, "alt").layout.yaxis
    assert axis.dtick == tick
    assert axis.type == ("log" if tick else None)


def test_a_metric_that_no_run_has_is_named_and_nothing_at_all_is_refused():
    curves = curve_data([made_run(head="none")], ROWS, "What.")
    assert curves.rows == ROWS[:1]
    assert "did not record it: gmm_std (test)." in curves.caption
    with pytest.raises(ValueError, match="no run has values of gmm_std"):
        curve_data([made_run(head="none")], ROWS[1:], "What.")


def test_the_figure_is_plain_json_with_its_source_description_and_table(drawn):
    meta = json.loads(drawn.to_json())["layout"]["meta"]
    assert meta["source"] == "replication.figures.paper.quickstart.figure"
    assert meta["alt"] == "An alt text."
    assert meta["caption"].startswith("What. Thick: mean over seeds")
    table = curve_data(two_datasets(), ROWS, "What.").table
    pd.testing.assert_frame_equal(pd.read_csv(io.StringIO(meta["csv"])), table, check_dtype=False)


def test_an_architecture_has_one_look_and_one_entry_in_the_legend(drawn):
    for head, look in HEAD_STYLES.items():
        own = [t for t in drawn.data if t.legendgroup == head]
        assert {t.name for t in own} == {look.name}
        assert {(t.line.color, t.line.dash) for t in own} == {(look.color, look.dash)}
        assert sum(bool(t.showlegend) for t in own) == 1
