"""The pages of the built book, for the tests that open them."""

from pathlib import Path

import nbformat
from bs4 import BeautifulSoup

from binenc_book import executed, toc
from binenc_book.plotly_mime import MIME

ROOT = Path(__file__).parents[1]
PAGES = toc.pages(ROOT)
NOTEBOOKS = toc.notebooks(ROOT)
FIGURES = ".book-figure"


def html(site: Path, page: str) -> BeautifulSoup:
    """A page of the built book."""
    return BeautifulSoup((site / f"{page}.html").read_bytes(), "html.parser")


def plotly_figures(page: str) -> dict[str, dict]:
    """The Plotly figures in a page's executed copy, by their labels."""
    cells = nbformat.read(ROOT / f"{page}.ipynb", 4)
    names = [c.metadata.get("mystnb", {}).get("figure", {}) for c in executed.code_cells(cells)]
    done = executed.code_cells(nbformat.read(executed.copy_of(ROOT, page), 4))
    return {
        name.get("name"): out.data[MIME]
        for name, cell in zip(names, done, strict=True)
        for out in cell.outputs
        if MIME in out.get("data", {})
    }


def watch(page):
    """Have a page note its errors and every address it asks for."""
    page.errors, page.asked = [], []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
    page.on("request", lambda asked: page.asked.append(asked.url))
    return page


def draw_figures(page) -> list:
    """Scroll to each figure in turn, as a reader does, and wait until it is drawn."""
    page.evaluate("document.querySelectorAll('.book-fold').forEach(fold => { fold.open = true })")
    figures = page.query_selector_all(FIGURES)
    for figure in figures:
        figure.scroll_into_view_if_needed()
        page.wait_for_function("box => box.dataset.state === 'ready'", arg=figure)
    return figures
