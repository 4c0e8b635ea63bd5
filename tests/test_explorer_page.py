"""The γ explorer in a page: its placeholder and data, and what its controls do in a browser."""

from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import sphinx_page
from binenc_book import executed, furniture
from binenc_book.executed_notebooks import fill_caption
from binenc_book.explorer_mime import data_script, explorer_html
from binenc_book.plotly_mime import BUNDLE
from made_sweeps import DIMENSIONS, EPOCHS, STD, made_sweep
from replication.explore import TRAINER
from replication.figures.gamma.gamma_data import data
from replication.figures.gamma.gamma_explorer import MIME, figure
from site_pages import watch

ASSETS = Path(__file__).parents[1] / "book" / "assets"
SVG = "{http://www.w3.org/2000/svg}"


NAME = "fig-e"
# In the order in which a page loads them, its data between the last two.
SCRIPTS = (BUNDLE, "book-plotly.js", "explorer.js")


def placeholder(content: dict) -> str:
    """The HTML of an explorer on a page of the root folder."""
    return explorer_html(content, "index", NAME, "papermill index.ipynb out.ipynb")


def content_of(folder: Path, **changes) -> dict:
    return figure(data(made_sweep(folder, **changes))).content


# ---- The page's HTML and its data ---------------------------------------------------------------


def test_the_placeholder_holds_no_data_and_survives_its_words(tmp_path):
    nasty = 'a "<b>" & </div>'
    content = content_of(tmp_path) | {"alt": nasty}
    html = BeautifulSoup(placeholder(content), "html.parser")
    (box,) = html.select(".book-figure")
    assert (box["role"], box["aria-label"], box["data-name"]) == ("group", nasty, NAME)
    assert html.noscript["data-figure"] == NAME
    assert len(str(html)) < 2000


@pytest.fixture
def make_page(tmp_path):
    """Builds a page of one numbered output with Sphinx; gives its soup and the output folder."""

    def make(content: dict):
        source = tmp_path / "source"
        source.mkdir(exist_ok=True)
        output = new_output("display_data", data={MIME: content, "text/plain": "fallback"})
        cell = new_code_cell(
            "show(runs)", outputs=[output], metadata={"mystnb": {"figure": {"name": NAME}}}
        )
        assert fill_caption(cell)
        cells = [new_markdown_cell("# Title\n\n{numref}`fig-e`"), cell]
        notebook = new_notebook(cells=cells, metadata={"language_info": {"name": "python"}})
        nbformat.write(notebook, source / "index.ipynb")
        copy = executed.copy_of(source, "index")
        copy.parent.mkdir(parents=True, exist_ok=True)
        executed.write_record(notebook, {"gamma": 3}, "stamp", 1.0)
        nbformat.write(notebook, copy)
        page, warnings = sphinx_page.build(tmp_path)
        assert warnings == ""
        return page, tmp_path / "out"

    return make


def test_the_page_loads_the_data_after_plotly_and_before_the_explorer(tmp_path, make_page):
    content = content_of(tmp_path)
    page, out = make_page(content)
    assert len(page.select(".book-explorer")) == 1
    data_file = f"explorer/{NAME}.js"
    loaded = [tag["src"].split("?")[0] for tag in page.select("script[src][defer]")]
    expected = [*SCRIPTS[:-1], data_file, SCRIPTS[-1], furniture.SCRIPT]
    assert [src.removeprefix("_static/") for src in loaded][-5:] == expected
    assert (out / "_static" / data_file).read_text("utf8") == data_script(content, NAME)
    assert "-p gamma 3" in page.select_one(".book-links pre").get_text()
    assert page.select_one("figcaption").get_text(" ").strip().startswith("Fig. 1")
    assert content["caption"][:30] in page.select_one("figcaption").get_text()
    assert content["data"]["histograms"][:50] not in str(page)


def test_without_frozen_runs_the_page_has_the_trainer(make_page):
    page, out = make_page(TRAINER.content)
    assert page.select_one("figure .trainer")["data-name"] == NAME
    assert not page.select(".book-explorer")
    assert not (out / "_static" / "explorer").exists()


