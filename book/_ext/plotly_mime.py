"""Plotly figures in the pages: a placeholder with inert JSON, which assets/book-plotly.js draws.

Frames, which nobody sees before a slider is moved, are a script of their own.

A figure describes itself in `layout.meta`: `alt` (what a screen reader says), `caption`, `csv`
(its data, as CSV text), `source` (dotted name of the function that draws it), and perhaps `setting`
(how what it shows was trained). The cell that makes it names it (`mystnb: {figure: {name: …}}`), so
that it is numbered.
"""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from docutils import nodes
from sphinx.util import logging

from binenc_book import data_scripts, furniture

MIME = "application/vnd.plotly.v1+json"
BUNDLE = "vendor/plotly/plotly-cartesian.min.js"
META = ("alt", "caption", "csv", "source")
# What the vendored bundle can draw.
TRACES = frozenset(
    (
        *("bar", "box", "contour", "heatmap", "histogram", "histogram2d", "histogram2dcontour"),
        *("image", "pie", "scatter", "scatterternary", "violin"),
    )
)
DEFAULT_HEIGHT = 450
FRAMES_FOLDER = "frames"

log = logging.getLogger(__name__)


def traces(figure: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every trace of a figure, those of its frames included."""
    yield from figure.get("data", ())
    for frame in figure.get("frames", ()):
        yield from frame.get("data", ())


def faults(figure: dict[str, Any]) -> list[str]:
    """Say, in one sentence each, why the book cannot show a figure; empty when it can."""
    # A frame may leave out the type of the trace that it changes.
    foreign = sorted({t.get("type", "scatter") for t in traces(figure)} - TRACES)
    meta = figure.get("layout", {}).get("meta") or {}
    missing = [key for key in META if not str(meta.get(key) or "").strip()]
    found = [
        f"trace type {kind!r} is not in the book's Plotly bundle, which has "
        + ", ".join(sorted(TRACES))
        for kind in foreign
    ]
    if missing:
        found.append(f"layout.meta lacks {', '.join(missing)}; a figure needs {', '.join(META)}")
    return found


def figure_html(figure: dict[str, Any], page: str, name: str, reproduce: str) -> str:
    """Placeholder of a figure and what stands under it: HTML that loads nothing and runs nothing.

    `page` is the Sphinx name of the page, `name` the figure's label, `reproduce` the command that
    makes the figure again.
    """
    meta = figure["layout"]["meta"]
    # The page's script supplies the template, one for light and one for dark; what describes the
    # figure stands around it.
    inside = {k: v for k, v in figure["layout"].items() if k not in ("template", "meta")}
    setting = meta.get("setting", "")
    height = inside.setdefault("height", DEFAULT_HEIGHT)
    # "<" could end the script element.
    kept = {"data": figure["data"], "layout": inside}
    payload = json.dumps(kept, separators=(",", ":")).replace("<", "\\u003c")
    return (
        f'<div class="book-figure" role="group" aria-label="{escape(meta["alt"])}"'
        f' data-name="{name}">'
        f'<script type="application/json">{payload}</script>'
        f'<div class="book-plot" style="min-height:{int(height)}px">'
        f"{furniture.no_picture_html(page, name)}</div>"
        f"{furniture.links_html(page, name, meta['source'], True, reproduce, setting)}</div>"
    )


def frames_script(figure: dict[str, Any], name: str) -> str:
    """The script that leaves a figure's frames where book-plotly.js looks for them."""
    return data_scripts.script("bookFrames", name, figure["frames"])


class PlotlyMime:
    """The myst-nb renderer of Plotly's MIME type, for HTML only."""

    mime_priority_overrides = (("html", MIME, 1),)

    @staticmethod
    def handle_mime(renderer, data, inline: bool) -> list[nodes.Element] | None:
        """Turn one Plotly output into nodes; None leaves other outputs to myst-nb."""
        if data.mime_type != MIME or inline:
            return None
        env = renderer.renderer.sphinx_env
        page = env.docname
        name = data.cell_metadata.get("mystnb", {}).get("figure", {}).get("name")
        found = faults(data.content)
        if not name:
            found.append("a figure needs a number: name it in its cell's metadata, mystnb.figure")
        for fault in found:
            log.warning(fault, type="binenc_book", subtype="figure", location=page)
        if found:
            return [nodes.paragraph(text="This figure cannot be shown.")]
        scripts = [BUNDLE, "book-plotly.js", furniture.SCRIPT]
        if data.content.get("frames"):
            frames = frames_script(data.content, name)
            scripts.insert(1, data_scripts.write(env, FRAMES_FOLDER, name, frames))
        for order, path in enumerate(scripts):
            renderer.add_js_file(path, path, {"defer": "defer", "priority": 400 + order})
        html = figure_html(data.content, page, name, furniture.reproducing(env.srcdir, page))
        node = nodes.raw(text=html, format="html", classes=["output", "plotly"])
        node["book_name"], node[furniture.CSV] = name, data.content["layout"]["meta"]["csv"]
        return [node]
