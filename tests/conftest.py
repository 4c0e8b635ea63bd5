"""Fixtures of several modules: folders of the test's own, the built book, a browser."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from binenc_core import provenance
from small_runs import use_folders

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture
def own_root(monkeypatch, tmp_path):
    """Runs, campaigns and the project's root in a folder of the test's own."""
    use_folders(monkeypatch, tmp_path)
    monkeypatch.setattr(provenance, "ROOT", tmp_path)


@pytest.fixture(scope="session")
def built_book() -> Path:
    """Folder of the book's HTML, built as `make book` does."""
    command = [sys.executable, "-m", "binenc_book"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=BROWSER_FLAGS)
        yield chromium
        chromium.close()