# ---- In a browser -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def open_page(browser, tmp_path_factory):
    """Opens an explorer from a file, in a window of some width."""
    pages = []

    def show(width: int = 1000, diverged: int | None = None):
        folder = tmp_path_factory.mktemp("explorer")
        content = content_of(folder, diverged=diverged)
        (folder / "data.js").write_text(data_script(content, NAME), "utf8")
        scripts = [(ASSETS / name).as_uri() for name in SCRIPTS]
        files = (*scripts[:-1], "data.js", scripts[-1], (ASSETS / furniture.SCRIPT).as_uri())
        tags = [f'<script defer src="{file}"></script>' for file in files]
        styles = [
            f'<link rel="stylesheet" href="{(ASSETS / name).as_uri()}">'
            for name in ("book.css", "explorer.css")
        ]
        (folder / "page.html").write_text(
            '<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8">'
            f"<title>e</title>{''.join(styles + tags)}<body>{placeholder(content)}</body>",
            "utf8",
        )
        page = watch(browser.new_page(viewport={"width": width, "height": 900}))
        page.content_shown = content
        page.goto((folder / "page.html").as_uri())
        page.wait_for_selector(".book-explorer[data-state=ready]")
        pages.append(page)
        return page

    yield show
    for page in pages:
        page.close()


@pytest.fixture
def explorer(open_page):
    page = open_page()
    yield page
    assert page.errors == []


OVERVIEW, ACCURACY, HISTOGRAM, SIZE, CODES, DISTANCES = range(6)
VIEWS = {OVERVIEW, ACCURACY, HISTOGRAM, SIZE, CODES, DISTANCES}


def drawn(page) -> list[str]:
    """What each view shows, as JSON."""
    return page.eval_on_selector_all(
        ".explorer-plot",
        """plots => plots.map(({ data, layout: { title, shapes, xaxis, yaxis } }) =>
            JSON.stringify([data, title, shapes, xaxis.range, yaxis.range]))""",
    )


def data_of(page, view: int):
    return page.eval_on_selector_all(
        ".explorer-plot", f"plots => JSON.parse(JSON.stringify(plots[{view}].data))"
    )


def slider(page, label: str):
    return page.get_by_role("slider", name=label)


