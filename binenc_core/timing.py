"""What one training step costs on this machine."""

import torch
from torch.utils.flop_counter import FlopCounterMode

from binenc_core.config import RunConfig
from binenc_core.parts import build, own_random_state
from binenc_core.trainer import origin
from binenc_core.training import made_batch, seconds_per_step, step


def measured(config: RunConfig, device: torch.device) -> dict:
    """The cost of a training step on made images, with the columns of `costs.FIELDS`."""
    images, labels = made_batch(config, device)
    with own_random_state(device):
        parts = build(config, images.shape[-1], device)
        parts.model.train()
        with FlopCounterMode(display=False) as counter:
            step(parts, images, labels, config, config.gamma)
    here = origin(device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else here["processor"]
    return {
        "dataset": config.dataset,
        "precision": config.precision,
        "backbone": config.backbone,
        "parameters": sum(part.numel() for part in parts.model.parameters()),
        "batch_size": len(images),
        "operations": counter.get_total_flops(),
        "step_seconds": round(seconds_per_step(config, device), 5),
        **{key: here[key] for key in ("device", "threads", "versions", "commit")},
        "processor": name,
    }
