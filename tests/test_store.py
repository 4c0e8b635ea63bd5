import json
import os
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from filelock import FileLock

from binenc_core import config as config_module
from binenc_core import provenance, store, training
from binenc_core.freeze import freeze
from binenc_core.store import INFO_FIELDS, duration, find, get_or_train, get_or_train_all
from small_runs import (
    DIVERGING_GAMMA,
    assert_same_arrays,
    assert_same_history,
    quick,
    small,
    use_folders,
)


@pytest.fixture(autouse=True)
def folders(monkeypatch, tmp_path):
    use_folders(monkeypatch, tmp_path)
    monkeypatch.setattr(provenance, "ROOT", tmp_path)


def kept_runs() -> list[str]:
    """Names of the run folders; a hidden name is a lock."""
    names = sorted(path.name for path in store.runs_folder().iterdir())
    return [name for name in names if not re.fullmatch(r"\.[0-9a-f]{12}\.lock", name)]


@pytest.fixture
def said():
    """What the store says, line by line: pass `said.append` as its `say`."""
    return []


@pytest.fixture
def trainings(monkeypatch):
    """Outcomes of the trainings done, in their order."""
    outcomes, train = [], training.train

    def kept(*arguments):
        outcomes.append(train(*arguments))
        return outcomes[-1]

    monkeypatch.setattr(training, "train", kept)
    return outcomes


def test_a_training_is_a_miss_and_then_a_hit(said, trainings):
    config = quick()
    first = get_or_train(config, "cpu", said.append)
    second = get_or_train(config, "cpu", said.append)
    assert len(trainings) == 1
    assert re.fullmatch(
        rf"miss: training digits none seed 0 \({config.id}\), about \d+ s on cpu", said[0]
    )
    assert said[1] == f"hit: digits none seed 0 ({config.id}) is in runs"
    assert_same_history(second.history, first.history)
    assert second.config == first.config == config


