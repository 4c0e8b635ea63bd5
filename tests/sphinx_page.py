"""A page of one notebook, built with Sphinx in a folder of the test's own."""

import io
from collections.abc import Sequence
from pathlib import Path

from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace, patch_docutils

ASSETS = Path(__file__).parents[1] / "book" / "assets"


def build(folder: Path, extensions: Sequence[str] = ()) -> tuple[BeautifulSoup, str]:
    """The page of `folder`/source/index.ipynb, in `folder`/out, and Sphinx's warnings.

    `extensions` are added to myst_nb.
    """
    warnings = io.StringIO()
    settings = {
        "extensions": ["myst_nb", *extensions],
        "nb_execution_mode": "off",
        "html_static_path": [str(ASSETS)],
        "exclude_patterns": ["_build"],
        "numfig": True,
    }
    with patch_docutils(), docutils_namespace():
        Sphinx(
            srcdir=folder / "source",
            confdir=None,
            outdir=folder / "out",
            doctreedir=folder / "trees",
            buildername="html",
            confoverrides=settings,
            status=None,
            warning=warnings,
            freshenv=True,
        ).build(force_all=True)
    page = (folder / "out" / "index.html").read_bytes()
    return BeautifulSoup(page, "html.parser"), warnings.getvalue()
