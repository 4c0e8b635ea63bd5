"""What a training costs on this machine, from some steps on made images."""

import time

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from binenc_core.config import RunConfig
from binenc_core.training.augmentation import augmented
from binenc_core.training.loop import epoch_offsets, same_kernels, step
from binenc_core.training.state import build, own_random_state
from replication.base.provenance import origin
from replication.data.datasets import DATASETS
from replication.runs.costs import run_seconds

# Steps to time, and how long a step takes of which one is enough.
TIMED_STEPS, SLOW_STEP_SECONDS = 5, 2


def estimated_seconds(config: RunConfig, device: torch.device, done: int = 0) -> float:
    """Expected wall time, s, of a training after `done` epochs."""
    return run_seconds(config, seconds_per_step(config, device), done)


def seconds_per_step(config: RunConfig, device: torch.device) -> float:
    """Wall time of a training step on made images, s: the mean of some, or of one slow one."""
    images, labels = made_batch(config, device)
    with own_random_state(device), same_kernels():
        state = build(config, images.shape[1:], DATASETS[config.dataset].classes, device)
        state.model.train()
        offsets = epoch_offsets(state, config, len(images))

        def seconds_each(steps: int) -> float:
            begun = time.perf_counter()
            for _ in range(steps):
                shown = images if offsets is None else augmented(images, offsets)
                loss, _ = step(state, shown, labels, config, config.gamma)
            loss.item()  # waits for the device
            return (time.perf_counter() - begun) / steps

        each = seconds_each(1)
        # The first step has more to do than the others.
        return each if each >= SLOW_STEP_SECONDS else seconds_each(TIMED_STEPS)


def made_batch(config: RunConfig, device: torch.device) -> tuple[Tensor, Tensor]:
    """Gray images of the dataset's shape and labels, as many as a step takes."""
    size = DATASETS[config.dataset]
    batch = min(config.batch_size, size.train_images)
    images = torch.zeros(batch, size.channels, size.side, size.side, device=device)
    return images, torch.zeros(batch, dtype=torch.int64, device=device)


def measured(config: RunConfig, device: torch.device) -> dict:
    """The cost of a training step on made images, with the columns of `costs.FIELDS`."""
    images, labels = made_batch(config, device)
    with own_random_state(device):
        state = build(config, images.shape[1:], DATASETS[config.dataset].classes, device)
        state.model.train()
        with FlopCounterMode(display=False) as counter:
            step(state, images, labels, config, config.gamma)
    here = origin(device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else here["processor"]
    return {
        "dataset": config.dataset,
        "precision": config.precision,
        "backbone": config.backbone,
        "parameters": sum(part.numel() for part in state.model.parameters()),
        "batch_size": len(images),
        "operations": counter.get_total_flops(),
        "step_seconds": round(seconds_per_step(config, device), 5),
        **{key: here[key] for key in ("device", "threads", "versions", "commit")},
        "processor": name,
    }
