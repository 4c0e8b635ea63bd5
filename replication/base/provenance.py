"""Where a number came from: code, versions, machine."""

import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("torch", "scikit-learn", "numpy")


def folder(variable: str, default: str) -> Path:
    """The folder that an environment variable chooses, or a default one.

    A relative path is one from the project's root, whatever the current folder is. Raises OSError
    for the home of somebody who has none.
    """
    chosen = os.environ.get(variable) or default
    try:
        return ROOT / Path(chosen).expanduser()
    except RuntimeError as error:
        raise OSError(f"{variable} is {chosen!r}: there is no such home folder") from error


def commit() -> str:
    """The commit of the code, "-dirty" behind it where the packages differ; "unknown" elsewhere.

    The folder may lie in a repository of somebody else's, whose commit says nothing of this code.
    """
    try:
        if Path(_git("rev-parse", "--show-toplevel")).resolve() != ROOT:
            return "unknown"
        head = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--", "binenc_core", "replication")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}-dirty" if changed else head


def _git(*arguments: str) -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(["git", *arguments], cwd=ROOT, env=own, check=True, capture_output=True)
    return os.fsdecode(done.stdout).strip()  # paths, in whatever encoding


def versions() -> str:
    """Python and the packages that make the numbers, with their versions."""
    found = [f"{name} {version(name)}" for name in PACKAGES]
    return ", ".join([f"Python {platform.python_version()}", *found])


def processor() -> str:
    """The processor's name and its number of cores."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf8").splitlines()
        name = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), name)
    return f"{name}, {os.cpu_count()} cores"


def origin(device: Any) -> dict[str, Any]:
    """Where and with what this process computes on a device, by name."""
    import torch

    return {
        "device": device.type,
        "threads": torch.get_num_threads(),
        "processor": processor(),
        "versions": versions(),
        "commit": commit(),
    }
