import re
import time
from pathlib import Path

import pytest

from binenc_core.metrics.names import LATEST
from replication.runs import trainer
from replication.runs.trainer import get_or_train
from replication.widgets import controller as module
from replication.widgets.controller import MOST_KEPT, Controller
from replication.widgets.worker import Worker
from small_runs import assert_same_bytes, quick, small

pytestmark = pytest.mark.usefixtures("own_root")


@pytest.fixture
def worker():
    """A process of the test's own, of which nothing is left."""
    worker = Worker()
    yield worker
    worker.stop()


@pytest.fixture
def panel(worker):
    """A controller with a process of its own."""
    return Controller(worker)


def processes(worker) -> list[int]:
    """Ids of the processes that train."""
    return list(worker._executor.pool._pool_manager.worker_manager.workers)


def followed(panel, until=lambda: False) -> list[str]:
    """Poll until the training ends, or a condition holds: the messages on the way, each once."""
    messages = [panel.message]
    end = time.monotonic() + 120
    while panel.poll() and not until():
        assert time.monotonic() < end
        messages.append(panel.message)
        time.sleep(0.01)
    return list(dict.fromkeys([*messages, panel.message]))


def test_what_is_on_disk_comes_into_view_at_once_and_nothing_is_begun(panel):
    panel.stop()
    assert (panel.message, panel.now) == ("", None)
    with pytest.raises(ValueError, match="device is 'tpu'; allowed: auto, cuda, mps, cpu"):
        panel.train(quick(), "tpu")
    run = get_or_train(quick(), "cpu", str)
    panel.train(quick())
    assert panel.training is None
    assert panel.message == f"Trained before: digits none seed 0 ({run.id}) is in runs."
    assert [shown.run.id for shown in panel.runs] == [run.id]


@pytest.mark.full
def test_a_training_is_followed_stopped_and_taken_up_again(panel, monkeypatch, tmp_path):
    config = small(epochs=60, width=64, latent_dim=4)
    panel.train(config)
    lengths = set()

    def five_epochs():
        if panel.now:
            lengths.add(panel.now.epochs)
        return panel.now and panel.now.epochs >= 5

    messages = followed(panel, five_epochs)
    assert len(lengths) > 1
    assert messages[0].endswith(": the process that trains it starts …")
    assert re.search(r"\): \d+ of 60 epochs done, about \d+ s left\.$", messages[1])
    stacked = [own for name, own in panel.now.arrays.items() if name not in LATEST]
    assert {len(own) for own in stacked} == {panel.now.epochs}
    assert not panel.worker.ended()

    (pid,) = processes(panel.worker)
    panel.stop()
    assert not Path(f"/proc/{pid}").exists()
    assert (panel.training, panel.poll()) == (None, False)
    done = panel.now.epochs
    assert 5 <= done < 60
    assert panel.message == (
        f"Stopped. digits binary seed 0 ({config.id}) is trained for {done} of 60 epochs. "
        f"Train goes on from epoch {done}."
    )

    panel.train(config)
    messages = followed(panel)
    assert any(f" goes on from epoch {done}: " in message for message in messages)
    assert panel.message == f"Trained: digits binary seed 0 ({config.id}) is in runs."
    resumed = panel.now.run
    assert panel.now.epochs == 60

    # The same process trains the next run: the same one, in one go.
    panel.worker.stop()
    monkeypatch.setenv("BINENC_RUNS", str(tmp_path / "alone"))
    panel.train(config)
    followed(panel)
    assert panel.now.run.arrays_path.is_relative_to(tmp_path / "alone")
    assert_same_bytes(panel.now.run, resumed)


@pytest.mark.full
def test_a_panel_made_anew_follows_and_stops_what_its_predecessor_began(panel):
    config = small(epochs=500, width=64)
    panel.train(config)
    successor = Controller(panel.worker)
    assert successor.training == config
    followed(successor, lambda: successor.now)
    assert panel.poll()
    successor.stop()
    assert not panel.poll()
    assert "Train goes on from epoch" in panel.message


@pytest.mark.full
def test_one_process_trains_one_run_after_another(panel):
    panel.train(quick())
    panel.train(quick(seed=1))
    assert panel.message == "digits none seed 0 is in training; stop it first."
    followed(panel)
    first = processes(panel.worker)
    panel.train(quick(seed=1))
    followed(panel)
    assert panel.now.config == quick(seed=1)
    assert processes(panel.worker) == first


@pytest.mark.full
def test_why_a_training_failed_is_told(panel, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("BINENC_RUNS", str(tmp_path / "file"))
    panel.train(quick())
    followed(panel)
    assert panel.training is None
    assert panel.message.startswith("OSError: cannot write ")


@pytest.mark.full
def test_a_run_that_another_process_trains_is_left_to_it(panel):
    with trainer._locked(quick(), str):
        panel.train(quick())
        followed(panel)
    assert panel.message == (
        "another process is training digits none seed 0; Train again when it has ended."
    )


def test_a_damaged_run_is_told(panel):
    run = get_or_train(quick(), "cpu", str)
    run.arrays_path.with_name("history.csv").unlink()
    assert not panel.look_up(quick())
    assert "is damaged; delete it to train it again" in panel.message


def test_without_pytorch_runs_are_shown_and_none_is_trained(panel, monkeypatch):
    get_or_train(quick(), "cpu", str)
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    panel.train(quick())
    assert panel.now.config == quick()
    panel.train(quick(seed=1))
    assert panel.training is None
    assert panel.message.endswith(f" has no logged epoch yet. {module.NO_TORCH}")


def test_runs_are_kept_to_be_compared(panel):
    panel.compare()
    assert panel.runs == []
    for seed in range(MOST_KEPT + 2):
        get_or_train(quick(seed=seed), "cpu", str)
        panel.look_up(quick(seed=seed))
        panel.compare()
        panel.compare()
    assert [shown.config.seed for shown in panel.kept] == list(range(2, MOST_KEPT + 2))
    panel.look_up(quick(seed=0))
    assert [shown.config.seed for shown in panel.runs] == [*range(2, MOST_KEPT + 2), 0]
    panel.look_up(quick(seed=3))
    assert [shown.config.seed for shown in panel.runs] == [*range(2, MOST_KEPT + 2)]
    panel.clear()
    assert [shown.config.seed for shown in panel.runs] == [3]
