"""The progress bar of a training in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from tqdm.auto import tqdm

from binenc_core.config import RunConfig
from binenc_core.training.loop import EpochSums, OnEpoch, OnStep


class Hooks(NamedTuple):
    """What moves the bar on: to be called by `loop.train`."""

    on_step: OnStep
    on_epoch: OnEpoch


@contextmanager
def training_bar(config: RunConfig, steps: int, done: int) -> Iterator[Hooks]:
    """A bar over a training of so many `steps` per epoch, after `done` epochs.

    There is none where the environment variable TQDM_DISABLE is 1.
    """
    total = config.epochs * steps
    with tqdm(total=total, desc=config.label, unit="batch", mininterval=1) as bar:
        bar.update(done * steps)
        bar.set_postfix_str(f"epoch {done}/{config.epochs}")

        def on_epoch(epochs: int, sums: EpochSums) -> None:
            bar.set_postfix_str(
                f"epoch {epochs}/{config.epochs}, loss {sums.loss:.4g}, "
                f"accuracy {sums.accuracy:.4f}"
            )

        yield Hooks(bar.update, on_epoch)
