import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from filelock import FileLock

from binenc_core.training import loop
from replication.base import progress, provenance
from replication.runs import checkpoints, store, trainer
from replication.runs.store import INFO_FIELDS, find
from replication.runs.trainer import BusyError, get_or_train, is_busy, progress_of
from small_runs import (
    DIVERGING_GAMMA,
    assert_same_arrays,
    assert_same_bytes,
    assert_same_history,
    kept_in,
    quick,
    small,
    state_of,
)

pytestmark = pytest.mark.usefixtures("own_root")


@pytest.fixture
def said():
    """What the store says, line by line: pass `said.append` as its `say`."""
    return []


@pytest.fixture
def trainings(monkeypatch):
    """Outcomes of the trainings done, in their order."""
    outcomes, train = [], loop.train

    def kept(*arguments, **options):
        outcomes.append(train(*arguments, **options))
        return outcomes[-1]

    monkeypatch.setattr(loop, "train", kept)
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


def test_records_and_arrays_come_back_to_the_bit(trainings):
    run = get_or_train(small(), "cpu", str)
    outcome = trainings[0]
    assert_same_history(run.history, pd.DataFrame(outcome.records))
    assert list(run.history) == list(outcome.records[0])
    assert_same_arrays(run.arrays(), outcome.arrays)


def test_values_that_are_not_finite_come_back(monkeypatch):
    values = [0.1 + 0.2, 5e-324, -1.7976931348623157e308, float("inf"), float("-inf"), float("nan")]
    records = [{"epoch": i, "split": "train", "loss": value} for i, value in enumerate(values)]
    outcome = loop.Outcome(records, {"epochs": np.arange(6)}, None, 1.0)
    monkeypatch.setattr(loop, "train", lambda *_, **options: outcome)
    get_or_train(small(), "cpu", str)
    np.testing.assert_array_equal(find(small()).history["loss"].to_numpy(), values)


def test_a_run_is_these_files_and_says_where_its_numbers_come_from():
    run = get_or_train(quick(), "cpu", str)
    assert set(run.info) == set(INFO_FIELDS)
    assert run.info["diverged_epoch"] is None
    assert run.info["device"] == "cpu"
    assert run.info["threads"] >= 1
    assert run.info["seconds"] >= 0
    assert "torch " in run.info["versions"]
    assert run.info["commit"] == provenance.commit()
    folder = run.arrays_path.parent
    assert json.loads((folder / "config.json").read_text("utf8")) == quick().as_dict()
    assert {path.name for path in folder.iterdir()} == {
        *("config.json", "info.json", "history.csv", "arrays.npz", "checkpoint.safetensors")
    }


@pytest.mark.parametrize("failing", ["savez_compressed", "to_csv"])
def test_a_run_that_cannot_be_written_leaves_nothing(monkeypatch, failing):
    finished = get_or_train(quick(), "cpu", str)

    def full(*arguments, **options):
        Path(arguments[-1]).write_bytes(b"half")
        raise OSError("disk full")

    owner = np if failing == "savez_compressed" else pd.DataFrame
    with monkeypatch.context() as patch:
        patch.setattr(owner, failing, full)
        with pytest.raises(OSError, match="disk full"):
            get_or_train(quick(seed=1), "cpu", str)
    # The last checkpoint stays, so that nothing is trained again.
    assert kept_in(store.runs_folder()) == [f".{quick(seed=1).id}.checkpoint", quick().id]
    assert find(quick(seed=1)) is None
    assert_same_history(find(quick()).history, finished.history)
    assert_same_arrays(find(quick()).arrays(), finished.arrays())
    epochs = trained_epochs(monkeypatch)
    run = get_or_train(quick(seed=1), "cpu", str)
    assert (epochs, len(run.history)) == ([], 2)


def test_a_run_that_diverged_at_once_is_kept(said, trainings):
    config = small(gamma=DIVERGING_GAMMA)
    for _ in range(2):
        run = get_or_train(config, "cpu", said.append)
        assert run.info["diverged_epoch"] == 0
        assert run.history.empty
        assert {"epoch", "split"} <= set(run.history)
        assert run.arrays() == {}
    assert len(trainings) == 1
    assert said[1] == "diverged: the loss of digits binary seed 0 is not finite in epoch 0"
    assert said[2].startswith("hit: ")


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
        made_elsewhere = trainer._train(quick(), torch.device("cpu"), str)
        other.release()
        assert_same_history(waiting.result(timeout=30).history, made_elsewhere.history)
    assert len(trainings) == 1
    assert said[1].startswith("hit: ")


