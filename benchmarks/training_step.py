"""Our training step against a plain PyTorch loop: same network, same batch, same machine.

The plain loop is organized as the paper's released code: a DataLoader that transforms one PIL image
after the other, unfused Adam, fp32. The images are made up: only time is measured.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import Compose, Normalize, ToTensor

from binenc_core.config import RunConfig
from binenc_core.loss import total_loss
from binenc_core.models import Classifier
from binenc_core.training.loop import step
from binenc_core.training.state import build
from replication.base.devices import resolve_device
from replication.data.datasets import CLASSES
from replication.data.recipes import recipe

SIDE, IMAGES = 28, 6000
ROUNDS = 5


class Case(NamedTuple):
    """A training whose step is timed, and the ratio that the project holds itself to."""

    name: str
    config: RunConfig
    target: float
    steps: int


CASES = (
    Case("MNIST MLP 2048, fp32", recipe("mnist"), 1.35, 40),
    Case("MNIST MLP 2048, bf16", recipe("mnist", precision="bf16"), 1.7, 40),
    Case(
        "FashionMNIST CNN, bf16 + channels_last",
        recipe("fashion_mnist", precision="bf16"),
        2.2,
        6,
    ),
)


class PilImages(Dataset):
    """Gray images that are turned from PIL to tensors one by one, as torchvision's data sets do."""

    def __init__(self, pixels: np.ndarray, labels: np.ndarray):
        self.pixels, self.labels = pixels, labels
        self.transform = Compose([ToTensor(), Normalize((0.5,), (0.5,))])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.transform(Image.fromarray(self.pixels[index])), int(self.labels[index])


def made_up_images() -> tuple[np.ndarray, np.ndarray]:
    """Random images uint8 (IMAGES, SIDE, SIDE) and labels int64 (IMAGES,)."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (IMAGES, SIDE, SIDE), dtype=np.uint8)
    return pixels, rng.integers(0, CLASSES, IMAGES)


def endless(loader: DataLoader) -> Iterator:
    """Batches of one epoch after the other."""
    while True:
        yield from loader


def plain_step(config: RunConfig, device: torch.device) -> Callable[[], None]:
    """One step of the plain loop, its batch loaded within."""
    loader = DataLoader(PilImages(*made_up_images()), batch_size=config.batch_size, shuffle=True)
    batches = endless(loader)
    model = Classifier(config.change(precision="fp32"), SIDE, CLASSES, seeds=(0, 1)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate)

    def run() -> None:
        images, labels = (part.to(device) for part in next(batches))
        optimizer.zero_grad()
        logits, x = model(images)
        loss = total_loss(logits, x, labels, config.gamma, config.penalty)
        loss.backward()
        optimizer.step()

    return run


def our_step(config: RunConfig, device: torch.device) -> Callable[[], None]:
    """One step of `binenc_core.training.loop`, its batch gathered within."""
    pixels, labels = (torch.from_numpy(part).to(device) for part in made_up_images())
    images = (pixels[:, None] / 255 - 0.5) / 0.5
    parts = build(config, (1, SIDE, SIDE), CLASSES, device)

    def run() -> None:
        batch = torch.randint(IMAGES, (config.batch_size,)).to(device)
        step(parts, images[batch], labels[batch], config, config.gamma)

    return run


def seconds_per_step(run: Callable[[], None], steps: int, device: torch.device) -> float:
    """Mean wall time of a step over a number of them."""
    begun = time.perf_counter()
    for _ in range(steps):
        run()
    if device.type != "cpu":
        getattr(torch, device.type).synchronize()
    return (time.perf_counter() - begun) / steps


def main() -> None:
    """Print the median times of both loops, taken in turns, and their ratio."""
    device = resolve_device()
    print(f"device {device.type}, {torch.get_num_threads()} threads, median of {ROUNDS} rounds")
    for case in CASES:
        plain, ours = plain_step(case.config, device), our_step(case.config, device)
        for run in (plain, ours):  # the first steps allocate and choose kernels
            seconds_per_step(run, 3, device)
        rounds = [
            [seconds_per_step(run, case.steps, device) for run in (plain, ours)]
            for _ in range(ROUNDS)
        ]
        before, after = (1000 * statistics.median(times) for times in zip(*rounds, strict=True))
        print(
            f"{case.name}: plain {before:.1f} ms, ours {after:.1f} ms, "
            f"ratio {before / after:.2f} (goal: {case.target} or more)",
            flush=True,
        )


if __name__ == "__main__":
    main()
