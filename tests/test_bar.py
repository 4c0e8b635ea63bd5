"""What the progress bar of a training says."""

import functools
import io
import re

import pytest
from tqdm import tqdm

from binenc_core.training import loop
from replication.runs import bar
from small_runs import CPU, few_digits, small


def trained(config) -> list[loop.EpochSums]:
    """Train with a bar; the sums of each epoch."""
    data, sums = few_digits(train=600), []
    with bar.training_bar(config, loop.steps_per_epoch(config, data), 0) as hooks:

        def on_epoch(epochs, own):
            sums.append(own)
            hooks.on_epoch(epochs, own)

        loop.train(config, CPU, data, on_epoch=on_epoch, on_step=hooks.on_step)
    return sums


@pytest.mark.parametrize(("held_out", "steps"), [(0, 20), (0.2, 16)])  # 600 or 480 images
def test_it_shows_steps_time_left_and_the_means_of_each_epoch(monkeypatch, held_out, steps):
    screen = io.StringIO()
    shown = functools.partial(tqdm, disable=False, file=screen, ascii=True, ncols=200)
    monkeypatch.setattr(bar, "tqdm", shown)
    means = trained(small(held_out=held_out))
    last = screen.getvalue().strip().rsplit("\r", 1)[-1]
    assert last.startswith("digits binary seed 0: 100%")
    assert f"| {steps}/{steps} [" in last
    assert re.search(r"\d\d:\d\d<\d\d:\d\d", last)
    for number, mean in enumerate(means, start=1):
        expected = f"epoch {number}/2, loss {mean.loss:.4g}, accuracy {mean.accuracy:.4f}"
        assert expected in screen.getvalue()
