"""Every page as a reader meets it: over http and from files, in light and dark, on a phone."""

import pytest

from served_files import serving
from site_pages import PAGES, ROOT, draw_figures, watch

SCREENSHOTS = ROOT / "_build" / "screenshots"
AXE = (ROOT / "tests" / "vendor" / "axe-core" / "axe.min.js").read_text("utf8")
# What axe-core finds in the theme itself.
KNOWN = {"label-content-name-mismatch", "region"}
# Without `preload` axe does not ask for style sheets once more, which a file may not.
VIOLATIONS = """async () =>
    (await axe.run(document, {preload: false, resultTypes: ["violations"]})).violations
    .map(({id, nodes}) => [id, nodes.map(({html, failureSummary}) => html + failureSummary)])"""
# Axes alone would be a drawing too.
TRACES_IN_PANELS = """box => [...box.querySelectorAll(".overplot")]
    .map(panel => panel.querySelectorAll(".mlayer > *").length)"""
WIDTH = "document.documentElement.scrollWidth"


@pytest.fixture(scope="module")
def origin(request, built_book):
    """Address of the book's folder, which lies on a disk ("file") or is served ("http")."""
    if request.param == "file":
        yield built_book.as_uri()
        return
    with serving(built_book) as address:
        yield address


@pytest.fixture
def light(contexts):
    with watch(contexts["light"].new_page()) as page:
        yield page


def violations(page) -> list:
    """What axe-core finds on a page that is not the theme's."""
    page.evaluate(AXE)
    return [found for found in page.evaluate(VIOLATIONS) if found[0] not in KNOWN]


def picture(page, name: str, kind: str) -> None:
    """A picture of the whole page, for people to look at."""
    page.evaluate("scrollTo(0, 0)")
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    file = SCREENSHOTS / f"{name.replace('/', '-')}-{kind}.png"
    page.screenshot(path=file, full_page=True)


@pytest.mark.parametrize(
    ("origin", "theme"),
    [
        ("file", "light"),
        pytest.param("file", "dark", marks=pytest.mark.full),
        pytest.param("http", "light", marks=pytest.mark.full),
    ],
    indirect=["origin"],
)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_shown_whole_and_asks_nobody_else(origin, contexts, name, theme):
    with watch(contexts[theme].new_page()) as page:
        page.goto(f"{origin}/{name}.html")
        for figure in draw_figures(page):
            assert figure.bounding_box()["height"] > 100
            if figure.query_selector(".book-plot"):
                assert figure.evaluate(TRACES_IN_PANELS)
                assert all(figure.evaluate(TRACES_IN_PANELS))
        if formulas := page.query_selector_all(".math"):
            page.wait_for_function(
                "() => [...document.querySelectorAll('.math')]"
                ".every(formula => formula.querySelector('mjx-container'))"
            )
            assert not any(formula.query_selector("[data-mml-node=merror]") for formula in formulas)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        local = (f"{origin}/", "data:", "blob:")
        assert [address for address in page.asked if not address.startswith(local)] == []
        if origin.startswith("file"):
            assert violations(page) == []
            picture(page, name, theme)
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate(WIDTH) <= 390
        if (origin.partition(":")[0], theme) == ("file", "light"):
            picture(page, name, "narrow")
        assert page.errors == []


@pytest.mark.full
def test_the_pages_that_sphinx_adds_are_sound_too(built_book, contexts):
    made = {
        path.relative_to(built_book).with_suffix("").as_posix(): path
        for path in built_book.rglob("*.html")
    }
    added = sorted(made.keys() - {*PAGES, "index"})  # index.html forwards to the first page
    assert "search" in added and any(name.startswith("_modules/") for name in added)
    for theme, width in (("light", 390), ("dark", 1280)):
        for name in added:
            with watch(contexts[theme].new_page()) as page:
                page.set_viewport_size({"width": width, "height": 844})
                page.goto(made[name].as_uri())
                assert page.evaluate(WIDTH) <= width, name
                assert violations(page) == [], name
                assert page.errors == [], name


@pytest.mark.parametrize(
    "origin", [pytest.param("http", marks=pytest.mark.full), "file"], indirect=True
)
def test_search_finds_a_page(origin, light):
    light.goto(f"{origin}/search.html?q=encoding")
    light.wait_for_selector("#search-results li a")
    assert light.errors == []
