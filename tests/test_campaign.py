"""The scheduler of a campaign, with an executor that trains nothing and does what it is told."""

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from filelock import FileLock

from binenc_core.config import RunConfig
from replication.base.progress import Progress
from replication.campaigns import campaign, local
from replication.data.recipes import recipe
from replication.data.sources import DataError
from replication.runs import store, trainer
from small_runs import ORIGIN, quick

CONFIGS = [quick(seed=seed) for seed in range(5)]


@pytest.fixture(autouse=True)
def at_once(own_folders, monkeypatch):
    monkeypatch.setattr(campaign, "POLL_SECONDS", 0)
    store.runs_folder().mkdir()


def keep(config: RunConfig) -> None:
    """Put a run without numbers on disk."""
    store.keep(config, [], {}, ORIGIN, Path("absent"))


def damage(config: RunConfig) -> None:
    """Put a run without files on disk."""
    (store.runs_folder() / config.id).mkdir()


class FakeJob:
    """A job that is done when it has been asked some times, and ends as it is told."""

    def __init__(self, config: RunConfig, polls: int, end):
        self.config, self.polls, self.end = config, polls, end

    def done(self) -> bool:
        self.polls -= 1
        return self.polls < 0

    def failure(self) -> str | None:
        return self.end(self.config)


class FakeExecutor:
    """Ends a run as `ends` says, by default well; notes what it was asked for.

    An end is called with the configuration and gives the reason of a failure, or None.
    """

    def __init__(self, processes: int = 2, polls: int = 2, ends: dict | None = None):
        self.processes, self.polls, self.ends = processes, polls, ends or {}
        self.submitted: list[RunConfig] = []
        self.open: list[RunConfig] = []
        self.stops = 0

    def room(self, running: int) -> int:
        assert running == len(self.open)
        return self.processes - running

    def submit(self, configs: Sequence[RunConfig]) -> list[FakeJob]:
        self.submitted += configs
        self.open += configs
        return [FakeJob(config, self.polls, self._end) for config in configs]

    def _end(self, config: RunConfig) -> str | None:
        self.open.remove(config)
        return self.ends.get(config, keep)(config)

    def stop(self) -> None:
        self.stops += 1


def trained(configs=CONFIGS, executor=None, watch=lambda state: None):
    """The state and the executor after a campaign."""
    executor = executor or FakeExecutor()
    state = campaign.begin(configs)
    campaign.train_missing(state, executor, watch)
    return state, executor


def watched(limit: int = 200):
    """A watch that fails where a campaign does not come to its end, and what it has seen."""
    seen = []

    def watch(state):
        seen.append(
            (
                {run.config for run in state.running},
                set(state.waiting),
                set(state.runs),
                set(state.failed),
            )
        )
        assert len(seen) < limit, "the campaign goes on for ever"

    return watch, seen


def test_it_begins_with_what_is_on_disk_and_trains_the_others_once_in_order():
    keep(CONFIGS[1])
    damage(CONFIGS[3])
    state = campaign.begin([CONFIGS[0].change(metrics="released"), *CONFIGS])
    assert state.configs == CONFIGS
    assert state.hits == 1
    assert list(state.runs) == [CONFIGS[1]]
    assert list(state.failed) == [CONFIGS[3]]
    assert "is damaged; delete it to train it again" in state.failed[CONFIGS[3]]
    assert state.waiting == [CONFIGS[0], CONFIGS[2], CONFIGS[4]]
    executor = FakeExecutor()
    campaign.train_missing(state, executor, lambda state: None)
    assert executor.submitted == [CONFIGS[0], CONFIGS[2], CONFIGS[4]]
    assert set(state.runs) == set(CONFIGS) - {CONFIGS[3]}
    assert (state.hits, state.running, state.waiting, executor.stops) == (1, [], [], 1)


def test_as_many_run_at_once_as_there_is_room_for_and_a_free_place_is_taken_at_once():
    seen, executor = [], FakeExecutor(2, polls=0)
    trained(executor=executor, watch=lambda state: seen.append(len(executor.open)))
    assert seen == [2, 2, 1, 0]


def test_a_run_that_was_submitted_waits_until_its_training_begins():
    """On a cluster a job may be queued for hours, and may have left a file when it was killed."""
    (store.runs_folder() / f".{CONFIGS[0].id}.progress").write_text("[1, 2, 3.0]")
    watch, seen = watched()
    trained(executor=FakeExecutor(5), watch=watch)
    assert seen[0][:2] == (set(), set(CONFIGS))