def test_the_store_speaks_before_it_trains(monkeypatch, said):
    def stopped(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train", stopped)
    with pytest.raises(KeyboardInterrupt):
        get_or_train(small(), "cpu", said.append)
    assert len(said) == 1


def test_a_device_that_is_not_there_is_told_before_any_work(said, trainings, tmp_path):
    with pytest.raises(ValueError, match="device is 'tpu'; allowed: auto, cuda, mps, cpu"):
        get_or_train(small(), "tpu", said.append)
    assert (said, trainings, list(tmp_path.iterdir())) == ([], [], [])


def test_runs_are_where_binenc_runs_says(monkeypatch, tmp_path):
    assert store.runs_folder() == tmp_path / "runs"
    monkeypatch.setenv("BINENC_RUNS", str(tmp_path / "elsewhere"))
    config = quick()
    get_or_train(config, "cpu", str)
    assert [p.name for p in tmp_path.iterdir()] == ["elsewhere"]
    assert kept_runs() == [config.id]
    monkeypatch.delenv("BINENC_RUNS")
    assert store.runs_folder() == provenance.ROOT / "runs"


def test_records_and_arrays_come_back_to_the_bit(trainings):
    run = get_or_train(small(), "cpu", str)
    outcome = trainings[0]
    assert_same_history(run.history, pd.DataFrame(outcome.records))
    assert list(run.history) == list(outcome.records[0])
    assert_same_arrays(run.arrays(), outcome.arrays)


def test_values_that_are_not_finite_come_back(monkeypatch):
    values = [0.1 + 0.2, 5e-324, -1.7976931348623157e308, float("inf"), float("-inf"), float("nan")]
    records = [{"epoch": i, "split": "train", "loss": value} for i, value in enumerate(values)]
    outcome = training.Outcome(records, {"epochs": np.arange(6)}, None, 1.0)
    monkeypatch.setattr(training, "train", lambda *_: outcome)
    get_or_train(small(), "cpu", str)
    np.testing.assert_array_equal(find(small()).history["loss"].to_numpy(), values)


def test_a_run_says_where_its_numbers_come_from():
    run = get_or_train(quick(), "cpu", str)
    assert set(run.info) == set(INFO_FIELDS)
    assert run.info["diverged_epoch"] is None
    assert run.info["device"] == "cpu"
    assert run.info["threads"] >= 1
    assert run.info["seconds"] >= 0
    assert "torch " in run.info["versions"]
    assert run.info["commit"] == provenance.commit()
    stored = json.loads((run.arrays_path.parent / "config.json").read_text(encoding="utf8"))
    assert stored == quick().as_dict()


def test_runs_hold_no_pickle():
    run = get_or_train(small(), "cpu", str)
    assert {p.name for p in run.arrays_path.parent.iterdir()} == {
        "config.json",
        "info.json",
        "history.csv",
        "arrays.npz",
    }
    with np.load(run.arrays_path, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays)


@pytest.mark.parametrize("failing", ["savez_compressed", "to_csv"])
def test_a_run_that_cannot_be_written_leaves_nothing(monkeypatch, failing):
    finished = get_or_train(quick(), "cpu", str)

    def full(path, *arguments, **options):
        raise OSError("disk full")

    def half(path, **arrays):
        path.write_bytes(b"half")
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        if failing == "savez_compressed":
            patch.setattr(np, "savez_compressed", half)
        else:
            patch.setattr(pd.DataFrame, "to_csv", lambda self, *a, **k: full(*a, **k))
        with pytest.raises(OSError, match="disk full"):
            get_or_train(quick(seed=1), "cpu", str)
    assert kept_runs() == [quick().id]
    assert find(quick(seed=1)) is None
    assert_same_history(find(quick()).history, finished.history)
    assert_same_arrays(find(quick()).arrays(), finished.arrays())


def test_a_run_that_diverged_at_once_is_kept(said, trainings, capsys):
    config = small(gamma=DIVERGING_GAMMA)
    for _ in range(2):
        run = get_or_train(config, "cpu", said.append)
        assert run.info["diverged_epoch"] == 0
        assert run.history.empty
        assert {"epoch", "split"} <= set(run.history)
        assert run.arrays() == {}
    assert len(trainings) == 1
    assert said[1].startswith("hit: ")


def test_a_run_that_diverged_later_keeps_its_epochs(monkeypatch, trainings, capsys):
    epoch, loss = [], training.total_loss
    train_epoch = training.train_epoch
    monkeypatch.setattr(training, "train_epoch", lambda *a: epoch.append(1) or train_epoch(*a))
    monkeypatch.setattr(
        training, "total_loss", lambda *a: loss(*a) * (float("nan") if len(epoch) == 3 else 1)
    )
    run = get_or_train(small(epochs=4), "cpu", str)
    assert run.info["diverged_epoch"] == 2
    assert sorted(set(run.history["epoch"])) == [0, 1]
    assert_same_history(run.history, pd.DataFrame(trainings[0].records))
    assert run.arrays()["epochs"].tolist() == [0, 1]


def test_several_runs_come_in_the_order_asked(said, trainings):
    configs = [small(head, epochs=1) for head in ("none", "linear", "binary")]
    get_or_train(configs[1], "cpu", str)
    runs = get_or_train_all(configs, "cpu", said.append)
    assert [run.config for run in runs] == configs
    assert len(trainings) == 3
    assert said[0] == "3 runs, hits: 1 in runs, misses: 2"
    assert [line.split(":")[0] for line in said[1:]] == ["miss", "miss"]
    assert "none" in said[1]
    assert "binary" in said[2]
    said.clear()
    get_or_train_all(configs, "cpu", said.append)
    assert said == ["3 runs, hits: 3 in runs, misses: 0"]


def test_nothing_found_names_no_place(said):
    get_or_train_all([quick()], "cpu", said.append)
    assert said[0] == "1 runs, hits: 0, misses: 1"


def frozen(*configs, name="campaign"):
    """Trains and freezes; only the frozen copies are left."""
    runs = [get_or_train(config, "cpu", str) for config in configs]
    freeze(runs, store.RESULTS / name, "command")
    kept = [replace(run, history=run.history.copy()) for run in runs]
    arrays = [run.arrays() for run in runs]
    shutil.rmtree(store.runs_folder())
    return kept, arrays


def test_a_frozen_run_is_a_hit(said, trainings):
    (run,), (arrays,) = frozen(small())
    found = get_or_train(small(), "cpu", said.append)
    assert said == [f"hit: digits binary seed 0 ({small().id}) is in results/campaign"]
    assert len(trainings) == 1
    assert found.config == run.config
    assert found.info == run.info
    assert_same_history(found.history, run.history)
    assert_same_arrays(found.arrays(), arrays)
    assert find(small(seed=1)) is None


def test_campaigns_and_runs_are_found_together(said):
    frozen(quick(), name="one")
    frozen(quick(seed=1), name="two")
    get_or_train(quick(seed=2), "cpu", str)
    get_or_train_all([quick(seed=s) for s in range(3)], "cpu", said.append)
    assert said == ["3 runs, hits: 3 in results/one, results/two, runs, misses: 0"]
    assert set(store.frozen_runs()) == {quick(seed=s).id for s in range(2)}


def test_a_campaign_frozen_again_is_read_again():
    frozen(quick())
    assert find(quick(seed=1)) is None
    frozen(quick(seed=1))
    assert find(quick()) is None
    assert find(quick(seed=1)) is not None


def test_a_run_of_an_earlier_version_of_the_training_is_a_miss(monkeypatch):
    """Raising TRAINING_VERSION means that the same fields give other numbers from now on."""
    frozen(quick())
    get_or_train(quick(seed=1), "cpu", str)
    monkeypatch.setattr(config_module, "TRAINING_VERSION", config_module.TRAINING_VERSION + 1)
    assert find(quick(seed=1)) is None
    assert find(quick()) is None


def test_a_campaign_that_is_being_written_is_not_read():
    """A draft, or what a killed process left of one, is a hidden folder beside the campaigns."""
    (run,), _ = frozen(quick())
    draft = store.RESULTS / ".campaign-x1y2"
    draft.mkdir()
    shutil.copy(store.RESULTS / "campaign" / "runs.csv", draft / "runs.csv")
    assert_same_history(find(quick()).history, run.history)
    assert find(quick(seed=1)) is None


def test_what_a_caller_does_to_a_frozen_history_is_its_own():
    (run,), _ = frozen(quick())
    history = find(quick()).history
    history["loss"] = 0.0
    assert_same_history(find(quick()).history, run.history)


def number_like_config():
    """A run whose id reads as a number, 12e34 or 0123: one in a hundred does."""
    configs = (quick(seed=seed) for seed in range(100_000))
    return next(c for c in configs if re.fullmatch(r"0\d+|\d+e\d+", c.id))


def test_a_campaign_whose_ids_read_as_numbers_is_found():
    config = number_like_config()
    (run,), (arrays,) = frozen(config)
    found = find(config)
    assert_same_history(found.history, run.history)
    assert_same_arrays(found.arrays(), arrays)


@pytest.mark.parametrize("commit", ["012345678901", "12345e678901", "unknown"])
def test_a_commit_is_text_whatever_its_digits(commit):
    run = get_or_train(quick(), "cpu", str)
    freeze([replace(run, info=run.info | {"commit": commit})], store.RESULTS / "one", "command")
    assert find(quick()).info["commit"] == commit


READING = """
import sys
from pathlib import Path
sys.modules["torch"] = None  # importing it is an error
import binenc_core.config, binenc_core.freeze
from binenc_core import store
run, = store.load_campaign(Path(sys.argv[1]))
print(run.config.id, len(run.history), sorted(run.arrays())[0], sys.modules["torch"])
"""


def test_reading_needs_no_torch():
    frozen(small())
    command = [sys.executable, "-c", READING, str(store.RESULTS / "campaign")]
    done = subprocess.run(
        command, cwd=provenance.ROOT, capture_output=True, text=True, env=dict(os.environ)
    )
    assert done.stderr == ""
    assert done.stdout.split() == [small().id, "4", "class_means", "None"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.01, "1 s"),
        (4.2, "4 s"),
        (99, "99 s"),
        (120, "2 min"),
        (3600, "60 min"),
        (5990, "100 min"),
        (9000, "2.5 h"),
        (360_000, "100.0 h"),
    ],
)
def test_durations_are_in_the_unit_a_reader_would_choose(seconds, text):
    assert duration(seconds) == text


