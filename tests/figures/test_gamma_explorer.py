"""The γ explorer's content: small, and true to the runs within its quantization."""

import base64
import importlib
import io
import json

import numpy as np
import pandas as pd
import pytest

from made_sweeps import BINS, EPOCHS, FRACTIONS, GAMMAS, METRICS, PEAKS, STD, made_run, made_sweep
from replication.figures.gamma.gamma_data import SIZE, at, data
from replication.figures.gamma.gamma_explorer import (
    MIME,
    figure,
    packed,
    quantized_fractions,
    quantized_histograms,
    table_csv,
)
from replication.figures.gamma.gamma_findings import sentence


def unpacked(text: str, dtype: str, shape) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), dtype).reshape(shape)


def test_a_fraction_is_off_by_at_most_a_level_and_keeps_its_side_of_one_half():
    values = np.concatenate([np.linspace(0, 1, 1001), 0.5 + np.array([-1e-6, 0, 1e-6])])
    levels = quantized_fractions(values)
    assert np.abs(levels / 255 - values).max() <= 1 / 255
    assert ((levels > 127) == (values > 0.5)).all()
    assert not quantized_fractions(np.full((2, 4), np.nan)).any()


def test_the_packed_arrays_are_the_sweeps(tmp_path):
    sweep = data(made_sweep(tmp_path))
    content = packed(sweep)
    counts = unpacked(content["histograms"], "u1", sweep.histograms.shape)
    restored = counts / counts.sum(axis=-1, keepdims=True, dtype=float)
    assert restored == pytest.approx(sweep.histograms, abs=1 / 255)
    scale = unpacked(content["scale"], "<f4", (2, *sweep.mean.shape))
    assert scale[0] == pytest.approx(sweep.mean)
    assert scale[1] == pytest.approx(sweep.std)
    levels = unpacked(content["positive_fractions"], "u1", sweep.positive_fractions.shape)
    assert levels / 255 == pytest.approx(sweep.positive_fractions, abs=1 / 255)


def test_the_csv_is_the_table_to_five_digits(tmp_path):
    sweep = data(made_sweep(tmp_path))
    table = pd.read_csv(io.StringIO(table_csv(sweep)))
    pd.testing.assert_frame_equal(table, sweep.table, check_dtype=False, rtol=1e-5)


def test_opens_at_the_usual_gamma_after_the_last_epoch_and_has_words_for_all(tmp_path):
    sweep = data(made_sweep(tmp_path))
    content = packed(sweep)
    assert content["start"] == {"gamma": 1, "epoch": 2}
    assert content["sentences"] == [
        [sentence(sweep, g, e) for e in sweep.epochs] for g in sweep.gammas
    ]


def test_a_notebook_gets_plain_json_and_a_text(tmp_path):
    for diverged in (None, 7):
        bundle = figure(data(made_sweep(tmp_path, diverged=diverged)))._repr_mimebundle_()
        assert set(bundle) == {MIME, "text/plain"}
        content = json.loads(json.dumps(bundle[MIME], allow_nan=False))
        assert content["show"] == "explorer"
        assert all(content[key].strip() for key in ("alt", "caption", "csv", "source"))
        module, _, function = content["source"].rpartition(".")
        assert getattr(importlib.import_module(module), function) is figure


def test_a_histogram_is_off_by_less_than_half_a_level_of_its_tallest_bin():
    counts = np.random.default_rng(0).integers(0, 6000, (50, 60)).astype(float)
    fractions = counts / counts.sum(axis=1, keepdims=True)
    tallest = fractions.max(axis=1, keepdims=True)
    restored = quantized_histograms(fractions) / 255 * tallest
    assert (np.abs(restored - fractions) <= tallest / 510 + 1e-12).all()
    assert not quantized_histograms(np.full((2, 4), np.nan)).any()


# ---- The sweep ----------------------------------------------------------------------------------


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
