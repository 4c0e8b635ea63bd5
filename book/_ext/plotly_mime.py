"""Plotly figures in the pages: a placeholder with inert JSON, which assets/book-plotly.js draws.

A figure describes itself in `layout.meta`: `alt` (what a screen reader says), `caption`,
`name` (file stem of its downloads) and `csv` (its data, as CSV text).
"""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

from docutils import nodes
from sphinx.util import logging

MIME = "application/vnd.plotly.v1+json"
BUNDLE = "vendor/plotly/plotly-cartesian.min.js"
META = ("alt", "caption", "name", "csv")
# What the vendored bundle can draw.
TRACES = frozenset(
    (
        *("bar", "box", "contour", "heatmap", "histogram", "histogram2d", "histogram2dcontour"),
        *("image", "pie", "scatter", "scatterternary", "violin"),
    )
)
DEFAULT_HEIGHT = 450

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


def figure_html(figure: dict[str, Any]) -> str:
    """Placeholder of a figure: HTML that loads nothing and runs nothing."""
    kept = {key: figure[key] for key in ("data", "layout", "frames") if key in figure}
    # The page's script supplies the template, one for light and one for dark.
    kept["layout"] = {k: v for k, v in figure.get("layout", {}).items() if k != "template"}
    # "<" could end the script element.
    payload = json.dumps(kept, separators=(",", ":")).replace("<", "\\u003c")
    alt = escape(kept["layout"]["meta"]["alt"])
    height = int(kept["layout"].get("height") or DEFAULT_HEIGHT)
    return (
        f'<div class="book-figure" role="group" aria-label="{alt}">'
        f'<script type="application/json">{payload}</script>'
        f'<div class="book-plot" style="height:{height}px"></div>'
        "<noscript><p>This interactive figure needs JavaScript.</p></noscript></div>"
    )


class PlotlyMime:
    """The myst-nb renderer of Plotly's MIME type, for HTML only."""

    mime_priority_overrides = (("html", MIME, 1), ("dirhtml", MIME, 1))

    @staticmethod
    def handle_mime(renderer, data, inline: bool) -> list[nodes.Element] | None:
        """Turn one Plotly output into nodes; None leaves other outputs to myst-nb."""
        if data.mime_type != MIME or inline:
            return None
        page = renderer.renderer.sphinx_env.docname
        for fault in (found := faults(data.content)):
            log.warning(fault, type="binenc_book", subtype="figure", location=page)
        if found:
            return [nodes.paragraph(text="This figure cannot be shown.")]
        for order, path in enumerate((BUNDLE, "book-plotly.js")):
            renderer.add_js_file(path, path, {"defer": "defer", "priority": 400 + order})
        html = figure_html(data.content)
        figure = nodes.raw(text=html, format="html", classes=["output", "plotly"])
        if "figure" in data.cell_metadata.get("mystnb", {}):
            return [figure]  # numbered: executed_notebooks.py gives it its caption
        return [figure, _caption(renderer, data)]


def _caption(renderer, data) -> nodes.container:
    caption = nodes.container(classes=["book-caption"])
    with renderer.renderer.current_node_context(caption):
        renderer.renderer.nested_render_text(data.content["layout"]["meta"]["caption"], data.line)
    return caption
