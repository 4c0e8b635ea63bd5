import shutil

import pytest
import torch

from replication.campaigns import campaign, local, workers
from replication.campaigns.get_runs import get_or_train_all
from replication.runs import store, trainer
from replication.runs.freeze import freeze
from small_runs import assert_same_arrays, assert_same_history, quick, small, use_folders


@pytest.fixture(autouse=True)
def folders(monkeypatch, tmp_path):
    use_folders(monkeypatch, tmp_path)
    (tmp_path / "runs").mkdir()


@pytest.fixture
def single(monkeypatch):
    """As on a machine with one core: what is missing is trained in this process."""
    monkeypatch.setattr(local, "default_processes", lambda *_: 1)


@pytest.fixture
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_runs_are_in_the_order_asked_each_once(single):
    configs = [quick(seed=2), quick(seed=0), quick(seed=2), quick(seed=1)]
    said = []
    runs = get_or_train_all(configs, "cpu", said.append)
    assert [run.config.seed for run in runs] == [2, 0, 1]
    assert said[0] == "3 runs, hits: 0, misses: 3"
    again = get_or_train_all(configs[::-1], "cpu", said.append)
    assert [run.config.seed for run in again] == [1, 2, 0]


def test_hits_are_told_in_one_line_with_their_place(single, tmp_path):
    get_or_train_all([quick(seed=1)], "cpu", str)
    said = []
    get_or_train_all([quick(seed=1), quick(seed=0)], "cpu", said.append)
    assert said[0] == f"2 runs, hits: 1 in {tmp_path / 'runs'}, misses: 1"
    assert sum(line.startswith("miss: ") for line in said) == 1
    said.clear()
    get_or_train_all([quick(seed=1), quick(seed=0)], "cpu", said.append)
    assert said == [f"2 runs, hits: 2 in {tmp_path / 'runs'}, misses: 0"]


def test_twins_with_other_definitions_to_plot_are_trained_once_and_both_given(single):
    twins = [quick(), quick(metrics="released")]
    said = []
    runs = get_or_train_all(twins, "cpu", said.append)
    assert said[0] == "1 runs, hits: 0, misses: 1"
    assert [run.config for run in runs] == twins
    assert_same_history(runs[0].history, runs[1].history)


def test_an_unknown_device_is_told_before_any_work():
    with pytest.raises(ValueError, match="device is 'tpu'; allowed: auto, cuda, mps, cpu"):
        get_or_train_all([quick()], "tpu", str)


def test_nothing_is_trained_where_a_run_is_damaged_and_nothing_else_is_missing(single):
    get_or_train_all([quick()], "cpu", str)
    damaged = store.runs_folder() / quick(seed=1).id
    damaged.mkdir()
    with pytest.raises(RuntimeError) as error:
        get_or_train_all([quick(), quick(seed=1)], "cpu", str)
    assert str(error.value) == (
        f"digits none seed 1: the run {damaged} is damaged; delete it to train it again"
    )


def test_every_failure_is_in_the_error(monkeypatch):
    def fail(state, executor, watch):
        state.failed = {quick(seed=1): "MemoryError: no", quick(seed=2): "killed"}

    monkeypatch.setattr(campaign, "train_missing", fail)
    monkeypatch.setattr(local, "default_processes", lambda *_: 2)
    with pytest.raises(RuntimeError) as error:
        get_or_train_all([quick(seed=seed) for seed in range(3)], "cpu", str)
    assert str(error.value) == "digits none seed 1: MemoryError: no; digits none seed 2: killed"


@pytest.mark.parametrize(("cores", "missing", "expected"), [(2, 3, 2), (8, 3, 3)])
def test_no_more_processes_than_cores_and_runs(monkeypatch, cores, missing, expected):
    asked = []

    def executor(processes, device):
        asked.append((processes, device))

    def train(state, executor, watch):
        state.runs = {config: trainer.get_or_train(config, "cpu", str) for config in state.configs}

    monkeypatch.setattr(campaign, "train_missing", train)
    monkeypatch.setattr(local, "default_processes", lambda device: cores)
    monkeypatch.setattr(local, "LocalExecutor", executor)
    said = []
    get_or_train_all([quick(seed=seed) for seed in range(missing)], "cpu", said.append)
    assert asked == [(expected, "cpu")]
    assert said[1].startswith(f"training in {expected} processes, about ")


@pytest.mark.full
def test_runs_side_by_side_equal_those_of_this_process_to_the_bit(
    monkeypatch, tmp_path, one_thread
):
    monkeypatch.setattr(local, "default_processes", lambda device: 2)
    configs = [small("binary"), small("linear"), small("binary", dropout=0.2, seed=1)]
    said = []
    beside = get_or_train_all(configs, "cpu", said.append)
    assert said[1].startswith("training in 2 processes, about ")
    assert sum("done (done" in line for line in said) == 3
    assert [run.info["threads"] for run in beside] == [1, 1, 1]
    use_folders(monkeypatch, tmp_path / "alone")
    for run, config in zip(beside, configs, strict=True):
        alone = trainer.get_or_train(config, "cpu", str)
        assert run.config == alone.config == config
        assert_same_history(run.history, alone.history)
        assert_same_arrays(run.arrays(), alone.arrays())


# ---- On this machine, whatever is frozen --------------------------------------------------------


@pytest.fixture
def frozen():
    """A configuration whose run is in results/ and not in the runs folder."""
    config = quick()
    freeze([trainer.get_or_train(config, "cpu", str)], store.RESULTS / "digits", "command")
    shutil.rmtree(store.runs_folder() / config.id)
    return config


def test_what_is_frozen_is_trained_where_runs_of_this_machine_are_asked_for(single, frozen):
    said = []
    (run,) = get_or_train_all([frozen], "cpu", said.append)
    assert not run.is_from_here
    (run,) = get_or_train_all([frozen], "cpu", said.append, here=True)
    assert run.is_from_here
    said.clear()
    (again,) = get_or_train_all([frozen], "cpu", said.append, here=True)
    assert again.is_from_here
    assert said == [f"1 runs, hits: 1 in {store.runs_folder()}, misses: 0"]


def test_a_process_of_a_campaign_leaves_it_to_the_campaign_what_is_frozen(frozen, one_thread):
    workers.train_one(frozen, "cpu", 1, str)
    assert (store.runs_folder() / frozen.id).is_dir()
