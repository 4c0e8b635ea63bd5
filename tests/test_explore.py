"""Which of panel, explorer and trainer a notebook shows."""

import sys
import types

import IPython
import pytest

from made_sweeps import made_sweep
from replication import explore
from replication.figures.gamma.gamma_explorer import Shown
from replication.runs import pytorch


@pytest.fixture
def in_kernel(monkeypatch):
    """Let the code run in a kernel whose client can, or cannot, answer prompts."""

    def enter(allow_stdin: bool) -> None:
        request = {"content": {"code": "show(runs)", "allow_stdin": allow_stdin}}
        kernel = types.SimpleNamespace(get_parent=lambda: request)
        shell = types.SimpleNamespace(kernel=kernel)
        monkeypatch.setattr(IPython, "get_ipython", lambda: shell)

    return enter


@pytest.fixture
def panel(monkeypatch):
    """A panel in the place of the real one, and whether PyTorch is installed."""
    module = types.ModuleType("replication.widgets")
    module.gamma_panel = lambda device: f"the panel on {device}"
    monkeypatch.setitem(sys.modules, "replication.widgets", module)
    return lambda torch: monkeypatch.setattr(pytorch, "is_installed", lambda: torch)


def shown(result) -> str:
    return result.content["show"] if isinstance(result, Shown) else result


@pytest.mark.parametrize(
    ("live", "torch", "frozen", "expected"),
    [
        (True, True, True, "the panel on cpu"),
        (True, True, False, "the panel on cpu"),
        (True, False, True, "explorer"),
        (False, True, True, "explorer"),
        (False, False, False, "trainer"),
    ],
)
def test_shows_the_right_one(tmp_path, in_kernel, panel, live, torch, frozen, expected):
    in_kernel(live)
    panel(torch)
    assert shown(explore.show(made_sweep(tmp_path) if frozen else [], "cpu")) == expected


def test_a_script_a_terminal_and_a_python_without_ipython_are_not_live(monkeypatch):
    assert IPython.get_ipython() is None
    assert not explore.is_live()
    monkeypatch.setattr(IPython, "get_ipython", lambda: types.SimpleNamespace())
    assert not explore.is_live()
    monkeypatch.setitem(sys.modules, "IPython", None)
    assert not explore.is_live()


@pytest.mark.full
def test_a_client_that_answers_prompts_is_live():
    """A real kernel, asked as JupyterLab asks."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    try:
        found = []
        for allow_stdin in (True, False):
            client.execute_interactive(
                "from replication.explore import is_live; print(is_live())",
                allow_stdin=allow_stdin,
                timeout=120,
                output_hook=lambda m: found.append(m["content"].get("text")),
            )
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert [text for text in found if text] == ["True\n", "False\n"]
