"""What stands under every figure of the book, and the Sphinx extension that its links lead to.

A figure is an element `.book-figure` with its name in `data-name`: the label by which the text
refers to it, and the stem of its files in `_static/figures`.
"""

import shlex
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from sphinx.application import Sphinx

from binenc_book import executed

FOLDER = Path("_static", "figures")
# Makes the picture's button; every page with a figure loads it, deferred.
SCRIPT = "book-figure.js"
# Anchor of a page's cell of parameters.
PARAMETERS = "parameters"
# Attribute of a node: the text of its figure's CSV.
CSV = "book_csv"


def csv_address(page: str, name: str) -> str:
    """Address of a figure's CSV, relative to the page."""
    return _from(page, FOLDER / f"{name}.csv")


def static_address(page: str, path: str) -> str:
    """Address of a file of the site's static folder, relative to the page."""
    return _from(page, Path("_static", path))


def _from(page: str, target: Path) -> str:
    return "../" * page.count("/") + target.as_posix()


def command(page: str, parameters: Mapping[str, Any]) -> str:
    """The command, from the project's root, that runs a page's notebook with these parameters."""
    words = [".venv/bin/papermill", f"{page}.ipynb", "out.ipynb"]
    for name, value in parameters.items():
        words += ["-p", name, str(value)]
    return shlex.join(words)


def reproducing(root: str | Path, page: str) -> str:
    """The command that runs a page's notebook as it was run for the book in the folder `root`."""
    done = nbformat.read(executed.copy_of(Path(root), page), 4)
    return command(page, executed.read_record(done)["parameters"])


def without_script(name: str, content: str) -> str:
    """What a reader without JavaScript sees in place of a figure."""
    return f'<noscript data-figure="{name}">{content}</noscript>'


def no_picture_html(page: str, name: str, csv: bool = True) -> str:
    """What stands in place of a figure's static picture until pictures.py has taken it."""
    data = f' Its <a href="{csv_address(page, name)}" download>data</a> are here.' if csv else ""
    return without_script(name, f"<p>This figure is drawn by JavaScript.{data}</p>")


def picture_html(page: str, name: str, alt: str, width: int, height: int) -> str:
    """A figure's static picture, for readers without JavaScript; its size is in pixels."""
    address = _from(page, FOLDER / f"{name}.svg")
    return without_script(
        name, f'<img src="{address}" alt="{escape(alt)}" width="{width}" height="{height}">'
    )


def links_html(
    page: str,
    name: str,
    source: str,
    csv: bool = True,
    reproduce: str = "",
    setting: str = "",
) -> str:
    """A figure's data, picture, address, notebook, parameters, function, and how it is made again.

    `page` is the Sphinx name of the page, `source` the dotted name of the function that draws the
    figure, or an address; `csv` says whether the figure has a file of data. Figures made by a
    notebook have `reproduce`, a command, and `setting`, how what they show was trained.
    """
    links = []
    if csv:
        links.append(f'<a href="{csv_address(page, name)}" download>Data (CSV)</a>')
    # Saves what the figure shows at the moment, so it needs the script.
    links.append('<button type="button" class="book-save" hidden>Picture (SVG)</button>')
    # As book-link.js reads and writes it.
    links.append('<button type="button" class="book-copy" hidden>Copy link</button>')
    if reproduce:
        notebook = _from(page, Path("_sources", f"{page}.ipynb"))
        links += [
            f'<a href="{notebook}" download>Notebook</a>',
            f'<a href="#{PARAMETERS}">Parameters</a>',
        ]
    links.append(f'<a href="{_source_address(page, source)}">Function</a>')
    if reproduce:
        links.append(
            f"<details><summary>Reproduce</summary><p>{escape(setting)}</p>"
            "<p>From the root of the project:</p>"
            f'<div class="highlight"><pre>{escape(reproduce)}</pre></div></details>'
        )
    return f'<div class="book-links">{"".join(links)}</div>'


def _source_address(page: str, source: str) -> str:
    """Where the site shows a function's source, as sphinx.ext.viewcode writes it."""
    if "/" in source:
        return source
    module, _, function = source.rpartition(".")
    return _from(page, Path("_modules", *module.split(".")).with_suffix(".html")) + f"#{function}"


def mark_parameters(app: Sphinx, doctree: nodes.document) -> None:
    """Give a notebook's cell of parameters an anchor; a browser opens it where it is folded."""
    for cell in doctree.findall(nodes.container):
        if "tag_parameters" in cell["classes"]:
            sources = [c for c in cell.children if c.get("nb_element") == "cell_code_source"]
            (sources or [cell])[0]["ids"].append(PARAMETERS)


def tables(doctree: nodes.document) -> Iterator[tuple[str, str]]:
    """Name and CSV text of each figure on a page."""
    for node in doctree.findall(nodes.raw):
        if CSV in node:
            yield node["book_name"], node[CSV]


def write_tables(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Write the data of a page's figures into the site."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir, FOLDER)
    for name, text in tables(doctree):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.csv").write_text(text, encoding="utf8", newline="")


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("doctree-read", mark_parameters)
    app.connect("doctree-resolved", write_tables)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