def test_two_processes_do_not_train_the_same_run(said, trainings):
    """While another holds the run's lock we wait, and then find what it has trained."""
    other = FileLock(store.runs_folder() / f".{quick().id}.lock", thread_local=False)
    store.runs_folder().mkdir()
    other.acquire()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(get_or_train, quick(), "cpu", said.append)
        while not said:
            time.sleep(0.01)
        assert said == [f"waiting: another process is training {quick().label} ({quick().id})"]
        assert trainings == []
        made_elsewhere = store._train_and_keep(quick(), torch.device("cpu"))
        other.release()
        assert_same_history(waiting.result(timeout=30).history, made_elsewhere.history)
    assert len(trainings) == 1
    assert said[1].startswith("hit: ")


@pytest.mark.parametrize("name", ["info.json", "history.csv"])
@pytest.mark.parametrize("content", [None, ""])
def test_a_damaged_run_is_named_with_what_to_do(name, content):
    run = get_or_train(quick(), "cpu", str)
    path = run.arrays_path.with_name(name)
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(RuntimeError, match=f"{run.id} is damaged; delete it to train it again"):
        find(quick())


def test_a_name_that_is_no_device_is_refused_even_where_all_are_hits(said):
    get_or_train(quick(), "cpu", str)
    with pytest.raises(ValueError, match=r"device is 'gpu'; allowed: auto, cuda, mps, cpu$"):
        get_or_train_all([quick()], "gpu", said.append)
    assert said == []
