"""Histograms under a slider."""

from dataclasses import replace

import numpy as np
import pytest

from binenc_core.evaluation import HISTOGRAM_EDGES
from made_runs import csv_of, made_run
from replication.data.recipes import recipe
from replication.figures.paper import latents

DIMENSIONS, BINS = 4, len(HISTOGRAM_EDGES) - 1


@pytest.fixture
def runs(tmp_path):
    """Two epochs of histograms; the last one of seed 0 counts dimension j in bin j alone."""
    made = []
    for head in ("linear", "binary", "none"):
        for seed in (1, 0):
            path = tmp_path / f"{head}{seed}.npz"
            counts = np.ones((2, DIMENSIONS, BINS), dtype=np.uint32)
            if seed == 0:
                counts[-1] = 100 * np.eye(DIMENSIONS, BINS, dtype=np.uint32)
            arrays = {"latent_histogram": counts} if head != "none" else {"epochs": np.arange(2)}
            np.savez(path, **arrays)
            made.append(made_run(head=head, seed=seed, arrays_path=path))
    return made


def test_shows_the_last_epoch_of_the_first_seed_in_the_books_order(runs):
    found = latents.data(runs)
    assert [(r.config.head, r.config.seed) for r in found.runs] == [("binary", 0), ("linear", 0)]
    for part in found.fractions:
        assert part == pytest.approx(np.eye(DIMENSIONS, BINS))
    assert found.centers == pytest.approx((HISTOGRAM_EDGES[:-1] + HISTOGRAM_EDGES[1:]) / 2)


def test_the_slider_goes_through_the_dimensions(runs):
    fig = latents.figure(latents.data(runs))
    (slider,) = fig.layout.sliders
    assert [step.label for step in slider.steps] == [str(j) for j in range(DIMENSIONS)]
    for j, (step, frame) in enumerate(zip(slider.steps, fig.frames, strict=True)):
        assert list(step.args[0]) == [frame.name]
        assert [int(np.argmax(bars.y)) for bars in frame.data] == [j, j]
    assert [int(np.argmax(bars.y)) for bars in fig.data] == [0, 0]
    assert min(fig.layout[axis].range[1] for axis in ("yaxis", "yaxis2")) >= 1


def test_a_seed_without_histograms_is_passed_over(runs):
    """A run that diverged at once has none."""
    kept = [r for r in runs if not (r.config.head == "binary" and r.config.seed == 0)]
    lost = replace(kept[0], config=recipe("mnist", head="binary", seed=0))
    lost = replace(lost, arrays_path=runs[-1].arrays_path)
    found = latents.data([lost, *kept])
    assert [(r.config.head, r.config.seed) for r in found.runs] == [("binary", 1), ("linear", 0)]
    with pytest.raises(ValueError, match="no run has histograms"):
        latents.data([run for run in runs if run.config.head == "none"])


def test_the_csv_has_every_bar(runs):
    fig = latents.figure(latents.data(runs))
    table = csv_of(fig)
    assert len(table) == 2 * DIMENSIONS * BINS
    sums = table.groupby(["head", "dimension"])["fraction"].sum()
    assert sums.to_numpy() == pytest.approx(np.ones(2 * DIMENSIONS))
