import functools
import io
import re

import pytest
from tqdm import auto, tqdm

from binenc_core.training import loop
from replication.base import progress
from replication.base.progress import Progress, Reporter, duration, read
from replication.data import load
from replication.runs.trainer import get_or_train
from small_runs import few_digits, small


@pytest.fixture
def clock(monkeypatch):
    """A clock that the test moves."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def path(tmp_path):
    return tmp_path / ".id.progress"


def test_the_time_left_is_that_of_the_epochs_so_far(path, clock):
    """Those of this process alone: ten epochs were done before, two take eight seconds."""
    tell = Reporter(path, 10, 20, 33.0)
    assert read(path) == Progress(10, 20, 33.0)
    clock[0] += 8
    tell(12)
    assert read(path) == Progress(12, 20, 32.0)
    clock[0] += 4
    tell(20)
    assert read(path) == Progress(20, 20, 0.0)
    assert list(path.parent.iterdir()) == [path]


def test_it_is_written_at_most_once_a_second(path, clock):
    tell = Reporter(path, 0, 100, 1.0)
    for epoch in range(1, 6):
        clock[0] += 0.25
        tell(epoch)
        assert read(path).done == (0 if epoch < 4 else 4)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (99.4, "99 s"),
        (100, "2 min"),
        (6000, "1.7 h"),
    ],
)
def test_a_duration_is_in_the_unit_of_a_reader(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize("content", [None, "", "[1]"])
def test_a_file_that_cannot_be_read_tells_nothing(path, content):
    if content is not None:
        path.write_text(content)
    assert read(path) is None


# ---- The bar of a training ----------------------------------------------------------------------


@pytest.mark.parametrize(("held_out", "steps"), [(0, 20), (0.2, 16)])  # 600 or 480 images
def test_it_shows_steps_time_left_and_the_means_of_each_epoch(
    monkeypatch, own_folders, held_out, steps
):
    screen, means = io.StringIO(), []
    shown = functools.partial(tqdm, disable=False, file=screen, ascii=True, ncols=200)
    train_epoch = loop.train_epoch

    def trained(*arguments):
        means.append(train_epoch(*arguments))
        return means[-1]

    monkeypatch.setattr(auto, "tqdm", shown)
    monkeypatch.setattr(loop, "train_epoch", trained)
    monkeypatch.setattr(load, "load", lambda name: data)
    data = few_digits(train=600)
    get_or_train(small(held_out=held_out), "cpu", str)
    last = screen.getvalue().strip().rsplit("\r", 1)[-1]
    assert last.startswith("digits binary seed 0: 100%")
    assert f"| {steps}/{steps} [" in last
    assert re.search(r"\d\d:\d\d<\d\d:\d\d", last)
    assert len(means) == 2
    for number, mean in enumerate(means, start=1):
        expected = f"epoch {number}/2, loss {mean.loss:.4g}, accuracy {mean.accuracy:.4f}"
        assert expected in screen.getvalue()
