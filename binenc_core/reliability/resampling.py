"""Bootstrap intervals over images."""

from collections.abc import Callable

import torch
from torch import Tensor

from binenc_core.reliability import RESAMPLES, SEED

BATCH = 100
LEVELS = (0.025, 0.975)


def resampled(measure: Callable[[Tensor], Tensor], images: int, device: torch.device) -> Tensor:
    """A measure of so many images drawn with replacement, for each of RESAMPLES draws, float64.

    `measure` takes how often each image was drawn, float64 (B, N), and gives (…, B); the result is
    (…, RESAMPLES). Drawn on the CPU from a fixed seed: the same on every device.
    """
    generator = torch.Generator().manual_seed(SEED)
    found = []
    for _ in range(RESAMPLES // BATCH):
        drawn = torch.randint(images, (BATCH, images), generator=generator).to(device)
        rows = torch.arange(BATCH, device=device)[:, None] * images
        counts = torch.bincount((drawn + rows).flatten(), minlength=BATCH * images)
        found.append(measure(counts.view(BATCH, images).double()))
    return torch.cat(found, dim=-1)


def interval(values: Tensor) -> tuple[float, float]:
    """The middle 95 % of resampled values, those that are nan left out; nan if all are."""
    low, high = values.nanquantile(values.new_tensor(LEVELS)).tolist()
    return low, high
