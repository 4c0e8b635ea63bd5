"""Where a training runs."""

import torch


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
    if name == "auto":
        return torch.device(there[0])
    if name not in there:
        raise ValueError(f"device is {name!r}; allowed here: {', '.join(['auto', *there])}")
    return torch.device(name)
