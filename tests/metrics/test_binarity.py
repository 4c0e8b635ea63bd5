"""Binarity metrics of values whose shape is known; the fits themselves: test_mixtures.py."""

import numpy as np
import pytest
import torch

from binenc_core.metrics import binarity
from binenc_core.metrics.mixtures import fit_mixtures

RNG = np.random.default_rng(0)
# Dimension 0: peaks at −1 and 1, of width 0.1. Dimension 1: one Gaussian.
SIDES = np.where(RNG.random(4000) < 0.25, -1, 1)
ARRAY = np.column_stack([SIDES + 0.1 * RNG.standard_normal(4000), RNG.standard_normal(4000)])
VALUES = torch.from_numpy(ARRAY)


def test_standardized_quantities_do_not_depend_on_scale_and_the_raw_ones_do():
    before, _ = binarity.binarity_metrics(VALUES)
    after, _ = binarity.binarity_metrics(50 * VALUES + 3)
    for name in before.keys() - {"gmm_score", "gmm_std"}:
        assert after[name] == pytest.approx(before[name], rel=1e-6), name
    assert after["gmm_std"] == pytest.approx(50 * before["gmm_std"], rel=1e-3)
    assert after["gmm_score"] == pytest.approx(before["gmm_score"] - np.log(50), rel=1e-3)


def test_a_dimension_that_never_changes_is_a_point():
    values = torch.from_numpy(np.column_stack([np.full(200, 0.1), RNG.standard_normal(200)]))
    mixtures = fit_mixtures(binarity.standardize(values))
    assert mixtures.score.isfinite().all()
    assert mixtures.stds[0].tolist() == pytest.approx([1e-3, 1e-3])  # scikit-learn's floor


@pytest.mark.parametrize(("draw", "separation"), [("normal", 1.5), ("random", 3), ("laplace", 0)])
def test_peak_separation_of_values_without_two_peaks(draw, separation):
    """The yardsticks that the page of figure 1 gives: bell curve, even spread, heavy tails."""
    values = getattr(np.random.default_rng(1), draw)(size=(20_000, 3))
    standardized = binarity.standardize(torch.from_numpy(values))
    found = binarity.peak_separation(fit_mixtures(standardized))
    assert found.tolist() == pytest.approx([separation] * 3, abs=0.15)


def test_the_separation_counts_in_the_mean_of_both_widths():
    means, stds = torch.tensor([[-1.0, 1.0], [0.0, 3.0]]), torch.tensor([[0.1, 0.3], [1.0, 0.5]])
    known = fit_mixtures(VALUES)._replace(means=means, stds=stds)
    assert binarity.peak_separation(known).tolist() == pytest.approx([2 / 0.2, 3 / 0.75])
