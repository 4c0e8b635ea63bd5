"""The γ explorer in a page: a placeholder, and its data as a script that the page loads.

Data in a script of its own keep the page small, and work from file:// too, where a page may not
fetch anything. assets/explorer.js draws it.
"""

import json
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes

from binenc_book.plotly_mime import BUNDLE
from binenc_book.trainer_directive import TrainerBox, trainer_html
from binenc_core.figures.gamma_explorer import MIME

DATA_FOLDER = "explorer"
SCRIPTS = (BUNDLE, "book-plotly.js", "explorer.js")


def explorer_html(content: dict[str, Any]) -> str:
    """Placeholder of an explorer: HTML that loads nothing and runs nothing."""
    alt, name = escape(content["alt"]), escape(content["name"])
    return (
        f'<div class="book-figure book-explorer" role="group" aria-label="{alt}" '
        f'data-name="{name}">'
        "<noscript><p>This explorer needs JavaScript.</p></noscript></div>"
    )


def data_script(content: dict[str, Any]) -> str:
    """The script that leaves an explorer's data where explorer.js looks for them."""
    held = content["data"] | {"csv": content["csv"]}
    data = json.dumps(held, separators=(",", ":"), sort_keys=True)
    return f"(window.bookExplorers ||= {{}})[{json.dumps(content['name'])}] = {data};\n"


class ExplorerMime:
    """The myst-nb renderer of `gamma_explorer.MIME`, for HTML only."""

    mime_priority_overrides = (("html", MIME, 1), ("dirhtml", MIME, 1))

    @staticmethod
    def handle_mime(renderer, data, inline: bool) -> list[nodes.Element] | None:
        """Turn one output into nodes; None leaves other outputs to myst-nb.

        Its caption is that of its cell's numbered figure, which executed_notebooks.py fills in.
        """
        if data.mime_type != MIME or inline:
            return None
        content = data.content
        if content["show"] == "trainer":
            return [TrainerBox("", trainer_html("square"), format="html", classes=["output"])]
        path = f"{DATA_FOLDER}/{content['name']}.js"
        target = Path(renderer.renderer.sphinx_env.app.outdir, "_static", path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(data_script(content), encoding="utf8")
        for order, script in enumerate((*SCRIPTS[:-1], path, SCRIPTS[-1])):
            renderer.add_js_file(script, script, {"defer": "defer", "priority": 400 + order})
        return [nodes.raw(text=explorer_html(content), format="html", classes=["output"])]
