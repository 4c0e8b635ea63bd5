"""RunConfig -> records: the training loop, on whatever device, with nothing drawn or stored."""

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from tqdm.auto import tqdm

from binenc_core.augmentation import augmented, draw_moves
from binenc_core.checkpoints import Checkpoint
from binenc_core.config import LINEAR_HEADS, RunConfig
from binenc_core.costs import run_seconds
from binenc_core.data import Dataset, load, validation_split
from binenc_core.evaluation import Evaluation, evaluate
from binenc_core.loss import total_loss
from binenc_core.optimizers import sum_of_rates
from binenc_core.parts import Parts, build, own_random_state
from binenc_core.sizes import SIZES

# For estimates: steps to time, and how long a step takes of which one is enough.
TIMED_STEPS, SLOW_STEP_SECONDS = 5, 2


class Outcome(NamedTuple):
    """What a training gave.

    `records`: one dict for each logged epoch and split, with "epoch", "split" and the metrics.
    `arrays`: small arrays by name, stacked over the logged epochs; "epochs" holds these. Those in
    `logged.LATEST` are of the last logged epoch alone.
    `diverged_epoch`: the epoch whose loss was no longer finite, or None.
    `seconds`: wall time.
    """

    records: list[dict[str, Any]]
    arrays: dict[str, NDArray]
    diverged_epoch: int | None
    seconds: float


class EpochSums(NamedTuple):
    """Mean training loss (nats) and accuracy over one epoch, in training mode."""

    loss: float
    accuracy: float


# What is done with the checkpoint of each logged epoch, and with the number of epochs done.
Keep = Callable[[Checkpoint], None]
Tell = Callable[[int], None]


def step(
    parts: Parts, images: Tensor, labels: Tensor, config: RunConfig, gamma: float
) -> tuple[Tensor, Tensor]:
    """One step of the optimizer on a batch: its loss and its correct images, on the device."""
    parts.optimizers.zero_grad()
    logits, x = parts.model(images)
    loss = total_loss(logits, x, labels, gamma, config.penalty, config.softmax)
    loss.backward()
    parts.optimizers.step()
    return loss.detach(), (logits.detach().argmax(dim=1) == labels).sum()


def train_epoch(parts: Parts, data: Dataset, config: RunConfig, epoch: int, bar: tqdm) -> EpochSums:
    """One pass over the training set in a fresh order.

    The sums stay on the device until the end of the epoch: a step waits for nothing.
    """
    count = len(data.train_labels)
    device = data.train_images.device
    loss_sum = torch.zeros((), device=device)
    correct = torch.zeros((), dtype=torch.int64, device=device)
    # Drawn on the CPU, so that the order is the same on every device.
    order = torch.randperm(count, generator=parts.shuffle).to(device)
    gamma = config.gamma_at(epoch)
    parts.begin_epoch(config, epoch)
    set_mode(parts.model, config.has_dropout_in(epoch))
    moves = _moves(parts, config, count, device)
    for batch in order.split(config.batch_size):
        images = data.train_images[batch]
        if moves is not None:
            images = augmented(images, moves[batch])
        loss, hits = step(parts, images, data.train_labels[batch], config, gamma)
        loss_sum += loss * len(batch)
        correct += hits
        bar.update()
    parts.optimizers.zero_grad()  # leaves the gradients' memory to the evaluation
    return EpochSums(loss_sum.item() / count, correct.item() / count)


def _moves(parts: Parts, config: RunConfig, count: int, device: torch.device) -> Tensor | None:
    """How each of so many images is moved in an epoch; None without augmentation."""
    if parts.augmentation is None:
        return None
    # Drawn on the CPU as well.
    return draw_moves(count, config.augmentation, parts.augmentation).to(device)


def set_mode(model: nn.Module, dropout: bool) -> None:
    """Put a network in training mode, in which batches are normalized, with or without dropout."""
    model.train()
    for layer in model.modules():
        if isinstance(layer, nn.Dropout):
            layer.train(dropout)


