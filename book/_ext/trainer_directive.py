"""Sphinx extension: the directive `trainer`, a network that trains in the reader's browser.

    ```{trainer}
    :preset: square
    :name: fig-trainer

    The caption.
    ```

`:compact:` leaves the latent plane, γ and the accuracy, for a page that shows one picture. The
scripts and styles are loaded by the pages with a trainer alone.
"""

from html import escape

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from binenc_book import furniture

PAGE = "book/train_here"
FOLDER = "trainer"
# In the order in which they need each other.
SCRIPTS = (
    *("random", "network", "loss", "optimizers", "digits-data", "digits", "measures", "run"),
    *("settings", "palette", "pens", "points", "plane", "cube", "histograms", "codes", "curves"),
    *("dom", "status", "controls", "views", "panel", "trainer"),
)
PRESETS = ("square", "cube", "crowded", "wide", "codeless")
ALT = (
    "A small network that trains on 8×8 digits in this page: its latent space with the training "
    "images by digit, and its accuracy."
)


def preset(argument: str) -> str:
    """A preset's name; raises ValueError for another one."""
    return directives.choice(argument, PRESETS)


def trainer_html(preset: str, page: str, name: str, full_page: str = "") -> str:
    """Placeholder of a trainer, which the scripts fill, and what stands under it.

    `page` is the Sphinx name of the page, `name` the figure's label. The compact form has a link to
    the full one, whose address is `full_page`.
    """
    kind = f' data-compact data-page="{escape(full_page)}"' if full_page else ""
    source = furniture.static_address(page, f"{FOLDER}/trainer.js")
    # Its data are what the reader trains, so the script gives them.
    links = furniture.links_html(page, name, source, csv=False)
    return (
        f'<div class="book-figure trainer" role="group" aria-label="{ALT}" data-name="{name}" '
        f'data-preset="{preset}"{kind}><div class="trainer-body">'
        f"{furniture.no_picture_html(page, name, csv=False)}</div>{links}</div>"
    )


class TrainerBox(nodes.raw):
    """The placeholder, by which a page is known to need the scripts."""


class Trainer(SphinxDirective):
    """The directive; its content is the caption of a numbered figure, its name the label."""

    has_content = True
    option_spec = {  # noqa: RUF012
        "preset": preset,
        "compact": directives.flag,
        "name": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """The numbered figure; a directive without name or caption is an error."""
        self.assert_has_content()
        if "name" not in self.options:
            raise self.error("a trainer needs a name, by which its figure is numbered")
        page, name = self.env.docname, self.options["name"]
        full_page = self.env.app.builder.get_relative_uri(page, PAGE)
        compact = "compact" in self.options
        preset = self.options.get("preset", PRESETS[0])
        html = trainer_html(preset, page, name, full_page if compact else "")
        box = TrainerBox("", html, format="html")
        figure = nodes.figure("", box, classes=["trainer-compact"] if compact else [])
        self.set_source_info(box)
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
    app.add_js_file(furniture.SCRIPT, defer="defer", priority=600 + len(SCRIPTS))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    translator = {"html": (lambda self, node: self.visit_raw(node), None)}
    app.add_node(TrainerBox, **translator)
    app.add_directive("trainer", Trainer)
    app.connect("html-page-context", add_files)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
