"""Where a training runs."""

import torch

from binenc_core.config import known


def resolve_device(name: str = "auto") -> torch.device:
    """The device called `name`; "auto" is CUDA, then MPS, then the CPU.

    Raises ValueError for a device that is not there, naming those that are.
    """
    found = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    there = [own for own in found if found[own]]
    known("device here", ["auto", *there], name)
    return torch.device(there[0] if name == "auto" else name)
