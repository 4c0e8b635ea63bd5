"""Peak memory of an MNIST training at width 2048, of one process for each head, on the CPU.

A process trains on a few batches, evaluates on all images and keeps the run with its checkpoint.
The images are made up, in MNIST's shapes: only memory is measured.
"""

import os
import resource
import subprocess
import sys
import tempfile
from unittest.mock import patch

import torch

from binenc_core.dataset import Dataset
from binenc_core.training import loop
from replication.data.datasets import CLASSES
from replication.data.recipes import recipe
from replication.runs.trainer import get_or_train

SIDE, TRAIN_IMAGES, TEST_IMAGES = 28, 60_000, 10_000
BATCHES = 10
HEADS = ("binary", "none")  # a penultimate layer, and none: x then has 2048 dimensions
TARGET = 1500


def made_up_data() -> Dataset:
    """Random images in MNIST's shapes and dtypes."""
    generator = torch.Generator().manual_seed(0)
    parts = []
    for count in (TRAIN_IMAGES, TEST_IMAGES):
        shape = (count, 1, SIDE, SIDE)
        images = torch.randint(256, shape, dtype=torch.uint8, generator=generator)
        parts += [images, torch.randint(CLASSES, (count,), generator=generator)]
    return Dataset(*parts)


def run(head: str) -> None:
    """Train a run of one epoch of a few batches, keep it, and print the process's peak, MB.

    With one thread, as campaigns train.
    """
    torch.set_num_threads(1)
    config, data = recipe("mnist", head=head, epochs=1), made_up_data()
    few = BATCHES * config.batch_size
    some = data._replace(train_images=data.train_images[:few], train_labels=data.train_labels[:few])
    train_epoch = loop.train_epoch
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.dict(os.environ, BINENC_RUNS=folder),
        patch("replication.data.load.load", lambda name: data),
        patch.object(loop, "train_epoch", lambda p, _, *rest: train_epoch(p, some, *rest)),
    ):
        get_or_train(config, "cpu", say=lambda text: None)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6))  # bytes, or KiB


def main() -> None:
    """Print the peak of each head, measured in a fresh process."""
    print(f"peak memory of MNIST MLP 2048 on the CPU (goal: {TARGET} MB or less)")
    for head in HEADS:
        command = [sys.executable, "-m", "benchmarks.memory", head]
        peak = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        print(f"{head}: {peak.strip()} MB", flush=True)


if __name__ == "__main__":
    run(sys.argv[1]) if len(sys.argv) > 1 else main()
