"""Sphinx extension: the directive `fold` hides the rest of its section behind a line.

    ## The numbers

    ```{fold} What each attack finds, on each dataset
    ```

The line says what is inside; it opens by click, keyboard, search and print.
"""

from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class Fold(nodes.Element):
    """Marks the place from which on a section is folded; `line` is what is seen of it."""


class FoldDirective(SphinxDirective):
    """The directive; its argument is the line."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """The mark, which `fold` resolves."""
        return [Fold(line=self.arguments[0])]


def fold(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Put what follows each mark, to the end of its section, between the ends of a <details>."""
    for mark in list(doctree.findall(Fold)):
        line = f"<summary>{escape(mark['line'])}</summary>"
        begin = nodes.raw("", f'<details class="book-fold">{line}', format="html")
        mark.parent.append(nodes.raw("", "</details>", format="html"))
        mark.replace_self(begin)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_node(Fold)
    app.add_directive("fold", FoldDirective)
    app.connect("doctree-resolved", fold)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
