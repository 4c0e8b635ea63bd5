"""Where a training runs."""

import torch

from binenc_core.config import known


def available_devices() -> list[str]:
    """Names of the devices of this machine, the one that "auto" means first."""
    found = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    return [name for name, there in found.items() if there]


def resolve_device(name: str = "auto") -> torch.device:
    """The device called `name`; "auto" is CUDA, then MPS, then the CPU.

    Raises ValueError for a device that is not there, naming those that are.
    """
    there = available_devices()
    known("device here", ["auto", *there], name)
    return torch.device(there[0] if name == "auto" else name)
