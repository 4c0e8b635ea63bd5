"""What the progress bar of a training says."""

import functools
import io
import re

import torch
from tqdm import tqdm

from binenc_core.training import loop
from replication.runs import bar
from small_runs import few_digits, small

CPU = torch.device("cpu")


def trained(config) -> list[loop.EpochSums]:
    """Train with a bar; the sums of each epoch."""
    data, sums = few_digits(train=600), []
    with bar.training_bar(config, loop.steps_per_epoch(config, data), 0) as hooks:

        def on_epoch(epochs, own):
            sums.append(own)
            hooks.on_epoch(epochs, own)

        loop.train(config, CPU, data, on_epoch=on_epoch, on_step=hooks.on_step)
    return sums


def test_it_shows_epoch_loss_accuracy_and_time_left(monkeypatch):
    screen = io.StringIO()
    shown = functools.partial(tqdm, disable=False, file=screen, ascii=True, ncols=200)
    monkeypatch.setattr(bar, "tqdm", shown)
    trained(small())
    last = screen.getvalue().strip().rsplit("\r", 1)[-1]
    assert last.startswith("digits binary seed 0: 100%")
    assert "| 20/20 [" in last
    assert re.search(r"\d\d:\d\d<\d\d:\d\d", last)
    found = re.search(r"epoch 2/2, loss (\S+), accuracy (\d\.\d{4})", last)
    assert 10 < float(found[1]) < 20  # γ·L_Bin ≥ 10
    assert 0 <= float(found[2]) <= 1
    assert "epoch 1/2, loss " in screen.getvalue()


def test_it_counts_the_steps_of_what_is_not_held_out(monkeypatch):
    screen = io.StringIO()
    shown = functools.partial(tqdm, disable=False, file=screen, ascii=True, ncols=200)
    monkeypatch.setattr(bar, "tqdm", shown)
    trained(small(held_out=0.2))  # 480 of 600 images, in batches of 64
    assert "100%" in screen.getvalue()
    assert "| 16/16 [" in screen.getvalue()


def test_it_shows_the_means_of_the_epoch(monkeypatch):
    texts = []

    class Recorder(tqdm):
        def set_postfix_str(self, text):
            texts.append(text)

    monkeypatch.setattr(bar, "tqdm", functools.partial(Recorder, disable=True))
    means = trained(small())
    assert texts[0] == "epoch 0/2"
    assert texts[1:] == [
        f"epoch {number}/2, loss {mean.loss:.4g}, accuracy {mean.accuracy:.4f}"
        for number, mean in enumerate(means, start=1)
    ]
