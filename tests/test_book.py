"""The built book, as a reader meets it: over http and from files, in light and dark."""

import csv
import io
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from bs4 import BeautifulSoup

from binenc_book import executed, toc
from binenc_book.check_site import check
from binenc_book.plotly_mime import MIME

ROOT = Path(__file__).parents[1]
PAGES = toc.pages(ROOT)
NOTEBOOKS = toc.notebooks(ROOT)
EXPLORER = "book/explore"
WITH_FIGURES = [name for name in NOTEBOOKS if name not in ("book/index", EXPLORER)]
THEMES = ("light", "dark")
# Axes alone would be a drawing too.
TRACES_IN_PANELS = """box => [...box.querySelectorAll(".overplot")]
    .map(panel => panel.querySelectorAll(".mlayer > *").length)"""


class QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="session", params=["http", "file"])
def origin(request, built_book):
    """Address of the book's folder."""
    if request.param == "file":
        yield built_book.as_uri()
        return
    handler = partial(QuietHandler, directory=built_book)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def contexts(browser):
    """A browser session per theme, so that pages share its cache."""
    made = {theme: browser.new_context(color_scheme=theme) for theme in THEMES}
    yield made
    for context in made.values():
        context.close()


@pytest.fixture
def watched(contexts, request):
    """A page in the wanted theme that notes its errors and every address it asks for."""
    page = contexts[getattr(request, "param", "light")].new_page()
    page.errors, page.asked = [], []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda m: page.errors.append(m.text) if m.type == "error" else None)
    page.on("request", lambda asked: page.asked.append(asked.url))
    yield page
    page.close()


def draw_figures(page) -> list:
    """Scroll to each figure in turn, as a reader does, and wait until it is drawn."""
    figures = page.query_selector_all(".book-figure")
    for figure in figures:
        figure.scroll_into_view_if_needed()
        page.wait_for_function("box => box.dataset.state === 'ready'", arg=figure)
    return figures


def plotly_figures(name: str) -> list[dict]:
    """The Plotly figures in a page's executed copy."""
    cells = executed.code_cells(nbformat.read(executed.copy_of(ROOT, name), 4))
    outputs = [out for cell in cells for out in cell.outputs]
    return [out.data[MIME] for out in outputs if MIME in out.get("data", {})]


def test_the_site_has_no_fault(built_book):
    assert check(built_book) == []


@pytest.mark.parametrize("name", [name for name in NOTEBOOKS if name != EXPLORER])
def test_every_figure_of_a_notebook_is_on_its_page(built_book, name):
    html = BeautifulSoup((built_book / f"{name}.html").read_bytes(), "html.parser")
    alts = [box["aria-label"] for box in html.select(".book-figure")]
    assert alts == [figure["layout"]["meta"]["alt"] for figure in plotly_figures(name)]


def test_the_book_has_figures(built_book):
    assert sum(len(plotly_figures(name)) for name in NOTEBOOKS) >= 4


@pytest.mark.parametrize("name", WITH_FIGURES)
def test_the_data_of_a_figure_is_a_table(built_book, name):
    assert plotly_figures(name)
    for figure in plotly_figures(name):
        header, *rows = csv.reader(io.StringIO(figure["layout"]["meta"]["csv"]))
        assert rows
        assert {len(row) for row in rows} == {len(header)}


@pytest.mark.browser
@pytest.mark.parametrize("watched", THEMES, indirect=True)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_shown_whole_and_asks_nobody_else(origin, watched, name):
    watched.goto(f"{origin}/{name}.html")
    for figure in draw_figures(watched):
        assert figure.evaluate(TRACES_IN_PANELS)
        assert all(figure.evaluate(TRACES_IN_PANELS))
    if formulas := watched.query_selector_all(".math"):
        watched.wait_for_function(
            "() => [...document.querySelectorAll('.math')]"
            ".every(formula => formula.querySelector('mjx-container'))"
        )
        assert not any(formula.query_selector("[data-mml-node=merror]") for formula in formulas)
    assert watched.errors == []
    local = (f"{origin}/", "data:", "blob:")
    assert [address for address in watched.asked if not address.startswith(local)] == []


@pytest.fixture(scope="module", params=WITH_FIGURES)
def drawn(built_book, contexts, request):
    """A page's drawn figures, opened from a file, each with its Plotly source."""
    page = contexts["light"].new_page()
    page.goto((built_book / f"{request.param}.html").as_uri())
    yield list(zip(draw_figures(page), plotly_figures(request.param), strict=True))
    page.close()


def download(figure, button: str) -> tuple[str, str]:
    """Click a button under a figure; the name and the text of the file it gives."""
    page = figure.owner_frame().page
    with page.expect_download() as caught:
        figure.query_selector(f"text={button}").click()
    file = caught.value
    return file.suggested_filename, Path(file.path()).read_bytes().decode("utf8")


@pytest.mark.browser
def test_a_figure_gives_its_data(drawn):
    for figure, source in drawn:
        meta = source["layout"]["meta"]
        assert download(figure, "Data (CSV)") == (f"{meta['name']}.csv", meta["csv"])


@pytest.mark.browser
def test_a_figure_gives_its_picture(drawn):
    for figure, source in drawn:
        name, text = download(figure, "Picture (SVG)")
        assert name == f"{source['layout']['meta']['name']}.svg"
        assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.browser
def test_the_legend_hides_an_architecture_in_all_panels(drawn):
    first_buttons = [
        (figure, button)
        for figure, _ in drawn
        for button in figure.query_selector_all(".book-legend button")[:1]
    ]
    assert first_buttons
    for figure, button in first_buttons:
        group = button.get_attribute("data-group")
        button.click()
        traces = figure.query_selector(".book-plot").evaluate(
            "plot => plot.data.map((t, i) => [t.legendgroup || `trace ${i}`, t.visible])"
        )
        hidden = [visible == "legendonly" for _, visible in traces]
        assert hidden == [owner == group for owner, _ in traces]


@pytest.mark.browser
def test_search_finds_a_page(origin, watched):
    watched.goto(f"{origin}/search.html?q=encoding")
    watched.wait_for_selector("#search-results li a")


# ---- The γ explorer, of the frozen runs ---------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("watched", THEMES, indirect=True)
def test_the_explorer_goes_from_the_code_to_its_collapse_with_the_keyboard(origin, watched):
    watched.goto(f"{origin}/{EXPLORER}.html")
    draw_figures(watched)
    status = watched.locator(".explorer-status")
    assert status.inner_text().startswith("γ = 10,")
    slider = watched.get_by_role("slider", name="γ")
    slider.press("End")
    assert slider.get_attribute("aria-valuetext") == "γ 1000"
    assert "The code has collapsed" in status.inner_text()
    slider.press("Home")
    assert status.inner_text().startswith("γ = 0,")
    assert watched.errors == []


@pytest.mark.browser
def test_the_explorer_fits_a_telephone(built_book, browser):
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.goto((built_book / f"{EXPLORER}.html").as_uri())
    draw_figures(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    script = "drawings => drawings.map(svg => svg.getBoundingClientRect().right)"
    assert max(page.eval_on_selector_all(".explorer-plot .main-svg", script)) <= 390
    page.close()


def test_the_explorer_s_page_is_small_and_its_data_are_a_file(built_book):
    page = built_book / f"{EXPLORER}.html"
    assert page.stat().st_size < 150_000
    (data,) = (built_book / "_static" / "explorer").glob("*.js")
    assert data.stat().st_size > page.stat().st_size