def test_each_run_is_in_one_state_at_every_moment(monkeypatch):
    watch, seen = watched()
    damage(CONFIGS[2])
    executor = FakeExecutor(ends={CONFIGS[1]: lambda config: "no"})
    monkeypatch.setattr(trainer, "is_busy", lambda config: config in executor.open)
    monkeypatch.setattr(trainer, "progress_of", lambda config: Progress(1, 2, 3.0))
    trained(executor=executor, watch=watch)
    for states in seen:
        assert sum(map(len, states)) == len(CONFIGS)
        assert set.union(*states) == set(CONFIGS)
    assert seen[1][0] == {CONFIGS[0], CONFIGS[1]}
    assert seen[-1][2] == {CONFIGS[0], CONFIGS[3], CONFIGS[4]}


def test_failures_neither_stop_nor_hide_the_others():
    def dies_late(config):
        keep(config)
        return "its process was killed"

    ends = {CONFIGS[0]: lambda config: "MemoryError: no", CONFIGS[1]: dies_late, CONFIGS[2]: damage}
    damage(CONFIGS[3])
    state, executor = trained(executor=FakeExecutor(ends=ends))
    assert set(state.runs) == {CONFIGS[1], CONFIGS[4]}
    assert state.failed.pop(CONFIGS[0]) == "MemoryError: no"
    assert set(state.failed) == {CONFIGS[2], CONFIGS[3]}
    assert all(reason.endswith("delete it to train it again") for reason in state.failed.values())
    assert sorted(executor.submitted, key=CONFIGS.index) == [*CONFIGS[:3], CONFIGS[4]]
    assert executor.stops == 1


@pytest.mark.parametrize("times", [1, 3])
def test_a_job_that_gave_way_to_another_process_is_submitted_again_not_for_ever(times):
    """As where that process was killed before it kept the run."""
    given = []

    def gives_way(config):
        if len(given) < times:
            given.append(config)
            return None
        return keep(config)

    watch, _ = watched()
    state, executor = trained(executor=FakeExecutor(ends={CONFIGS[0]: gives_way}), watch=watch)
    assert executor.submitted.count(CONFIGS[0]) == times + (times == 1)
    assert (CONFIGS[0] in state.runs) == (times == 1)
    assert {**state.runs, **state.failed}.keys() == set(CONFIGS)


@pytest.mark.parametrize("kept", [True, False], ids=["kept", "given up"])
def test_a_run_of_another_process_is_waited_for(kept):
    busy = CONFIGS[1]
    limited, _ = watched()
    executor = FakeExecutor()
    # Two locks of one process exclude each other as those of two processes do.
    lock = FileLock(store.runs_folder() / f".{busy.id}.lock")
    lock.acquire()

    def watch(state):
        limited(state)
        if lock.is_locked and len(state.runs) == len(CONFIGS) - 1:
            assert [(run.config, run.own) for run in state.running] == [(busy, False)]
            assert busy not in executor.submitted
            if kept:
                keep(busy)
            lock.release()

    state, _ = trained(executor=executor, watch=watch)
    assert not lock.is_locked
    assert set(state.runs) == set(CONFIGS)
    assert executor.submitted.count(busy) == (0 if kept else 1)


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_whatever_ends_a_campaign_the_executor_is_stopped(error):
    executor = FakeExecutor()

    def fails(state):
        raise error

    with pytest.raises(error):
        trained(executor=executor, watch=fails)
    assert executor.stops == 1


def test_the_files_of_a_dataset_are_fetched_once_and_before_any_training(monkeypatch):
    fetched, executor = [], FakeExecutor()
    monkeypatch.setattr(
        campaign, "fetch", lambda name: fetched.append((name, len(executor.submitted)))
    )
    configs = [recipe(d, seed=s) for d in ("mnist", "digits") for s in (0, 1)]
    trained(configs, executor)
    assert fetched == [("mnist", 0)]
    assert set(executor.submitted) == set(configs)

    def missing(name):
        raise DataError("no source has the files")

    monkeypatch.setattr(campaign, "fetch", missing)
    executor = FakeExecutor()
    with pytest.raises(DataError):
        trained([recipe("mnist", seed=2)], executor)
    assert executor.submitted == []


@pytest.mark.full
def test_a_process_that_never_begins_fails_its_run_in_one_line(monkeypatch):
    monkeypatch.setattr(local, "START_SECONDS", 1)
    # As a library that tries for ever to get memory.
    monkeypatch.setattr(local.workers, "train_one", never_begin)
    state = campaign.begin(CONFIGS[:1])
    campaign.train_missing(state, local.LocalExecutor(1), lambda state: None)
    assert state.failed[CONFIGS[0]] == "its process did not begin within 1 s: is the memory short?"


def never_begin(*_) -> None:
    time.sleep(600)
