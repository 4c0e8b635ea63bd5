"""How soon the pages of the built book are there: in headless Chromium, from files and over http.

Each page is opened in a fresh browser session, so that nothing is cached. The figure that counts is
the first one, where it is near enough to the top to be drawn at once.
"""

import statistics
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from binenc_book import toc
from binenc_book.browser import chromium

SITE = Path("_build", "html")
ROUNDS = 3
PAINT_GOAL, FIGURE_GOAL = 0.33, 1.5  # seconds, for the page that a person opens first
MILLISECONDS = 20_000
# Notes when the first figure is ready, in milliseconds since the page was asked for.
WATCH = """new MutationObserver((_, watching) => {
    if (!document.querySelector(".book-figure[data-state=ready]")) return;
    window.firstFigure = performance.now();
    watching.disconnect();
}).observe(document, {subtree: true, childList: true, attributeFilter: ["data-state"]})"""
PAINT = "performance.getEntriesByName('first-contentful-paint').map(entry => entry.startTime)[0]"
NEAR = """() => { const box = document.querySelector(".book-figure");
    return box !== null && box.getBoundingClientRect().top < innerHeight; }"""


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *args):
        """Leave out the line that is printed for each request."""


def opened(browser, address: str) -> tuple[float, float | None]:
    """Seconds until a page is first painted, and until its first figure is drawn.

    None for a page without a figure in its first screen.
    """
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        context.add_init_script(WATCH)
        page = context.new_page()
        page.goto(address)
        page.wait_for_function(f"{PAINT} !== undefined", timeout=MILLISECONDS)
        if not page.evaluate(NEAR):
            return page.evaluate(PAINT) / 1000, None
        page.wait_for_function("window.firstFigure", timeout=MILLISECONDS)
        return page.evaluate(PAINT) / 1000, page.evaluate("window.firstFigure") / 1000


def line(browser, origin: str, page: str) -> str:
    """The medians of a page, as text."""
    paints, figures = zip(
        *(opened(browser, f"{origin}/{page}.html") for _ in range(ROUNDS)), strict=True
    )
    drawn = "none at once"
    if None not in figures:
        drawn = f"{statistics.median(figures):.2f} s"
    return f"first paint {statistics.median(paints):.2f} s, first figure {drawn}"


def main() -> None:
    """Print first paint, first figure and size of each page."""
    if not SITE.is_dir():
        sys.exit(f"no {SITE}: make book builds it")
    serve = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=SITE))
    threading.Thread(target=serve.serve_forever, daemon=True).start()
    origins = {"file": SITE.resolve().as_uri(), "http": f"http://127.0.0.1:{serve.server_port}"}
    print(f"median of {ROUNDS}; goal for the front page: {PAINT_GOAL} s, {FIGURE_GOAL} s")
    with chromium() as browser:
        for page in toc.pages(Path.cwd()):
            size = (SITE / f"{page}.html").stat().st_size
            print(f"{page}, {size / 1000:.0f} KB")
            for name, origin in origins.items():
                print(f"  {name}: {line(browser, origin, page)}", flush=True)
    serve.shutdown()


if __name__ == "__main__":
    main()
