"""The time of a training step on this machine, on made-up images."""

import statistics
import time

import torch
from torch.utils.flop_counter import FlopCounterMode

from binenc_core.config import RunConfig
from binenc_core.parts import Parts, build, own_random_state
from binenc_core.sizes import SIZES
from binenc_core.trainer import origin
from binenc_core.training import step

ROUNDS = 5


def measured(config: RunConfig, device: torch.device) -> dict:
    """The cost of one training step, with the columns of `costs.FIELDS`."""
    size = SIZES[config.dataset]
    batch = min(config.batch_size, size.train_images)
    images = torch.zeros(
        batch, size.channels, size.side, size.side, dtype=torch.uint8, device=device
    )
    labels = torch.zeros(batch, dtype=torch.int64, device=device)
    with own_random_state(device):
        parts = build(config, size.side, device)
        parts.model.train()
        with FlopCounterMode(display=False) as counter:
            _timed(parts, images, labels, config)  # also allocates and chooses kernels
        times = [_timed(parts, images, labels, config) for _ in range(ROUNDS)]
    here = origin(device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else here["processor"]
    return {
        "dataset": config.dataset,
        "precision": config.precision,
        "backbone": config.backbone,
        "parameters": sum(part.numel() for part in parts.model.parameters()),
        "batch_size": batch,
        "operations": counter.get_total_flops(),
        "step_seconds": round(statistics.median(times), 5),
        **{key: here[key] for key in ("device", "threads", "versions", "commit")},
        "processor": name,
    }


def _timed(parts: Parts, images: torch.Tensor, labels: torch.Tensor, config: RunConfig) -> float:
    begun = time.perf_counter()
    loss, _ = step(parts, images, labels, config, config.gamma)
    loss.item()  # waits for the device
    return time.perf_counter() - begun
