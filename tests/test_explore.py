"""Which of panel, explorer and trainer a notebook shows."""

import sys
import types

import IPython
import nbformat
import papermill
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from made_sweeps import made_sweep
from replication import explore
from replication.figures.gamma.gamma_explorer import MIME, Shown
from replication.runs import pytorch


class Kernel:
    """As much of ipykernel's kernel as is asked."""

    def __init__(self, allow_stdin):
        self.content = {"content": {"code": "show(runs)", "allow_stdin": allow_stdin}}

    def get_parent(self):
        return self.content


@pytest.fixture
def in_kernel(monkeypatch):
    """Let the code run in a kernel whose client can, or cannot, answer prompts."""

    def enter(allow_stdin: bool) -> None:
        shell = types.SimpleNamespace(kernel=Kernel(allow_stdin))
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
        (True, False, False, "trainer"),
        (False, True, True, "explorer"),
        (False, True, False, "trainer"),
        (False, False, True, "explorer"),
        (False, False, False, "trainer"),
    ],
)
def test_shows_the_right_one(tmp_path, in_kernel, panel, live, torch, frozen, expected):
    in_kernel(live)
    panel(torch)
    assert shown(explore.show(made_sweep(tmp_path) if frozen else [], "cpu")) == expected


def test_a_script_is_not_live():
    assert IPython.get_ipython() is None
    assert not explore.is_live()


def test_a_terminal_s_ipython_is_not_live(monkeypatch):
    monkeypatch.setattr(IPython, "get_ipython", lambda: types.SimpleNamespace())
    assert not explore.is_live()


def test_without_ipython_it_is_not_live(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    assert not explore.is_live()


@pytest.mark.full
def test_under_papermill_the_page_s_drawing_is_shown(tmp_path):
    """A real kernel: the cell's output is the MIME type that the book draws, and no panel."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    code = "from replication.explore import is_live, show\nprint(is_live())\nshow([])"
    source, output = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    nbformat.write(
        new_notebook(cells=[new_code_cell(code)], metadata={"kernelspec": kernel}), source
    )
    papermill.execute_notebook(source, output, kernel_name="python3", progress_bar=False)
    printed, result = nbformat.read(output, 4).cells[-1].outputs
    assert printed.text == "False\n"
    assert result.data[MIME]["show"] == "trainer"


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