def train(
    config: RunConfig,
    device: torch.device,
    data: Dataset | None = None,
    start: Checkpoint | None = None,
    keep: Keep = lambda checkpoint: None,
    tell: Tell = lambda epochs: None,
) -> Outcome:
    """Train one network and evaluate it after every logged epoch.

    The same configuration gives the same numbers on the same machine with the same number of
    threads, also where it goes on from a checkpoint (`start`). A loss that is no longer finite ends
    the training; the records until then are kept. `data` are the tensors of the configuration's
    dataset where they are at hand; `keep` gets a checkpoint after every logged epoch, `tell` the
    number of epochs done after each. Shows a progress bar, unless the environment variable
    TQDM_DISABLE is 1.
    """
    begun = time.perf_counter()
    data = Dataset(*(part.to(device) for part in data or load(config.dataset)))
    if config.held_out:
        data = validation_split(data, config.held_out)
    steps = math.ceil(len(data.train_labels) / config.batch_size)
    logged = config.logged_epochs()
    with (
        own_random_state(device),
        _same_kernels(),
        tqdm(total=config.epochs * steps, desc=config.label, unit="batch", mininterval=1) as bar,
    ):
        parts = build(config, data.train_images.shape[-1], device, start.epochs if start else 0)
        initial = parts.model.classifier.weight.detach().clone()
        done = Checkpoint(0, {}, [], {}, 0.0, {})
        if start:
            done = start.keep_only(logged)
            parts.restore(start.state)
            bar.update(done.epochs * steps)
        bar.set_postfix_str(f"epoch {done.epochs}/{config.epochs}")
        diverged = None
        for epoch in range(done.epochs, config.epochs):
            sums = train_epoch(parts, data, config, epoch, bar)
            bar.set_postfix_str(
                f"epoch {epoch + 1}/{config.epochs}, loss {sums.loss:.4g}, "
                f"accuracy {sums.accuracy:.4f}"
            )
            finite = math.isfinite(sums.loss)
            if finite and epoch in logged:
                evaluation = evaluate(parts.model, data, config, epoch)
                finite = evaluation is not None
            if not finite:
                diverged = epoch
                break
            if epoch in logged:
                if config.head in LINEAR_HEADS:
                    rates = sum_of_rates(config, epoch + 1, steps)
                    evaluation.add_weights(parts.model.classifier.weight, initial, rates)
                seconds = (start.seconds if start else 0) + time.perf_counter() - begun
                done = _logged(done, epoch, evaluation, parts.state(), seconds)
                keep(done)
            tell(epoch + 1)
    seconds = (start.seconds if start else 0) + time.perf_counter() - begun
    return Outcome(done.records, done.arrays, diverged, seconds)


def _same_kernels() -> AbstractContextManager:
    """cuDNN takes the kernels that give the same numbers every time."""
    return torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True)


def _logged(
    before: Checkpoint, epoch: int, evaluation: Evaluation, state: dict[str, Tensor], seconds: float
) -> Checkpoint:
    """The checkpoint after a logged epoch, from the last one before it."""
    rows = [
        {"epoch": epoch, "split": split, **metrics} for split, metrics in evaluation.metrics.items()
    ]
    own = {"epochs": np.array(epoch), **evaluation.arrays}
    arrays = {
        name: np.concatenate([*([before.arrays[name]] if before.arrays else []), values[None]])
        for name, values in own.items()
    }
    return Checkpoint(
        epoch + 1, state, before.records + rows, arrays | evaluation.latest, seconds, before.origin
    )


def estimated_seconds(config: RunConfig, device: torch.device, done: int = 0) -> float:
    """Expected wall time, s, of a training after `done` epochs, from some steps on made images."""
    return run_seconds(config, seconds_per_step(config, device), done)


def seconds_per_step(config: RunConfig, device: torch.device) -> float:
    """Wall time of a training step on made images, s: the mean of some, or of one slow one."""
    images, labels = made_batch(config, device)
    with own_random_state(device), _same_kernels():
        parts = build(config, images.shape[-1], device)
        parts.model.train()
        moves = _moves(parts, config, len(images), device)

        def seconds_each(steps: int) -> float:
            begun = time.perf_counter()
            for _ in range(steps):
                shown = images if moves is None else augmented(images, moves)
                loss, _ = step(parts, shown, labels, config, config.gamma)
            loss.item()  # waits for the device
            return (time.perf_counter() - begun) / steps

        each = seconds_each(1)
        # The first step has more to do than the others.
        return each if each >= SLOW_STEP_SECONDS else seconds_each(TIMED_STEPS)


def made_batch(config: RunConfig, device: torch.device) -> tuple[Tensor, Tensor]:
    """Gray images of the dataset's shape and labels, as many as a step takes."""
    size = SIZES[config.dataset]
    batch = min(config.batch_size, size.train_images)
    images = torch.zeros(batch, size.channels, size.side, size.side, device=device)
    return images, torch.zeros(batch, dtype=torch.int64, device=device)
