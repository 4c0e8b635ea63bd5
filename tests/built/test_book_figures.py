"""The figures of the built pages: what a reader does with them, on screen, on paper, unscripted."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from site_pages import FIGURES, PAGES, draw_figures

pytestmark = pytest.mark.browser

# All that a reader can see of a figure.
SEEN = "async box => box.innerText + await box.bookPicture()"
TRACES = """() => [...document.querySelectorAll(".book-plot")]
    .map(plot => plot.querySelectorAll(".mlayer > *").length)"""


@pytest.fixture(scope="module")
def pages_with_figures(built_book) -> dict[str, str]:
    """Addresses of the pages that have a figure, by name."""
    files = {page: built_book / f"{page}.html" for page in PAGES}
    mark = f'class="{FIGURES[1:]}'
    return {page: path.as_uri() for page, path in files.items() if mark in path.read_text("utf8")}


@pytest.fixture(scope="module")
def opened(pages_with_figures, contexts):
    """Every page that has a figure, with its drawn figures."""
    found = []
    for address in pages_with_figures.values():
        page = contexts["light"].new_page()
        page.goto(address)
        found.append((page, draw_figures(page)))
    yield found
    for page, _ in found:
        page.close()


def each(opened) -> list:
    """Every figure of the book with its page."""
    return [(page, box) for page, boxes in opened for box in boxes]


@pytest.mark.full
def test_sliders_move_by_keyboard_and_change_what_is_shown(opened):
    moved = 0
    for page, box in each(opened):
        for slider in box.query_selector_all("input[type=range]"):
            before = box.evaluate(SEEN)
            at_end = slider.evaluate("input => input.value === input.max")
            slider.press("ArrowLeft" if at_end else "ArrowRight")
            page.wait_for_function(
                f"async ([box, was]) => await ({SEEN})(box) !== was", arg=[box, before]
            )
            moved += 1
    assert moved


@pytest.mark.full
def test_a_figure_gives_the_picture_of_what_it_shows(opened):
    for page, box in each(opened):
        with page.expect_download() as caught:
            box.query_selector(".book-save").click()
        file = caught.value
        assert file.suggested_filename == f"{box.get_attribute('data-name')}.svg"
        text = Path(file.path()).read_text("utf8")
        assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.full
def test_the_legend_hides_an_architecture_in_all_panels(opened):
    found = [
        (box, b)
        for _, box in each(opened)
        for b in box.query_selector_all(".book-legend button")[:1]
    ]
    assert found
    for box, button in found:
        group = button.get_attribute("data-group")
        button.click()
        traces = box.query_selector(".book-plot").evaluate(
            "plot => plot.data.map((t, i) => [t.legendgroup || `trace ${i}`, t.visible])"
        )
        hidden = [visible == "legendonly" for _, visible in traces]
        assert hidden == [owner == group for owner, _ in traces]
        button.click()


@pytest.mark.full
def test_a_page_is_printed_with_figures_that_were_never_seen(pages_with_figures, browser):
    """A browser prints what is there when its `beforeprint` has been handled: it does not wait."""
    context = browser.new_context(viewport={"width": 1000, "height": 100}, color_scheme="dark")
    for address in pages_with_figures.values():
        with context.new_page() as page:
            page.goto(address)
            page.emulate_media(media="print")
            drawn = page.evaluate(
                f"() => {{ dispatchEvent(new Event('beforeprint')); return ({TRACES})(); }}"
            )
            assert all(drawn)
            widths = page.eval_on_selector_all(
                ".book-plot .main-svg", "all => all.map(s => s.clientWidth)"
            )
            assert all(width <= 640 for width in widths)
    context.close()


@pytest.mark.full
def test_without_javascript_each_figure_is_a_picture(pages_with_figures, browser):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    for address in pages_with_figures.values():
        with context.new_page() as page:
            page.goto(address)
            for line in page.query_selector_all(".book-fold > summary"):
                line.click()
            for box in page.query_selector_all(FIGURES):
                picture = box.query_selector("noscript img")
                picture.scroll_into_view_if_needed()
                assert picture.is_visible()
                assert picture.evaluate("img => img.complete && img.naturalWidth") > 300
                assert picture.bounding_box()["width"] <= 390
    context.close()
