import shutil

import pytest

from replication.campaigns import campaign, local, workers
from replication.campaigns.get_runs import get_or_train_all
from replication.runs import store, trainer
from small_runs import frozen, quick

pytestmark = pytest.mark.usefixtures("own_folders")


@pytest.fixture
def single(monkeypatch):
    """As on a machine with one core: what is missing is trained in this process."""
    monkeypatch.setattr(local, "default_processes", lambda *_: 1)


def test_runs_are_in_the_order_asked_each_once_and_hits_are_told(single, tmp_path):
    get_or_train_all([quick(seed=1)], "cpu", str)
    configs = [quick(seed=2), quick(seed=0), quick(seed=2), quick(seed=1)]
    said = []
    runs = get_or_train_all(configs, "cpu", said.append)
    assert [run.config.seed for run in runs] == [2, 0, 1]
    assert said[0] == f"3 runs, hits: 1 in {tmp_path / 'runs'}, misses: 2"
    assert sum(line.startswith("miss: ") for line in said) == 2
    said.clear()
    again = get_or_train_all(configs[::-1], "cpu", said.append)
    assert [run.config.seed for run in again] == [1, 2, 0]
    assert said == [f"3 runs, hits: 3 in {tmp_path / 'runs'}, misses: 0"]


def test_twins_with_other_definitions_to_plot_are_trained_once_and_both_given(single):
    twins = [quick(), quick(metrics="released")]
    said = []
    runs = get_or_train_all(twins, "cpu", said.append)
    assert said[0] == "1 runs, hits: 0, misses: 1"
    assert [run.config for run in runs] == twins


def test_every_failure_is_in_the_error_when_the_others_are_trained(single, monkeypatch):
    damaged = store.runs_folder() / quick(seed=1).id
    damaged.mkdir(parents=True)
    train = trainer.get_or_train

    def fails(config, *rest, **options):
        if config.seed == 2:
            raise OSError("disk full")
        return train(config, *rest, **options)

    monkeypatch.setattr(trainer, "get_or_train", fails)
    with pytest.raises(RuntimeError) as error:
        get_or_train_all([quick(seed=seed) for seed in (2, 1, 0)], "cpu", str)
    assert sorted(str(error.value).split("; digits")) == [
        " none seed 2: disk full",
        f"digits none seed 1: the run {damaged} is damaged; delete it to train it again",
    ]
    assert store.find(quick(seed=0)) is not None


@pytest.mark.parametrize(("cores", "missing", "expected"), [(2, 3, 2), (8, 3, 3)])
def test_no_more_processes_than_cores_and_runs(monkeypatch, cores, missing, expected):
    asked = []
    monkeypatch.setattr(campaign, "train_missing", lambda *_: None)
    monkeypatch.setattr(local, "default_processes", lambda device: cores)
    monkeypatch.setattr(local, "LocalExecutor", lambda number, device: asked.append(number))
    said = []
    with pytest.raises(KeyError):  # as nothing was trained
        get_or_train_all([quick(seed=seed) for seed in range(missing)], "cpu", said.append)
    assert asked == [expected]
    assert said[1].startswith(f"training in {expected} processes, about ")


@pytest.fixture
def elsewhere():
    """A configuration whose run is in results/ and not in the runs folder."""
    (run,) = frozen("digits", quick())
    shutil.rmtree(run.arrays_path.parent)
    return quick()


def test_what_is_frozen_is_trained_where_runs_of_this_machine_are_asked_for(single, elsewhere):
    said = []
    (run,) = get_or_train_all([elsewhere], "cpu", said.append)
    assert run.place == str(store.RESULTS / "digits")
    (run,) = get_or_train_all([elsewhere], "cpu", said.append, here=True)
    assert run.place == str(store.runs_folder())
    said.clear()
    (again,) = get_or_train_all([elsewhere], "cpu", said.append, here=True)
    assert again.place == run.place
    assert said == [f"1 runs, hits: 1 in {store.runs_folder()}, misses: 0"]


def test_a_process_of_a_campaign_leaves_it_to_the_campaign_what_is_frozen(elsewhere, one_thread):
    workers.train_one(elsewhere, "cpu", 1, str)
    assert (store.runs_folder() / elsewhere.id).is_dir()
