"""The panel as a person with JupyterLab uses it, in headless Chromium."""

import os
import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from campaign_commands import wait_until
from jupyter_lab import jupyter_lab

pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
pytest.importorskip("anywidget", reason="anywidget is not installed")
pytestmark = pytest.mark.full

EPOCHS = 150
CELLS = (
    "from replication.widgets import gamma_panel\n"
    f"gamma_panel(device='cpu', width=16, latent_dim=2, epochs={EPOCHS})",
    "print(6 * 7)",
)
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
SLOWEST = 120_000  # ms: the kernel and the process that trains import their libraries first

# The numbers of points of the curves of the first of the figure's panels, by name.
CURVES = """() => Object.fromEntries(
    (document.querySelector(".js-plotly-plot")?.data ?? [])
        .filter((trace) => trace.xaxis === "x" && trace.visible === true)
        .map((trace) => [trace.name, trace.x.length]))"""


class Lab:
    """A page of JupyterLab with a notebook of CELLS, whose kernel runs."""

    def __init__(self, page, url: str):
        self.page, self.errors = page, []
        page.set_default_timeout(SLOWEST)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda m: m.type == "error" and self.errors.append(m.text))
        page.goto(url)
        page.get_by_text("| Idle").wait_for()

    def run_cell(self, number: int) -> None:
        """Click into a cell and run it."""
        self.page.locator(".jp-CodeCell .cm-content").nth(number).click()
        self.page.keyboard.press("Shift+Enter")

    def click(self, button: str) -> None:
        """Click a button of the panel, as soon as it can be."""
        self.page.locator(".binenc-panel button", has_text=button).click()

    def told(self, pattern: str) -> re.Match[str]:
        """Wait for a message of the panel with this in it."""
        line = self.page.locator(".binenc-note[role=status]", has_text=re.compile(pattern))
        return re.search(pattern, line.inner_text())

    def curves(self, condition: str) -> dict[str, int]:
        """Wait until a condition of `curves` holds: their numbers of points, by name."""
        self.page.wait_for_function(f"() => {{ const curves = ({CURVES})(); return {condition}; }}")
        return self.page.evaluate(CURVES)


@pytest.fixture
def lab(browser, tmp_path):
    """JupyterLab with a page open; when it is shut down no process is left, whatever it did."""
    notebook = new_notebook(cells=[*map(new_code_cell, CELLS)], metadata={"kernelspec": KERNEL})
    nbformat.write(notebook, tmp_path / "panel.ipynb")
    with jupyter_lab(tmp_path) as url, browser.new_page() as page:
        yield Lab(page, url)
        assert len(processes(tmp_path)) >= 3  # the server, the kernel and what it has started
    wait_until(lambda: not processes(tmp_path), "the end of its processes")


def processes(folder: Path) -> list[int]:
    """Ids of the processes that keep their runs in a folder."""
    return [int(p.name) for p in Path("/proc").glob("[0-9]*") if _is_of(p, folder)]


def _is_of(process: Path, folder: Path) -> bool:
    try:
        variables = (process / "environ").read_bytes().split(b"\0")
    except OSError:  # it has ended, or is another user's
        return False
    return os.fsencode(f"BINENC_RUNS={folder / 'home' / 'runs'}") in variables


def test_a_training_is_watched_stopped_taken_up_again_and_compared(lab):
    lab.run_cell(0)
    lab.told("has no logged epoch yet. Train begins it.")
    lab.click("Train")
    lab.curves("Object.values(curves)[0] >= 3")
    lab.run_cell(1)
    lab.page.locator(".jp-OutputArea-output", has_text=re.compile(r"^42\s*$")).wait_for()
    lab.click("Stop")  # which cannot be clicked but during a training

    stopped = lab.told(rf"Stopped\. .* for (\d+) of {EPOCHS} .* goes on from epoch (\d+)\.")
    done, start = map(int, stopped.groups())
    assert 3 <= done == start < EPOCHS
    assert lab.curves(f"Object.values(curves)[0] === {done}") == {"digits binary seed 0": done}

    lab.click("Train")
    lab.told(rf"goes on from epoch {done}: \d+ of {EPOCHS} epochs done")
    lab.told(r"^Trained: digits binary seed 0 \(\w+\) is in ")
    lab.curves(f"Object.values(curves)[0] === {EPOCHS}")

    lab.click("Compare")
    lab.page.get_by_label("exact γ").fill("100")
    lab.page.keyboard.press("Tab")
    lab.told("has no logged epoch yet")
    lab.click("Train")
    curves = lab.curves("Object.values(curves)[1] >= 3")
    names = [f"digits binary seed 0, gamma {gamma}" for gamma in ("10.0", "100.0")]
    assert list(curves) == names
    assert curves[names[0]] == EPOCHS
    assert lab.page.locator(".js-plotly-plot .legendtext:visible").all_text_contents() == names
    assert lab.errors == []