def test_a_name_that_is_no_device_is_refused_before_any_work_even_for_a_hit(said, trainings):
    for trained in (0, 1):
        with pytest.raises(ValueError, match=r"device is 'gpu'; allowed: auto, cuda, mps, cpu$"):
            get_or_train(quick(), "gpu", said.append)
        assert (said, len(trainings)) == ([], trained)
        assert store.runs_folder().exists() == bool(trained)
        get_or_train(quick(), "cpu", str)


class Killed(BaseException):
    """What ends a training in the midst of it."""


def trained_epochs(monkeypatch, until=None):
    """The epochs that are trained from now on; that number of them is not begun."""
    epochs, train_epoch = [], loop.train_epoch

    def watched(parts, data, config, epoch, bar):
        if epoch == until:
            raise Killed
        epochs.append(epoch)
        return train_epoch(parts, data, config, epoch, bar)

    monkeypatch.setattr(loop, "train_epoch", watched)
    return epochs


def cut_off(monkeypatch, config, epochs):
    """Train until so many epochs are done, and be killed there."""
    with monkeypatch.context() as patch:
        trained_epochs(patch, until=epochs)
        with pytest.raises(Killed):
            get_or_train(config, "cpu", str)


def alone(monkeypatch, tmp_path, config):
    """The run of a configuration that was trained in one go, and its last state."""
    with monkeypatch.context() as patch:
        patch.setenv("BINENC_RUNS", str(tmp_path / "alone"))
        run = get_or_train(config, "cpu", str)
        return run, state_of(run)


def assert_same_run(run, other, state):
    assert_same_bytes(run, other)
    own = state_of(run)
    assert set(own) == set(state)
    assert all(torch.equal(own[name], state[name]) for name in state)


@pytest.mark.parametrize(
    ("head", "changes"),
    [
        ("binary", {"epochs": 7, "log_every": 2}),
        ("none", {"epochs": 7, "log_every": 3, "backbone": "cnn", "width": 8}),
        ("binary", {"weight_decay": 0.1, "halve_every": 2, "gamma_growth": 1.5}),
        ("linear", {"log_every": 1, "softmax": "twice", "dropout_epochs": "first"}),
        ("nonlinear", {"augmentation": "crop_flip", "activation": "silu"}),
    ],
)
@pytest.mark.sampled
def test_a_training_that_was_cut_off_ends_as_one_in_one_go(
    monkeypatch, tmp_path, said, head, changes
):
    config = small(head, **{"epochs": 5, "log_every": 2, **changes})
    whole, state = alone(monkeypatch, tmp_path, config)
    for number in (0, 1, 1, 4):
        cut_off(monkeypatch, config, number)
    epochs = trained_epochs(monkeypatch)
    run = get_or_train(config, "cpu", said.append)
    last = max(epoch for epoch in config.logged_epochs() if epoch < 4)
    assert epochs == list(range(last + 1, config.epochs))
    assert f" from epoch {last + 1}, about " in said[0]
    assert_same_run(run, whole, state)
    assert kept_in(store.runs_folder()) == [config.id]


def test_a_training_that_diverges_before_its_next_checkpoint_gives_the_same_bytes(
    monkeypatch, tmp_path
):
    config = small(epochs=6, log_every=3)
    loss, epochs = loop.total_loss, trained_epochs(monkeypatch)
    monkeypatch.setattr(
        loop, "total_loss", lambda *a: loss(*a) * (float("nan") if epochs[-1:] == [2] else 1)
    )
    whole, _ = alone(monkeypatch, tmp_path, config)
    assert whole.info["diverged_epoch"] == 2
    assert whole.arrays()["epochs"].tolist() == [0]
    cut_off(monkeypatch, config, 1)
    run = get_or_train(config, "cpu", str)
    assert run.info["diverged_epoch"] == 2
    assert_same_bytes(run, whole)


def test_a_run_names_every_place_where_it_was_trained_and_the_time_of_all_parts(monkeypatch):
    config = small(epochs=4)
    monkeypatch.setattr(provenance, "commit", lambda: "first")
    cut_off(monkeypatch, config, 2)
    path = trainer.checkpoint_of(config)
    before = checkpoints.load(path)
    assert before.seconds > 0
    checkpoints.save(before._replace(seconds=1000.0), path)
    monkeypatch.setattr(provenance, "commit", lambda: "second")
    cut_off(monkeypatch, config, 3)
    assert 1000 < checkpoints.load(path).seconds < 1100
    run = get_or_train(config, "cpu", str)
    assert 1000 < run.info["seconds"] < 1100
    assert (run.info["commit"], run.info["device"]) == ("first; second", "cpu")


