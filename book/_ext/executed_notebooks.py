"""Sphinx extension: shows a notebook's page with the outputs of its executed copy."""

from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.util import logging

from binenc_book import executed
from binenc_book.plotly_mime import MIME
from replication.figures.gamma.gamma_explorer import MIME as EXPLORER

log = logging.getLogger(__name__)


def warn(page: str, kind: str, text: str) -> None:
    """Give a warning, which fails a strict build."""
    log.warning(text, type="binenc_book", subtype=kind, location=page)


def plotly_outputs(cell: NotebookNode) -> list[NotebookNode]:
    """The outputs of a code cell that are Plotly figures."""
    return [out for out in cell.outputs if MIME in out.get("data", {})]


def captions(cell: NotebookNode) -> list[str]:
    """The captions that the figures of a code cell carry."""
    metas = [out.data[MIME].get("layout", {}).get("meta") or {} for out in plotly_outputs(cell)]
    metas += [out.data[EXPLORER] for out in cell.outputs if EXPLORER in out.get("data", {})]
    return [meta["caption"] for meta in metas if meta.get("caption")]


def has_text_alone(cell: NotebookNode) -> bool:
    """Whether a code cell gave a text: where there is nothing to plot, a sentence says so."""
    kinds = {kind for out in cell.outputs for kind in out.get("data", {})}
    return "text/markdown" in kinds and not kinds & {MIME, EXPLORER}


def fill_caption(cell: NotebookNode) -> bool:
    """Give a numbered figure the caption that the figure itself carries, if it has none.

    Changes the metadata of a code cell with outputs; a cell that gave a text is no figure. Returns
    whether the cell is fine: it asks for no figure, or its figure has a caption.
    """
    if has_text_alone(cell):
        cell.metadata.get("mystnb", {}).pop("figure", None)
    options = cell.metadata.get("mystnb", {}).get("figure")
    if options is None or options.get("caption"):
        return True
    options["caption"] = next(iter(captions(cell)), "")
    return bool(options["caption"])


def with_outputs(clean: NotebookNode, done: NotebookNode) -> NotebookNode:
    """Put the outputs of an executed copy into the clean notebook.

    Prose and cell metadata are the clean notebook's, so that a change of text needs no new run.
    Of the run's metadata only the language is taken, not what papermill and the widgets left.
    `done` has the same code cells as `clean`, and perhaps one with injected parameters. Changes
    `clean` in place and returns it.
    """
    results = iter([cell for cell in done.cells if cell.cell_type == "code"])
    cells = []
    for cell in clean.cells:
        cells.append(cell)
        if cell.cell_type != "code":
            continue
        result = next(results)
        if executed.is_injected(result):
            cells.insert(-1, result)
            result = next(results)
        cell.outputs, cell.execution_count = result.outputs, result.execution_count
        for output in plotly_outputs(cell):
            output.data = NotebookNode({MIME: output.data[MIME]})
    clean.cells = cells
    clean.metadata.language_info = done.metadata.get("language_info", {"name": "python"})
    return clean


def show_executed(inputs: Callable[[], str], app: Sphinx, page: str, source: list[str]) -> None:
    """Replace the text of a notebook that Sphinx reads by the notebook with its outputs.

    `inputs` gives the digest of what all notebooks read; `source` holds the text of the page as its
    only item, and is changed in place.
    """
    if Path(app.env.doc2path(page)).suffix != ".ipynb":
        return
    root = Path(app.srcdir)
    path = executed.copy_of(root, page)
    app.env.note_dependency(str(path))
    if not path.is_file():
        warn(page, "missing", "the notebook has not been run: make book runs it")
        return
    clean, done = nbformat.reads(source[0], 4), nbformat.read(path, 4)
    if not executed.is_current(done, clean, inputs()):
        warn(page, "stale", "the notebook's outputs are of other code or data: make book renews")
    if [c.source for c in executed.code_cells(done)] != [
        c.source for c in executed.code_cells(clean)
    ]:
        return
    shown = with_outputs(clean, done)
    for number, cell in enumerate(shown.cells):
        if cell.cell_type == "code" and not fill_caption(cell):
            warn(page, "caption", f"cell {number} is a figure without layout.meta.caption")
    source[0] = nbformat.writes(shown)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    # Many pages ask within one build, and the results can be large.
    inputs = cache(partial(executed.inputs_digest, Path(app.srcdir)))
    app.connect("source-read", partial(show_executed, inputs))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
