"""RunConfig -> records: the training loop, on whatever device, with nothing drawn or stored."""

import hashlib
import math
import time
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.lr_scheduler import StepLR
from tqdm.auto import tqdm

from binenc_core.config import CLASSES, LINEAR_HEADS, RunConfig
from binenc_core.data import Dataset, load
from binenc_core.evaluation import evaluate
from binenc_core.loss import total_loss
from binenc_core.models import Classifier

# For estimates: side and number of the training images, steps to time, and what both mixture fits
# take for each value, on a core of 2024.
SIZES = {"mnist": (28, 60_000), "fashion_mnist": (28, 60_000), "digits": (8, 1_437)}
TIMED_STEPS = 5
FIT_SECONDS = 4e-6


class Outcome(NamedTuple):
    """What a training gave.

    `records`: one dict for each logged epoch and split, with "epoch", "split" and the metrics.
    `arrays`: small arrays by name, stacked over the logged epochs; "epochs" holds these.
    `diverged_epoch`: the epoch whose loss was no longer finite, or None.
    `seconds`: wall time.
    """

    records: list[dict[str, Any]]
    arrays: dict[str, NDArray]
    diverged_epoch: int | None
    seconds: float


class Parts(NamedTuple):
    """The network and what trains it."""

    model: Classifier
    optimizer: torch.optim.Adam
    schedule: StepLR


class EpochSums(NamedTuple):
    """Mean training loss (nats) and accuracy over one epoch, in training mode."""

    loss: float
    accuracy: float


def derived_seed(seed: int, purpose: str) -> int:
    """A seed for one purpose of a run: independent of the other purposes, equal for all heads."""
    digest = hashlib.sha256(f"{seed} {purpose}".encode()).digest()
    return int.from_bytes(digest[:7])


def build(config: RunConfig, side: int, device: torch.device) -> Parts:
    """A freshly initialized network for images of `side`² pixels, its optimizer and schedule."""
    seeds = (derived_seed(config.seed, "backbone"), derived_seed(config.seed, "head"))
    model = Classifier(config, side, CLASSES, seeds).to(device)
    if config.backbone == "cnn":
        model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.learning_rate, fused=True)
    return Parts(model, optimizer, StepLR(optimizer, step_size=config.halve_every, gamma=0.5))


def step(parts: Parts, images: Tensor, labels: Tensor, config: RunConfig) -> tuple[Tensor, Tensor]:
    """One step of Adam on a batch: its loss and its correct images, left on the device."""
    parts.optimizer.zero_grad(set_to_none=True)
    logits, x = parts.model(images)
    loss = total_loss(logits, x, labels, config.gamma, config.penalty)
    loss.backward()
    parts.optimizer.step()
    return loss.detach(), (logits.detach().argmax(dim=1) == labels).sum()


def train_epoch(
    parts: Parts, data: Dataset, config: RunConfig, shuffle: torch.Generator, bar: tqdm
) -> EpochSums:
    """One pass over the training set in the order that `shuffle` draws, dropout live.

    The sums stay on the device until the end of the epoch: a step waits for nothing.
    """
    count = len(data.train_labels)
    device = data.train_images.device
    loss_sum = torch.zeros((), device=device)
    correct = torch.zeros((), dtype=torch.int64, device=device)
    # Drawn on the CPU, so that the order is the same on every device.
    order = torch.randperm(count, generator=shuffle).to(device)
    parts.model.train()
    for batch in order.split(config.batch_size):
        loss, hits = step(parts, data.train_images[batch], data.train_labels[batch], config)
        loss_sum += loss * len(batch)
        correct += hits
        bar.update()
    parts.schedule.step()
    return EpochSums(loss_sum.item() / count, correct.item() / count)


def train(config: RunConfig, device: torch.device, data: Dataset | None = None) -> Outcome:
    """Train one network and evaluate it after every logged epoch.

    The same configuration gives the same numbers on the same machine with the same number of
    threads. A loss that is no longer finite ends the training; the records until then are kept.
    `data` are the tensors of the configuration's dataset where they are at hand. Shows a progress
    bar, unless the environment variable TQDM_DISABLE is 1.
    """
    start = time.perf_counter()
    data = Dataset(*(part.to(device) for part in data or load(config.dataset)))
    shuffle = torch.Generator().manual_seed(derived_seed(config.seed, "order"))
    steps = config.epochs * math.ceil(len(data.train_labels) / config.batch_size)
    logged = config.logged_epochs()
    records, arrays, diverged = [], [], None
    with (
        _own_random_state(device),
        torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True),
        tqdm(total=steps, desc=config.label, unit="batch", mininterval=1) as bar,
    ):
        parts = build(config, data.train_images.shape[-1], device)
        torch.manual_seed(derived_seed(config.seed, "dropout"))
        bar.set_postfix_str(f"epoch 0/{config.epochs}")
        for epoch in range(config.epochs):
            sums = train_epoch(parts, data, config, shuffle, bar)
            bar.set_postfix_str(
                f"epoch {epoch + 1}/{config.epochs}, loss {sums.loss:.4g}, "
                f"accuracy {sums.accuracy:.4f}"
            )
            finite = math.isfinite(sums.loss)
            if finite and epoch in logged:
                evaluation = evaluate(parts.model, data, config)
                finite = evaluation is not None
            if not finite:
                diverged = epoch
                bar.write(f"{config.label}: the loss is not finite in epoch {epoch}; run stopped")
                break
            if epoch in logged:
                for split, metrics in evaluation.metrics.items():
                    records.append({"epoch": epoch, "split": split, **metrics})
                arrays.append({"epochs": np.array(epoch), **evaluation.arrays})
    stacked = {name: np.stack([a[name] for a in arrays]) for name in (arrays[0] if arrays else ())}
    return Outcome(records, stacked, diverged, time.perf_counter() - start)


def _own_random_state(device: torch.device) -> AbstractContextManager:
    """A context that leaves the random states of the CPU and of a CUDA device as they were."""
    return torch.random.fork_rng(devices=[device] if device.type == "cuda" else [])


def estimated_seconds(config: RunConfig, device: torch.device) -> float:
    """Expected wall time of a training, s, from a few of its steps on made images.

    Evaluations count as a third of an epoch each, plus the mixture fits of the linear heads.
    """
    side, count = SIZES[config.dataset]
    batch = min(config.batch_size, count)
    images = torch.zeros(batch, 1, side, side, device=device)
    labels = torch.zeros(batch, dtype=torch.int64, device=device)
    with _own_random_state(device):
        parts = build(config, side, device)
        parts.model.train()
        step(parts, images, labels, config)
        begun = time.perf_counter()
        for _ in range(TIMED_STEPS):
            loss, _ = step(parts, images, labels, config)
        loss.item()  # waits for the device
    epoch = (time.perf_counter() - begun) / TIMED_STEPS * math.ceil(count / config.batch_size)
    fits = FIT_SECONDS * count * config.latent_dim if config.head in LINEAR_HEADS else 0
    return config.epochs * epoch + len(config.logged_epochs()) * (epoch / 3 + fits)