def settle(page) -> None:
    """Wait until the frame after the next one: what was asked for has been drawn."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def press(page, label: str, key: str) -> set[int]:
    """Press a key on a slider; which views it changed."""
    before = drawn(page)
    slider(page, label).press(key)
    settle(page)
    return {i for i, (one, two) in enumerate(zip(before, drawn(page), strict=True)) if one != two}


def status(page) -> str:
    return page.inner_text(".explorer-status")


def cell(page, quantity: str, column: int) -> str:
    return (
        page.locator(".explorer-numbers tr", has_text=quantity)
        .locator("td")
        .nth(column)
        .inner_text()
    )


def test_opens_with_the_story_told(explorer):
    sentences = explorer.content_shown["data"]["sentences"]
    assert status(explorer) == sentences[1][-1]
    assert "The code is whole" in status(explorer)
    assert slider(explorer, "γ").get_attribute("aria-valuetext") == "γ 10"
    assert slider(explorer, "epoch").get_attribute("aria-valuetext") == f"epoch {EPOCHS[-1]}"
    named = {t["name"]: t["y"] for t in data_of(explorer, OVERVIEW) if "line" in t["mode"]}
    assert named["test accuracy"] == pytest.approx([0.9705, 0.9805, 0.1005])
    assert named["agreement"] == pytest.approx([0.3, 0.97, 0.99])
    assert named["codes / 10"] == pytest.approx([1, 1, 0.1])


def test_the_sliders_change_the_words_and_every_view_that_they_concern(explorer):
    words = status(explorer)
    assert press(explorer, "dimension", "ArrowRight") == {HISTOGRAM, CODES}
    slider(explorer, "dimension").press("End")
    assert slider(explorer, "dimension").input_value() == str(DIMENSIONS - 1)
    assert press(explorer, "γ", "End") == VIEWS
    assert status(explorer) != words
    assert press(explorer, "epoch", "ArrowLeft") == VIEWS
    assert f"epoch {EPOCHS[-2]}" in status(explorer)


def test_the_numbers_are_those_of_the_runs(explorer):
    press(explorer, "γ", "Home")
    assert [cell(explorer, "Test accuracy", i) for i in range(3)] == [
        "97.05 %",
        "97.00 %",
        "97.10 %",
    ]
    assert cell(explorer, "Whole-code agreement", 0) == "30.00 %"
    assert cell(explorer, "Distinct codes", 1) == "10"
    assert cell(explorer, "Size of x", 0) == "2"
    press(explorer, "γ", "End")
    assert cell(explorer, "Size of x", 0) == "0.001"


def test_the_largest_gamma_shows_the_collapse(explorer):
    press(explorer, "γ", "End")
    assert "The code has collapsed" in status(explorer)
    (distances,) = data_of(explorer, DISTANCES)
    assert all(d in (0, None) for row in distances["z"] for d in row)
    (codes,) = data_of(explorer, CODES)
    assert all(f == pytest.approx(0.6, abs=1 / 255) for row in codes["z"] for f in row)
    (bars,) = data_of(explorer, HISTOGRAM)
    assert bars["width"] == pytest.approx(0.1 * STD[1000.0])
    assert max(bars["y"]) == pytest.approx(1)


def test_the_distances_are_the_codes(explorer):
    (distances,) = data_of(explorer, DISTANCES)
    expected = [[None if i == j else (i ^ j).bit_count() for j in range(10)] for i in range(10)]
    assert distances["z"] == expected


def test_the_histogram_can_share_one_axis_with_every_gamma(explorer):
    def reach():
        script = f"plots => plots[{HISTOGRAM}].layout.xaxis.range"
        return explorer.eval_on_selector_all(".explorer-plot", script)

    zoomed = reach()
    assert zoomed[1] == pytest.approx(3 * STD[10.0], rel=0.1)
    explorer.get_by_label("one x axis for every γ").press("Space")
    settle(explorer)
    assert reach() == pytest.approx([-3 * STD[0.0], 3 * STD[0.0]])
    press(explorer, "γ", "End")
    assert reach() == pytest.approx([-3 * STD[0.0], 3 * STD[0.0]])


def test_follows_the_theme_and_prints_in_the_light_one(explorer):
    def colors():
        script = "plots => plots.map(plot => plot._fullLayout.font.color)"
        return set(explorer.eval_on_selector_all(".explorer-plot", script))

    def width():
        return explorer.eval_on_selector(".explorer-views", "views => views.clientWidth")

    light, wide = colors(), width()
    explorer.evaluate("document.documentElement.dataset.theme = 'dark'")
    settle(explorer)
    dark = colors()
    assert len(light) == len(dark) == 1
    assert light != dark
    explorer.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert (colors(), width()) == (light, 640)
    explorer.evaluate("dispatchEvent(new Event('afterprint'))")
    assert (colors(), width()) == (dark, wide)


def test_fits_a_telephone(open_page):
    page = open_page(width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    script = "drawings => drawings.map(svg => svg.getBoundingClientRect().right)"
    assert max(page.eval_on_selector_all(".main-svg", script)) <= 390
    assert press(page, "γ", "ArrowRight") == VIEWS
    assert page.errors == []


def test_gives_its_picture(explorer):
    explorer.evaluate("document.documentElement.dataset.theme = 'dark'")
    with explorer.expect_download() as caught:
        explorer.click("text=Picture (SVG)")
    assert caught.value.suggested_filename == f"{NAME}.svg"
    picture = ElementTree.fromstring(Path(caught.value.path()).read_text("utf8"))
    assert picture.find(f"{SVG}rect").get("fill") == "#ffffff"
    assert len(picture.findall(f"{SVG}svg")) == len(VIEWS)
    words = " ".join(text.text for text in picture.findall(f"{SVG}text"))
    assert words == status(explorer)


def test_a_diverged_run_leaves_its_place_empty_and_is_told(open_page):
    page = open_page(diverged=7)
    assert press(page, "γ", "End")
    assert "Seed 0 diverged in epoch 7" in status(page)
    assert cell(page, "Test accuracy", 1) == "–"
    assert cell(page, "Test accuracy", 2) == "10.10 %"
    for view in (HISTOGRAM, CODES, DISTANCES):
        assert data_of(page, view) == []
    press(page, "epoch", "ArrowLeft")
    assert data_of(page, HISTOGRAM) != []
    assert page.errors == []
