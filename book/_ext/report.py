"""The command that makes one PDF of the built book: python -m binenc_book.report."""

import io
import sys
from pathlib import Path

from binenc_book import toc
from binenc_book.browser import NoBrowser, chromium
from binenc_book.build import SITE
from binenc_book.pictures import wait_for_figure
from replication.base import console
from replication.base.files import whole_file

REPORT = Path("_build", "report.pdf")
SCALE = 0.75
MARGIN = {"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}
FOOTER = (
    '<div style="width: 100%; padding: 0 16mm; font: 8px sans-serif; color: #606060; '
    'display: flex; justify-content: space-between"><span class="title"></span>'
    '<span class="pageNumber"></span></div>'
)
# A reader on paper sees everything; a link to a file of this machine leads nowhere.
OPEN = """() => {
  for (const fold of document.querySelectorAll("details")) {
    fold.open = fold.matches(".book-fold");
  }
  for (const link of document.querySelectorAll("a[href]")) {
    if (link.protocol === "file:") link.removeAttribute("href");
  }
}"""


def save(site: Path, pages: list[str], target: Path) -> str:
    """Print pages of a built site, by their names, one after the other into a PDF; what was done.

    Raises NoBrowser where there is none, ValueError for a figure that is not drawn, OSError where
    the site is not built.
    """
    from pypdf import PdfReader, PdfWriter  # a light installation does without

    whole = PdfWriter()
    with chromium() as browser:
        context = browser.new_context(color_scheme="light", reduced_motion="reduce")
        for name in pages:
            title, content = _printed(context, site, name)
            whole.append(PdfReader(io.BytesIO(content)), outline_item=title)
    whole.compress_identical_objects()
    with whole_file(target) as draft:
        whole.write(draft)
    return f"{target}: {len(pages)} chapters, {len(whole.pages)} pages"


def _printed(context, site: Path, name: str) -> tuple[str, bytes]:
    """Title and PDF of a page."""
    file = site / f"{name}.html"
    if not file.is_file():
        raise FileNotFoundError(f"{file} is not there: run make book first")
    page = context.new_page()
    page.goto(file.resolve().as_uri())
    page.evaluate(OPEN)
    for box in page.query_selector_all(".book-figure"):
        wait_for_figure(page, box, name)
    title = page.locator("h1").first.evaluate("head => head.firstChild.textContent.trim()")
    page.evaluate("title => { document.title = title; }", title)
    printed = {"print_background": True, "display_header_footer": True, "margin": MARGIN}
    content = page.pdf(
        format="A4", scale=SCALE, header_template="<span></span>", footer_template=FOOTER, **printed
    )
    page.close()
    return title, content


def main() -> int:
    """Print the book of the current folder; 0 for done, 1 with one line why not."""
    console.prepare()
    try:
        print(f"book: {save(SITE, toc.pages(Path.cwd()), REPORT)}")
    except (NoBrowser, ValueError, OSError) as error:
        print(f"book: no PDF: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
