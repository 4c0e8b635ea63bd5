"""Static pictures of the figures, for readers without JavaScript, as the finished pages draw them.

A picture is the SVG that a figure's `bookPicture` gives (assets/book-figure.js). It takes the place
of the sentence in the figure's <noscript>.
"""

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from binenc_book import furniture
from binenc_book.browser import NoBrowser, chromium

VIEWPORT = {"width": 1200, "height": 900}
MILLISECONDS = 60_000  # for one figure to be drawn, on a machine that does other things too
# Plotly names elements at random.
ID = re.compile(r'\bid="([^"]+)"')


def save(site: Path) -> str:
    """Save a picture of each figure of a built site, and show it where there is no JavaScript.

    Returns in one line what was done, also where there is no browser to do it. Raises ValueError
    for a figure that is not drawn or gives no picture.
    """
    pages = [p for p in sorted(site.rglob("*.html")) if 'class="book-figure' in p.read_text("utf8")]
    try:
        with chromium() as browser:
            # Who wants no motion is shown the end of a training.
            context = browser.new_context(
                viewport=VIEWPORT, color_scheme="light", reduced_motion="reduce"
            )
            count = sum(_save_page(context, site, path) for path in pages)
    except NoBrowser as error:
        return f"no static pictures: {error}"
    return f"static pictures of {count} figures"


def _save_page(context, site: Path, path: Path) -> int:
    """Save the pictures of one page and show them in it; how many there are."""
    docname = path.relative_to(site).with_suffix("").as_posix()
    text = path.read_text("utf8")
    page = context.new_page()
    page.goto(path.resolve().as_uri())
    page.eval_on_selector_all(".book-fold", "folds => folds.forEach(fold => { fold.open = true; })")
    boxes = page.query_selector_all(".book-figure")
    for box in boxes:
        name, alt = (box.get_attribute(key) or "" for key in ("data-name", "aria-label"))
        where = f"{docname}, figure {name}"
        svg = repeatable(wait_for_figure(page, box, where, "box => box.bookPicture()"))
        root = ElementTree.fromstring(svg)
        width, height = (round(float(root.get(side))) for side in ("width", "height"))
        (site / furniture.FOLDER).mkdir(parents=True, exist_ok=True)
        (site / furniture.FOLDER / f"{name}.svg").write_text(svg, "utf8")
        text = shown(text, name, furniture.picture_html(docname, name, alt, width, height))
    page.close()
    path.write_text(text, "utf8")
    return len(boxes)


def wait_for_figure(page, box, where: str, then: str = "box => undefined") -> Any:
    """Wait until a figure is drawn, and give what the script `then` makes of it.

    Raises ValueError, which says `where`, for a figure that is not drawn or a script that fails.
    """
    from playwright.sync_api import Error  # here only where there is a browser

    try:
        box.scroll_into_view_if_needed()
        ready = "box => box.dataset.state === 'ready'"
        page.wait_for_function(ready, arg=box, timeout=MILLISECONDS)
        return box.evaluate(then)
    except Error as error:
        raise ValueError(f"{where}: no picture: {error.message.splitlines()[0]}") from error


def repeatable(svg: str) -> str:
    """The SVG with its elements named in their order, so that a figure has one picture."""
    for number, name in enumerate(dict.fromkeys(ID.findall(svg))):
        svg = re.sub(rf'(?<=\bid="){re.escape(name)}(?=")', f"n{number}", svg)
        svg = re.sub(rf"(?<=#){re.escape(name)}(?![\w-])", f"n{number}", svg)
    return svg


def shown(text: str, name: str, html: str) -> str:
    """The text of a page with `html` in place of the <noscript> of a figure.

    Raises ValueError where the page does not have exactly one.
    """
    place = re.compile(re.escape(furniture.without_script(name, "\0")).replace("\0", ".*?"), re.S)
    text, count = place.subn(lambda _: html, text)
    if count != 1:
        raise ValueError(f'figure {name} needs one <noscript data-figure="{name}">, not {count}')
    return text