def test_a_damaged_checkpoint_is_told_and_the_training_starts_again(monkeypatch, said, tmp_path):
    config = small(epochs=3)
    whole, state = alone(monkeypatch, tmp_path, config)
    cut_off(monkeypatch, config, 2)
    path = trainer.checkpoint_of(config)
    path.write_bytes(path.read_bytes()[:-100])
    run = get_or_train(config, "cpu", said.append)
    assert said[0].startswith(f"damaged: {path} is passed over")
    assert_same_run(run, whole, state)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ({"epochs": 3, "log_every": 1}, {"epochs": 5, "log_every": 1}),
        # The shorter one's last epoch is none that the longer one logs.
        ({"epochs": 4, "log_every": 2}, {"epochs": 7, "log_every": 2}),
        ({"epochs": 4, "log_every": 1}, {"epochs": 7, "log_every": 3}),
    ],
)
@pytest.mark.sampled
def test_a_finished_training_is_extended(monkeypatch, tmp_path, short, long):
    whole, state = alone(monkeypatch, tmp_path, small(**long))
    first = get_or_train(small(**short), "cpu", str)
    epochs = trained_epochs(monkeypatch)
    run = get_or_train(small(**long), "cpu", str)
    assert epochs == list(range(short["epochs"], long["epochs"]))
    assert_same_run(run, whole, state)
    assert_same_history(find(small(**short)).history, first.history)


def test_a_training_goes_on_from_the_furthest_checkpoint(monkeypatch):
    cut_off(monkeypatch, small(epochs=6), 2)
    for number in (2, 4, 3):
        get_or_train(small(epochs=number), "cpu", str)
    epochs = trained_epochs(monkeypatch)
    get_or_train(small(epochs=6), "cpu", str)
    assert epochs == [4, 5]
    cut_off(monkeypatch, small(epochs=9), 8)
    epochs.clear()
    get_or_train(small(epochs=9), "cpu", str)
    assert epochs == [8]


@pytest.mark.parametrize(
    "other",
    [{"seed": 1}, {"softmax": "twice"}, {"log_every": 2}, {"epochs": 7}],
)
@pytest.mark.sampled
def test_another_training_is_not_extended(monkeypatch, other):
    get_or_train(small(**{"epochs": 4, **other}), "cpu", str)
    epochs = trained_epochs(monkeypatch)
    get_or_train(small(epochs=6), "cpu", str)
    assert epochs == list(range(6))


def test_what_a_killed_process_left_is_removed():
    folder = store.runs_folder() / f".{quick().id}-abc123"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{")
    folder.with_name(f".{quick().id}.checkpoint-0123").write_text("half")
    get_or_train(quick(), "cpu", str)
    assert kept_in(store.runs_folder()) == [quick().id]


HOLDER = """
import sys, time
from filelock import FileLock
lock = FileLock(sys.argv[1])  # given up when it is collected
lock.acquire()
print("held", flush=True)
time.sleep(100)
"""


def test_a_busy_run_is_not_waited_for_and_the_lock_of_a_killed_process_is_taken_over(said):
    store.runs_folder().mkdir()
    path = store.runs_folder() / f".{quick().id}.lock"
    assert not is_busy(quick())
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, path], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    assert is_busy(quick())
    assert not is_busy(quick(seed=1))
    with pytest.raises(BusyError, match="another process is training digits none seed 0"):
        get_or_train(quick(), "cpu", str, wait=False)
    holder.kill()
    holder.wait()
    assert path.exists()
    assert not is_busy(quick())
    get_or_train(quick(), "cpu", said.append)
    assert [line.split(":")[0] for line in said] == ["miss"]


def test_progress_is_there_while_a_run_is_trained(monkeypatch):
    config = small(epochs=3)
    seen, train_epoch = [], loop.train_epoch
    monkeypatch.setattr(
        loop, "train_epoch", lambda *a: seen.append(progress_of(config)) or train_epoch(*a)
    )
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_WRITES", 0)
    get_or_train(config, "cpu", str)
    assert [(p.done, p.epochs) for p in seen] == [(0, 3), (1, 3), (2, 3)]
    assert all(p.seconds_left > 0 for p in seen)
    assert progress_of(config) is None
