"""What the γ explorer shows, of runs whose every number is known."""

import numpy as np
import pytest

from made_sweeps import BINS, EPOCHS, FRACTIONS, GAMMAS, METRICS, PEAKS, STD, made_run, made_sweep
from replication.figures.gamma.gamma_data import SIZE, at, data


def test_the_table_has_every_run_epoch_and_split(tmp_path):
    sweep = data(made_sweep(tmp_path, seeds=3)[::-1])
    assert (sweep.gammas, sweep.epochs, sweep.seeds) == (list(GAMMAS), list(EPOCHS), [0, 1, 2])
    assert len(sweep.table) == 3 * 3 * 3 * 2
    assert ", γ = 0, 10, 1000 (mean_exp), 10 epochs, seeds 0–2" in sweep.setting
    for gamma in GAMMAS:
        rows = at(sweep, gamma, EPOCHS[-1], "test")
        assert list(rows.index) == [0, 1, 2]
        assert list(rows["accuracy"]) == pytest.approx(
            METRICS[gamma]["accuracy"] + np.arange(3) / 1e3
        )
        assert rows[SIZE].isna().all()
        # Their mean is 0, so the root mean square is the standard deviation.
        size = at(sweep, gamma, EPOCHS[-1], "train")[SIZE]
        assert list(size) == pytest.approx([STD[gamma]] * 3)


def test_the_arrays_are_those_of_the_first_seed_at_every_gamma_and_epoch(tmp_path):
    sweep = data(made_sweep(tmp_path))
    assert sweep.shown_seed == 0
    for g, gamma in enumerate(GAMMAS):
        assert sweep.positive_fractions[g, -1] == pytest.approx(FRACTIONS[gamma])
        assert sweep.positive_fractions[g, 0] == pytest.approx(FRACTIONS[0.0])
        assert sweep.std[g, -1] == pytest.approx(STD[gamma])
        expected = np.isin(np.arange(BINS), PEAKS[gamma]) / len(PEAKS[gamma])
        assert sweep.histograms[g, -1, 2] == pytest.approx(expected)


def test_opens_at_the_usual_gamma_or_the_nearest(tmp_path):
    assert data(made_sweep(tmp_path)).usual_gamma == 10
    assert data([made_run(tmp_path, g, 0) for g in (0.0, 1000.0)]).usual_gamma == 0


@pytest.mark.parametrize("epoch", [0, 7])
def test_a_diverged_run_has_no_values_from_then_on(tmp_path, epoch):
    sweep = data(made_sweep(tmp_path, diverged=epoch))
    logged = sum(e < epoch for e in EPOCHS)
    assert np.isnan(sweep.std[-1]).all(axis=-1).tolist() == [e >= logged for e in range(3)]
    assert np.isnan(sweep.histograms[-1, -1]).all()
    assert list(at(sweep, 1000, EPOCHS[-1], "test").index) == [1]
    assert sweep.stops.to_dict("records") == [{"gamma": 1000, "seed": 0, "diverged_epoch": epoch}]
    assert f"γ = 1000 seed 0 in epoch {epoch}." in sweep.setting


def test_what_is_no_sweep_is_refused(tmp_path):
    def run(gamma=10.0, seed=0, **changes):
        return made_run(tmp_path, gamma, seed, **changes)

    for runs, said in (
        ([], "^there is no run to explore"),
        ([run(), run(width=8)], "two runs have the same γ and seed"),
        ([run(0.0), run(width=8)], "may differ only in γ and seed"),
        ([run(head="linear")], "head is 'linear'; allowed in an explorer: binary"),
        ([run(diverged=0), run(seed=1)], "no run of seed 0 has been evaluated"),
    ):
        with pytest.raises(ValueError, match=said):
            data(runs)
