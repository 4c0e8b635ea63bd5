"""The figures of the built pages: what a reader does with them, on screen, on paper, unscripted."""

import pytest

from site_pages import FIGURES, PAGES, draw_figures

# All that a reader can see of a figure.
SEEN = "async box => box.innerText + await box.bookPicture()"


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
