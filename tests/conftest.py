"""Fixtures of several modules: folders of the test's own, the built book, a browser."""

import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from filelock import FileLock
from xdist.scheduler import LoadFileScheduling

from binenc_book.browser import NoBrowser, chromium
from replication.base import provenance
from small_runs import use_folders

ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(items):
    """Let one process begin with the book's build, which takes as long as many tests.

    The others go on with what needs no book, and all other tests of the book come last. Of a test
    that is sampled all cases but the first are `full`. What asks for a browser is `browser`.
    """
    seen = set()
    for item in items:
        if "browser" in item.fixturenames:
            item.add_marker(pytest.mark.browser)
        if item.get_closest_marker("sampled"):
            name = (item.path, item.originalname)
            if name in seen:
                item.add_marker(pytest.mark.full)
            seen.add(name)
    items.sort(key=lambda item: item.path.parent.name == "built")
    items.sort(key=lambda item: item.path.name != "test_book.py")


class Scheduling(LoadFileScheduling):
    """A module's tests in one process, but those that open a page of the book in whichever is free.

    They come last, and would keep one process busy when the others have nothing left to do.
    """

    def _split_scope(self, nodeid):
        return nodeid if "test_book_pages.py" in nodeid else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return Scheduling(config, log)


@pytest.fixture
def own_folders(monkeypatch, tmp_path):
    """Runs and campaigns in a folder of the test's own."""
    use_folders(monkeypatch, tmp_path)


@pytest.fixture
def own_root(own_folders, monkeypatch, tmp_path):
    """The project's root there too."""
    monkeypatch.setattr(provenance, "ROOT", tmp_path)


@pytest.fixture
def one_thread():
    """As the processes of a campaign train: other numbers of threads round sums otherwise."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def built_book(tmp_path_factory, worker_id) -> Path:
    """Folder of the book's HTML, built as `make book` does, once for all processes of the tests."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    with FileLock(shared / "book.lock"):
        log = shared / "book.log"
        if not log.exists():
            command = [sys.executable, "-m", "binenc_book"]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
            log.write_text(f"{done.returncode}\n{done.stdout}{done.stderr}", "utf8")
    code, _, said = log.read_text("utf8").partition("\n")
    assert code == "0", said
    return ROOT / "_build" / "html"


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium."""
    with ExitStack() as stack:
        try:
            opened = stack.enter_context(chromium())
        except NoBrowser as error:
            pytest.skip(f"no browser: {error}")
        yield opened


@pytest.fixture(scope="session")
def contexts(browser):
    """A browser session per theme, so that pages share its cache."""
    made = {theme: browser.new_context(color_scheme=theme) for theme in ("light", "dark")}
    yield made
    for context in made.values():
        context.close()
