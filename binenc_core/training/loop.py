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

from binenc_core.config import LINEAR_HEADS, RunConfig
from binenc_core.dataset import Dataset, held_out, validation_split
from binenc_core.evaluation import Evaluation, evaluate
from binenc_core.loss import total_loss
from binenc_core.models import Classifier
from binenc_core.training.augmentation import augmented, crop_offsets
from binenc_core.training.optimizers import sum_of_rates
from binenc_core.training.state import Checkpoint, TrainingState, build, own_random_state


class Outcome(NamedTuple):
    """What a training gave.

    `records`: one dict for each logged epoch and split, with "epoch", "split" and the metrics.
    `arrays`: small arrays by name, stacked over the logged epochs; "epochs" holds these. Those in
    `names.LATEST` are of the last logged epoch alone.
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


# What is done with the checkpoint of each logged epoch; after each epoch, with the number of epochs
# done and the last one's sums; and after each step.
OnCheckpoint = Callable[[Checkpoint], None]
OnEpoch = Callable[[int, EpochSums], None]
OnStep = Callable[[], None]


def nothing(*_: Any) -> None:
    """Do nothing."""


def step(
    state: TrainingState, images: Tensor, labels: Tensor, config: RunConfig, gamma: float
) -> tuple[Tensor, Tensor]:
    """One step of the optimizer on a batch: its loss and its correct images, on the device."""
    state.optimizers.zero_grad()
    logits, x = state.model(images)
    loss = total_loss(logits, x, labels, gamma, config.penalty, config.softmax)
    loss.backward()
    state.optimizers.step()
    return loss.detach(), (logits.detach().argmax(dim=1) == labels).sum()


def train_epoch(
    state: TrainingState, data: Dataset, config: RunConfig, epoch: int, on_step: OnStep = nothing
) -> EpochSums:
    """One pass over the training set in a fresh order.

    The sums stay on the device until the end of the epoch: a step waits for nothing.
    """
    count = len(data.train_labels)
    device = data.train_images.device
    loss_sum = torch.zeros((), device=device)
    correct = torch.zeros((), dtype=torch.int64, device=device)
    # Drawn on the CPU, so that the order is the same on every device.
    order = torch.randperm(count, generator=state.shuffle).to(device)
    gamma = config.gamma_at(epoch)
    state.begin_epoch(config, epoch)
    set_mode(state.model, config.has_dropout_in(epoch))
    offsets = epoch_offsets(state, config, count)
    for batch in order.split(config.batch_size):
        images = data.train_images[batch]
        if offsets is not None:
            images = augmented(images, offsets[batch])
        loss, hits = step(state, images, data.train_labels[batch], config, gamma)
        loss_sum += loss * len(batch)
        correct += hits
        on_step()
    state.optimizers.zero_grad()  # leaves the gradients' memory to the evaluation
    return EpochSums(loss_sum.item() / count, correct.item() / count)


def epoch_offsets(state: TrainingState, config: RunConfig, count: int) -> Tensor | None:
    """How each of so many images is cropped and flipped in an epoch; None without augmentation."""
    if state.augmentation is None:
        return None
    # Drawn on the CPU as well.
    return crop_offsets(count, config.augmentation, state.augmentation).to(state.device)


def set_mode(model: nn.Module, dropout: bool) -> None:
    """Put a network in training mode, in which batches are normalized, with or without dropout."""
    model.train()
    for layer in model.modules():
        if isinstance(layer, nn.Dropout):
            layer.train(dropout)


def train(
    config: RunConfig,
    device: torch.device,
    data: Dataset,
    start: Checkpoint | None = None,
    on_checkpoint: OnCheckpoint = nothing,
    on_epoch: OnEpoch = nothing,
    on_step: OnStep = nothing,
) -> Outcome:
    """Train one network and evaluate it after every logged epoch.

    The same configuration gives the same numbers on the same machine with the same number of
    threads, also where it goes on from a checkpoint (`start`). A loss that is no longer finite ends
    the training; the records until then are kept. `data` are the images of the configuration's
    dataset. `on_checkpoint` is called after every logged epoch, `on_epoch` after every epoch with
    their number and the last one's sums, `on_step` after every step.
    """
    begun = time.perf_counter() - (start.seconds if start else 0)
    data = _images(config, device, data)
    logged = config.logged_epochs()
    with own_random_state(device), same_kernels():
        begin = start.epochs if start else 0
        state = build(config, data.train_images.shape[1:], data.classes, device, begin)
        initial = state.model.classifier.weight.detach().clone()
        done = Checkpoint(0, {}, [], {}, 0.0, {})
        if start:
            done = start.keep_only(logged)
            state.restore(start.state)
        diverged = None
        for epoch in range(done.epochs, config.epochs):
            sums = train_epoch(state, data, config, epoch, on_step)
            finite = math.isfinite(sums.loss)
            if finite and epoch in logged:
                evaluation = evaluate_after(epoch, state.model, initial, data, config)
                finite = evaluation is not None
            if not finite:
                diverged = epoch
                break
            if epoch in logged:
                seconds = time.perf_counter() - begun
                done = _logged(done, epoch, evaluation, state.tensors(), seconds)
                on_checkpoint(done)
            on_epoch(epoch + 1, sums)
    return Outcome(done.records, done.arrays, diverged, time.perf_counter() - begun)


def evaluate_after(
    epoch: int, model: Classifier, initial: Tensor, data: Dataset, config: RunConfig
) -> Evaluation | None:
    """`evaluate` after an epoch, with how far the classifier's weights are from their `initial`."""
    evaluation = evaluate(model, data, config, epoch)
    if evaluation is not None and config.head in LINEAR_HEADS:
        steps = math.ceil(len(data.train_labels) / config.batch_size)
        rates = sum_of_rates(config, epoch + 1, steps)
        evaluation.add_weights(model.classifier.weight, initial, rates)
    return evaluation


def evaluate_checkpoint(
    config: RunConfig, device: torch.device, data: Dataset, checkpoint: Checkpoint
) -> Evaluation | None:
    """What `train` evaluates after the last epoch of a checkpoint, of its weights alone.

    `data` are the images of the configuration's dataset.
    """
    data = _images(config, device, data)
    with own_random_state(device), same_kernels():
        state = build(config, data.train_images.shape[1:], data.classes, device, checkpoint.epochs)
        initial = state.model.classifier.weight.detach().clone()
        state.restore(checkpoint.state)
        return evaluate_after(checkpoint.epochs - 1, state.model, initial, data, config)


def _images(config: RunConfig, device: torch.device, data: Dataset) -> Dataset:
    """What is trained on and what is not, on the device."""
    data = Dataset(*(part.to(device) for part in data))
    return validation_split(data, config.held_out) if config.held_out else data


def steps_per_epoch(config: RunConfig, data: Dataset) -> int:
    """How many batches an epoch has."""
    count = len(data.train_labels)
    if config.held_out:
        count -= held_out(count, config.held_out)
    return math.ceil(count / config.batch_size)


def same_kernels() -> AbstractContextManager:
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
