"""The γ explorer in a page: a placeholder, and its data as a script that the page loads.

assets/explorer.js draws it.
"""

from html import escape
from typing import Any

from docutils import nodes

from binenc_book import data_scripts, furniture
from binenc_book.plotly_mime import BUNDLE
from binenc_book.trainer_directive import TrainerBox, trainer_html
from replication.figures.gamma.gamma_explorer import MIME

DATA_FOLDER = "explorer"


def explorer_html(content: dict[str, Any], page: str, name: str, reproduce: str) -> str:
    """Placeholder of an explorer and what stands under it: HTML that runs nothing.

    The arguments are as in `plotly_mime.figure_html`.
    """
    setting = content["setting"]
    links = furniture.links_html(page, name, content["source"], True, reproduce, setting)
    return (
        f'<div class="book-figure book-explorer" role="group" '
        f'aria-label="{escape(content["alt"])}" data-name="{name}"><div class="explorer-body">'
        f"{furniture.no_picture_html(page, name)}</div>{links}</div>"
    )


def data_script(content: dict[str, Any], name: str) -> str:
    """The script that leaves an explorer's data where explorer.js looks for them."""
    held = content["data"] | {"csv": content["csv"]}
    return data_scripts.script("bookExplorers", name, held)


class ExplorerMime:
    """The myst-nb renderer of `gamma_explorer.MIME`, for HTML only."""

    mime_priority_overrides = (("html", MIME, 1),)

    @staticmethod
    def handle_mime(renderer, data, inline: bool) -> list[nodes.Element] | None:
        """Turn one output into nodes; None leaves other outputs to myst-nb.

        Its caption is that of its cell's numbered figure, which executed_notebooks.py fills in.
        """
        if data.mime_type != MIME or inline:
            return None
        content, env = data.content, renderer.renderer.sphinx_env
        page = env.docname
        name = data.cell_metadata["mystnb"]["figure"]["name"]
        if content["show"] == "trainer":
            html = trainer_html("square", page, name)
            return [TrainerBox("", html, format="html", classes=["output"])]
        path = data_scripts.write(env, DATA_FOLDER, name, data_script(content, name))
        scripts = (BUNDLE, "book-plotly.js", path, "explorer.js", furniture.SCRIPT)
        for order, script in enumerate(scripts):
            renderer.add_js_file(script, script, {"defer": "defer", "priority": 400 + order})
        html = explorer_html(content, page, name, furniture.reproducing(env.srcdir, page))
        node = nodes.raw(text=html, format="html", classes=["output"])
        node["book_name"], node[furniture.CSV] = name, content["csv"]
        return [node]
