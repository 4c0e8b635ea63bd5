"""Sphinx extension: the directive `trainer`, a network that trains in the reader's browser.

    ```{trainer}
    :preset: square
    :name: fig-trainer

    The caption.
    ```

`:compact:` leaves the latent plane, γ and the accuracy, for a page that shows one picture; it
has no caption. The scripts and styles are loaded by the pages with a trainer alone.
"""

from html import escape

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

PAGE = "book/train_here"
FOLDER = "trainer"
# In the order in which they need each other.
SCRIPTS = (
    *("random", "network", "loss", "adam", "digits-data", "digits", "measures", "run"),
    *("settings", "palette", "pens", "points", "plane", "cube", "histograms", "codes", "curves"),
    *("dom", "status", "controls", "views", "panel", "trainer"),
)
PRESETS = ("square", "cube", "crowded", "wide")
ALT = (
    "A small network that trains on 8×8 digits in this page: its latent space with the training "
    "images by digit, and its accuracy."
)


def preset(argument: str) -> str:
    """A preset's name; raises ValueError for another one."""
    return directives.choice(argument, PRESETS)


def trainer_html(preset: str, full_page: str = "") -> str:
    """Placeholder of a trainer, which the scripts fill.

    The compact form has a link to the full one, whose address is `full_page`.
    """
    kind = f' data-compact data-page="{escape(full_page)}"' if full_page else ""
    return (
        f'<div class="book-figure trainer" role="group" aria-label="{ALT}" '
        f'data-preset="{preset}"{kind}>'
        "<noscript><p>This network trains with JavaScript.</p></noscript></div>"
    )


class TrainerBox(nodes.raw):
    """The placeholder, by which a page is known to need the scripts."""


class Trainer(SphinxDirective):
    """The directive; its content is the caption."""

    has_content = True
    option_spec = {  # noqa: RUF012
        "preset": preset,
        "compact": directives.flag,
        "name": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """The placeholder alone, or as a numbered figure where there is a caption."""
        page = self.env.app.builder.get_relative_uri(self.env.docname, PAGE)
        full_page = page if "compact" in self.options else ""
        html = trainer_html(self.options.get("preset", "square"), full_page)
        box = TrainerBox("", html, format="html")
        self.set_source_info(box)
        if not self.content:
            return [box]
        figure = nodes.figure("", box)
        self.set_source_info(figure)
        text, messages = self.parse_inline("\n".join(self.content), lineno=self.content_offset)
        figure += nodes.caption("", "", *text)
        self.add_name(figure)
        return [figure, *messages]


def add_files(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Have a page load the scripts and styles where it shows a trainer."""
    if doctree is None or not any(doctree.findall(TrainerBox)):
        return
    app.add_css_file(f"{FOLDER}/trainer.css")
    for order, name in enumerate(SCRIPTS):
        app.add_js_file(f"{FOLDER}/{name}.js", defer="defer", priority=600 + order)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    translator = {"html": (lambda self, node: self.visit_raw(node), None)}
    app.add_node(TrainerBox, **translator)
    app.add_directive("trainer", Trainer)
    app.connect("html-page-context", add_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
