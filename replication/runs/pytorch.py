"""PyTorch, with which runs are trained: reading those that are on disk does without it."""

from collections.abc import Sequence
from dataclasses import fields

from binenc_core.config import RunConfig
from replication.runs import store

NEEDED = "PyTorch, which is not installed here: pip install -r requirements.txt"


def is_installed() -> bool:
    """Whether PyTorch can be imported; where it can, it is.

    Raises RuntimeError for one that is there and cannot be loaded, as where the memory is short.
    """
    try:
        import torch  # noqa: F401
    except ModuleNotFoundError:
        return False
    except ImportError as error:
        reason = str(error).partition("\n")[0]
        raise RuntimeError(f"PyTorch is installed, but cannot be loaded: {reason}") from error
    return True


def check(missing: Sequence[RunConfig] = ()) -> None:
    """Raise RuntimeError, in one line, where PyTorch is not installed.

    `missing` are the runs for which it is needed, if they are known: the line then says in what the
    first of them differs from what is frozen.
    """
    if is_installed():
        return
    if not missing:
        raise RuntimeError(f"training needs {NEEDED}")
    frozen = [run.config for run in store.frozen_runs().values()]
    raise RuntimeError(
        f"not on disk: {len(missing)} {'run' if len(missing) == 1 else 'runs'}, the first of them "
        f"{missing[0].label}, {_difference(missing[0], frozen)}; to train needs {NEEDED}"
    )


def _difference(config: RunConfig, frozen: Sequence[RunConfig]) -> str:
    """In what a configuration differs from the nearest frozen one of its dataset and head."""
    names = [item.name for item in fields(RunConfig) if item.name != "metrics"]
    changes = [
        {name: value for name in names if (value := getattr(other, name)) != getattr(config, name)}
        for other in frozen
        if (other.dataset, other.head) == (config.dataset, config.head)
    ]
    if not changes:
        return "of whose dataset and architecture nothing is frozen"
    nearest = min(changes, key=len)
    phrases = [f"{name} {getattr(config, name)} (frozen: {v})" for name, v in nearest.items()]
    return f"with {', '.join(phrases)}"
