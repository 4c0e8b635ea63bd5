"""Which of the three a notebook shows: the live panel, the explorer, or the trainer in the page."""

from collections.abc import Sequence
from typing import Any

from replication.figures.gamma import gamma_data, gamma_explorer
from replication.figures.gamma.gamma_explorer import Shown
from replication.runs import pytorch
from replication.runs.store import Run

_INSTEAD = "The runs behind the γ explorer are not frozen; the page trains a small network instead."
TRAINER = Shown({"show": "trainer", "caption": _INSTEAD}, _INSTEAD)


def show(runs: Sequence[Run], device: str = "auto") -> Any:
    """What lets a person turn γ here, as something that a notebook displays.

    Where somebody sits before a live kernel that can train: the panel, which trains on `device`.
    Elsewhere the explorer of `runs`, or the trainer that runs in the page where there are none.
    """
    if is_live() and pytorch.is_installed():
        from replication.widgets import gamma_panel  # loads ipywidgets

        return gamma_panel(device=device)
    return gamma_explorer.figure(gamma_data.data(runs)) if runs else TRAINER


def is_live() -> bool:
    """Whether somebody sits before the kernel that runs this: who asked can answer a prompt.

    JupyterLab and its like allow prompts, papermill and nbclient do not.
    """
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    kernel = getattr(get_ipython(), "kernel", None)
    request = kernel.get_parent() if kernel else {}
    return bool(request.get("content", {}).get("allow_stdin"))
