"""Sphinx extension: takes out of the pages what is outdated or not needed."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

# docutils gives the first to each citation; ARIA has replaced it by the second.
CITATION = (' role="doc-biblioentry"', ' role="listitem"')


def tidy(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Change what a page's template is given, just before the page is written."""
    body = context.get("body", "")
    context["body"] = body.replace(*CITATION)
    # Sphinx loads MathJax in a page also for the formulas of the pages below it.
    if 'class="math' not in body:
        context["script_files"] = [
            script
            for script in context["script_files"]
            if app.config.mathjax_path not in str(script.filename)
        ]


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("html-page-context", tidy, priority=600)  # after MathJax has been put there
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
