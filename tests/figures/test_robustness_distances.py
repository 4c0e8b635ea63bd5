"""The distances' means and marks: what passed is drawn as a result, what failed is not."""

import numpy as np
import pandas as pd
import pytest

from made_assessments import IMAGES, four_heads
from made_runs import csv_of
from replication.figures.robustness import robustness_distances

SPREAD = 0.1 + 0.02 * np.random.default_rng(0).standard_normal(IMAGES)
TITLE = "DeepFool"


def drawn(found):
    return robustness_distances.figure(robustness_distances.data(found))


def line(distances, head: str, measure: str, seed="all") -> pd.Series:
    table = distances.table
    wanted = (table["head"] == head) & (table["measure"] == measure) & (table["seed"] == seed)
    (own,) = [row for _, row in table[wanted].iterrows()]
    return own


def test_every_measure_has_its_mean(tmp_path):
    relative = {"deepfool": 0.7, "margin": 0.22, "apgd": 0.2, "bisection": 0.29}
    found = robustness_distances.data(four_heads(tmp_path, binary={"relative": relative}))
    for measure, mean in relative.items():
        assert line(found, "binary", measure)["mean"] == pytest.approx(mean)
        assert line(found, "linear", measure)["mean"] == pytest.approx(0.1)
    assert line(found, "binary", "smallest")["mean"] == pytest.approx(0.2)
    assert line(found, "binary", "deepfool")["failed"] == "a, d"
    assert line(found, "linear", "deepfool")["failed"] == ""


def test_the_result_has_an_interval_over_images_and_its_seeds(tmp_path):
    found = robustness_distances.data(
        four_heads(tmp_path, seeds=2, relative=dict.fromkeys(["margin", "deepfool"], SPREAD))
    )
    smallest = line(found, "binary", "smallest")
    assert smallest["low"] < smallest["mean"] < smallest["high"]
    assert line(found, "binary", "smallest", 1)["mean"] == smallest["mean"]
    assert np.isnan(line(found, "binary", "margin")["low"])


def test_deepfools_number_is_its_last_iterates_also_where_it_fails(tmp_path):
    own = {"deepfool": np.where(np.arange(IMAGES) < 5, np.inf, 0.1), "deepfool_last": 0.3}
    found = robustness_distances.data(four_heads(tmp_path, binary={"relative": own}))
    deepfool = line(found, "binary", "deepfool")
    assert deepfool["mean"] == pytest.approx(0.3)
    assert deepfool["mean_moved"] == pytest.approx(0.1)
    assert deepfool["moved"] == 0.75
    (trace,) = [t for t in robustness_distances.figure(found).data if "fails" in t.name]
    assert "fools 75.0 % of the images, mean over these 0.100" in trace.customdata[0]
    assert trace.text[0].strip() == "75 % fooled"


def test_a_number_that_fails_is_hollow_crossed_and_named_so(tmp_path):
    own = {"deepfool": 0.7, "margin": 0.2, "bisection": 0.3, "apgd": np.inf}
    own["smallest_strong"] = 0.05
    traces = {t.name: t for t in drawn(four_heads(tmp_path, binary={"relative": own})).data}
    passed, refused = traces[TITLE], traces[f"{TITLE} (fails a check)"]
    assert (passed.marker.symbol, refused.marker.symbol) == ("diamond", "diamond-x-open")
    assert list(refused.x) == pytest.approx([0.7])
    assert "fails a, d" in refused.customdata[0]
    assert list(passed.x) == pytest.approx([0.1] * 3)
    assert traces["Smallest found"].marker.symbol == "circle"
    lowered = traces["Smallest found (fails a check)"]  # more effort lowers it
    assert lowered.marker.symbol == "circle-x-open"
    assert lowered.error_x.array is None
    assert len(traces["APGD (DLR)"].x) == 3  # where an attack never succeeds it is not drawn


def test_each_legend_entry_is_there_once(tmp_path):
    fig = drawn(four_heads(tmp_path) + four_heads(tmp_path, dataset="fashion_mnist"))
    shown = [t.legendgroup for t in fig.data if t.showlegend]
    assert len(shown) == len(set(shown)) == 5
    assert {t.legendgroup for t in fig.data} == set(shown)
    assert len(csv_of(fig)) == 2 * 4 * 5
