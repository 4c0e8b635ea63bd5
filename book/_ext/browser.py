"""Headless Chromium, for the pictures of the book and for its tests."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


class NoBrowser(RuntimeError):
    """There is no browser to open, and why."""


@contextmanager
def chromium() -> Iterator:
    """A running headless browser, as Playwright's Browser.

    Raises NoBrowser, naming what is missing, where Playwright or the program is not installed.
    """
    try:
        # A light installation, for reading only, has no Playwright.
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise NoBrowser("Playwright is not installed") from error
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise NoBrowser(f"none of {', '.join(PROGRAMS)} is installed")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        except Error as error:
            raise NoBrowser(f"{program} does not start: {error.message.splitlines()[0]}") from error
        try:
            yield browser
        finally:
            browser.close()
