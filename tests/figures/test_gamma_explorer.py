"""The γ explorer's content: small, and true to the runs within its quantization."""

import base64
import importlib
import io
import json

import numpy as np
import pandas as pd
import pytest

from made_sweeps import made_sweep
from replication.figures.gamma.gamma_data import data
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


def test_a_histogram_is_off_by_less_than_half_a_level_of_its_tallest_bin():
    counts = np.random.default_rng(0).integers(0, 6000, (50, 60)).astype(float)
    fractions = counts / counts.sum(axis=1, keepdims=True)
    tallest = fractions.max(axis=1, keepdims=True)
    restored = quantized_histograms(fractions) / 255 * tallest
    assert (np.abs(restored - fractions) <= tallest / 510 + 1e-12).all()
    assert not quantized_histograms(np.full((2, 4), np.nan)).any()


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
