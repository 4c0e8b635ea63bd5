"""Static pictures of the figures, from pages made here."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from binenc_book import browser as browsers
from binenc_book import furniture, pictures

# A figure whose picture has names of its own each time.
SCRIPT = """<script>
const box = document.querySelector(".book-figure"), name = "c" + Math.random();
box.dataset.state = "STATE";
box.bookPicture = async () => `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30">
    <clipPath id="${name}"/><g clip-path="url(#${name})">&#947;</g></svg>`;
</script>"""


@pytest.fixture
def site(tmp_path):
    """A site of one page in a folder, with one figure that is drawn at once."""
    path = tmp_path / "part" / "page.html"
    path.parent.mkdir()
    path.write_text(
        '<meta charset="utf-8"><div class="book-figure" data-name="fig-a" aria-label="a < b">'
        f"{furniture.no_picture_html('part/page', 'fig-a')}<p>γ</p></div>"
        + SCRIPT.replace("STATE", "ready"),
        "utf8",
    )
    return tmp_path


def save(site) -> str:
    """Playwright wants a thread for each browser that is open at the same time."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(pictures.save, site).result()


def test_a_figure_gets_its_picture_the_same_in_every_build(browser, site):
    page, picture = site / "part" / "page.html", site / furniture.FOLDER / "fig-a.svg"
    before, seen = page.read_text("utf8"), []
    for _ in range(2):
        page.write_text(before, "utf8")
        assert save(site) == "static pictures of 1 figures"
        seen.append((page.read_text("utf8"), picture.read_text("utf8")))
    assert seen[0] == seen[1]
    image = '<img src="../_static/figures/fig-a.svg" alt="a &lt; b" width="40" height="30">'
    assert f'<noscript data-figure="fig-a">{image}</noscript><p>γ</p>' in seen[0][0]
    assert 'id="n0"' in seen[0][1] and "url(#n0)" in seen[0][1]


def test_a_figure_that_is_not_drawn_is_an_error(browser, site, monkeypatch):
    monkeypatch.setattr(pictures, "MILLISECONDS", 200)
    page = site / "part" / "page.html"
    page.write_text(page.read_text("utf8").replace('"ready"', '"drawing"'), "utf8")
    with pytest.raises(ValueError, match=r"^part/page, figure fig-a: no picture: "):
        save(site)


def test_without_a_browser_the_pages_stay_as_they_are(site, monkeypatch):
    monkeypatch.setattr(browsers, "PROGRAMS", ("no-such-browser",))
    before = (site / "part" / "page.html").read_bytes()
    assert save(site) == "no static pictures: none of no-such-browser is installed"
    assert (site / "part" / "page.html").read_bytes() == before


def test_names_become_those_of_their_order_and_references_follow():
    svg = '<g id="a1"><use href="#a1"/><g id="a12" style="fill:url(#a12)"/><b d="#a1b"/></g>'
    wanted = '<g id="n0"><use href="#n0"/><g id="n1" style="fill:url(#n1)"/><b d="#a1b"/></g>'
    assert pictures.repeatable(svg) == wanted


def test_a_browser_that_does_not_start_is_told(site, monkeypatch, tmp_path):
    broken = tmp_path / "chromium"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(browsers, "PROGRAMS", (str(broken),))
    assert save(site).startswith(f"no static pictures: {broken} does not start: ")
