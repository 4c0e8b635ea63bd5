"""The pages of the book, in reading order."""

from collections.abc import Iterator
from pathlib import Path

from sphinx_external_toc.parsing import parse_toc_yaml


def pages(root: Path) -> list[str]:
    """Name every page of the table of contents, in reading order.

    The names are paths relative to `root`, without suffix. Raises ValueError where `root` has no
    `_toc.yml`.
    """
    toc = root / "_toc.yml"
    if not toc.is_file():
        raise ValueError(f"no _toc.yml in {root}: run this in the book's root folder")
    site = parse_toc_yaml(toc)

    def walk(name: str) -> Iterator[str]:
        yield name
        for child in site[name].child_files() if name in site else ():
            yield from walk(child)

    return list(walk(site.root.docname))


def notebooks(root: Path) -> list[str]:
    """Name the pages of the table of contents that are notebooks, in reading order."""
    return [page for page in pages(root) if (root / f"{page}.ipynb").is_file()]
