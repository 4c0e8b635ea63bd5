"""The built book as files: what stands in its pages, and what they load."""

import csv
from xml.etree import ElementTree

import nbformat
import pytest

from binenc_book.check_site import check, target
from site_pages import FIGURES, NOTEBOOKS, PAGES, ROOT, html, plotly_figures

# What Plotly draws on.
PLOTLY = ".book-plot, .book-explorer"
SVG = "{http://www.w3.org/2000/svg}svg"
MOST_WORDS = 40  # of a caption


def figures(site) -> list[tuple[str, object]]:
    """Every figure of the book, of every kind, with its page, in reading order."""
    return [(page, box) for page in PAGES for box in html(site, page).select(FIGURES)]


def plotly(site) -> list[tuple[str, object, dict]]:
    """Every Plotly figure with its page and its source."""
    sources = {page: plotly_figures(page) for page in NOTEBOOKS}
    return [
        (page, box, sources[page][box["data-name"]])
        for page, box in figures(site)
        if box.select_one(".book-plot")
    ]


def link(site, page, box, text):
    """The file, and the anchor in it, that a link under a figure leads to."""
    (address,) = [a["href"] for a in box.select(".book-links a") if a.get_text() == text]
    return target(address, site / f"{page}.html"), address.partition("#")[2]


def test_the_site_has_no_fault(built_book):
    assert check(built_book) == []


def test_every_figure_of_a_notebook_is_on_its_page(built_book):
    shown = [(page, box["data-name"]) for page, box, _ in plotly(built_book)]
    assert shown == [(page, name) for page in NOTEBOOKS for name in plotly_figures(page)]
    assert len(shown) >= 8


def test_every_figure_is_described_and_numbered_in_reading_order(built_book):
    numbers = []
    for _, box in figures(built_book):
        assert box["aria-label"].strip()
        around = box.find_parent("figure")
        assert around["id"] == box["data-name"]
        numbers.append(around.select_one("figcaption .caption-number").get_text(strip=True))
        caption = around.select_one("figcaption .caption-text").get_text(" ", strip=True)
        assert 4 <= len(caption.split()) <= MOST_WORDS, caption
    assert numbers == [f"Figure R{n}" for n in range(1, len(numbers) + 1)]


def test_the_data_of_a_figure_is_a_table(built_book):
    for page, box, source in plotly(built_book):
        file, _ = link(built_book, page, box, "Data (CSV)")
        text = file.read_bytes().decode("utf8")
        assert text == source["layout"]["meta"]["csv"]
        header, *rows = csv.reader(text.splitlines())
        assert rows
        assert {len(row) for row in rows} == {len(header)}


def test_a_figure_leads_to_the_clean_notebook_and_its_parameters(built_book):
    for page, box, _ in plotly(built_book):
        file, _ = link(built_book, page, box, "Notebook")
        assert file.read_bytes() == (ROOT / f"{page}.ipynb").read_bytes()
        cells = nbformat.read(file, 4).cells
        (parameters,) = [c for c in cells if "parameters" in c.metadata.get("tags", [])]
        _, anchor = link(built_book, page, box, "Parameters")
        shown = html(built_book, page).find(id=anchor)
        assert shown.get_text().strip() == parameters.source


def test_a_figure_leads_to_the_source_of_the_function_that_draws_it(built_book):
    for page, box, source in plotly(built_book):
        file, anchor = link(built_book, page, box, "Function")
        module, _, function = source["layout"]["meta"]["source"].rpartition(".")
        assert anchor == function
        code = (ROOT / module.replace(".", "/")).with_suffix(".py").read_text("utf8")
        definition = next(line for line in code.splitlines() if line.startswith(f"def {function}("))
        assert definition in html(file.parent, file.stem).find(id=anchor).get_text()


def test_every_figure_has_a_static_picture(built_book, browser):
    for page, box in figures(built_book):
        (picture,) = box.select("noscript img")
        assert picture["alt"] == box["aria-label"]
        file = target(picture["src"], built_book / f"{page}.html")
        root = ElementTree.fromstring(file.read_bytes())
        assert root.tag == SVG
        sizes = [(root.get(side), picture[side]) for side in ("width", "height")]
        assert all(float(own) == pytest.approx(float(given), abs=1) for own, given in sizes)


def test_the_libraries_are_loaded_once_and_only_where_needed(built_book):
    found = {"plotly-cartesian": set(), "tex-svg": set()}
    for path in sorted(built_book.rglob("*.html")):
        page = html(path.parent, path.stem)
        for library, needed in (("plotly-cartesian", PLOTLY), ("tex-svg", ".math")):
            loaded = [s["src"] for s in page.select("script[src]") if library in s["src"]]
            assert len(loaded) == (page.select_one(needed) is not None), (path, loaded)
            found[library] |= {target(address, path) for address in loaded}
    assert all(len(files) == 1 for files in found.values())
