"""Checks a built site without a network: nothing loaded from elsewhere, no dead link, no bloat."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

MAX_PAGE_BYTES = 150_000
MAX_SITE_BYTES = 16_000_000
FOREIGN = re.compile(r"(https?:|wss?:)?//", re.IGNORECASE)
# Relations by which <link> makes a browser fetch something.
FETCHED = {"stylesheet", "preload", "modulepreload", "icon", "manifest", "preconnect"}
CSS_LOAD = re.compile(r"""url\(\s*['"]?([^'")\s]+)|@import\s+['"]([^'"]+)""")
SCRIPT_LOAD = re.compile(r"""(?:import\s*\(?|fetch\(|importScripts\(|src\s*=)\s*['"`]([^'"`]+)""")


def loads(page: BeautifulSoup) -> Iterator[str]:
    """Addresses that a browser fetches to show a page."""
    for tag in page.find_all(True):
        if tag.name == "link" and not FETCHED & set(tag.get("rel", [])):
            continue
        names = ["src", "poster", "data"] + (["href"] if tag.name in ("link", "image") else [])
        # "data" is an address on <object> alone.
        yield from (tag[n] for n in names if tag.get(n) and (n != "data" or tag.name == "object"))
        for candidate in (tag.get("srcset") or "").split(","):
            yield from candidate.split()[:1]
        yield from css_loads(tag.get("style") or "")
    for style in page.find_all("style"):
        yield from css_loads(style.string or "")


def css_loads(text: str) -> Iterator[str]:
    """Addresses that a style sheet fetches."""
    for match in CSS_LOAD.finditer(text):
        yield match[1] or match[2]


def foreign_script_loads(page: BeautifulSoup) -> Iterator[str]:
    """Addresses of other hosts that inline scripts fetch."""
    for script in page.find_all("script"):
        if script.get("type") != "application/json":
            found = SCRIPT_LOAD.findall(script.string or "")
            yield from (address for address in found if FOREIGN.match(address))


def target(address: str, page: Path) -> Path:
    """File that a relative address on a page means."""
    path = unquote(urlsplit(address).path)
    file = (page.parent / path).resolve() if path else page
    return file / "index.html" if file.is_dir() else file


def load_fault(address: str, page: Path) -> str | None:
    """What is wrong with fetching an address, if anything."""
    if address.startswith(("data:", "#")):
        return None
    if FOREIGN.match(address):
        return f"loads {address}"
    return None if target(address, page).is_file() else f"lacks {address}"


def check(site: Path) -> list[str]:
    """Find what is wrong with a built site: a line for each fault, none when all is well.

    `site` is the folder of the built HTML. Raises ValueError where it holds no page.
    """
    site = site.resolve()
    pages = {p: BeautifulSoup(p.read_bytes(), "html.parser") for p in sorted(site.rglob("*.html"))}
    if not pages:
        raise ValueError(f"no page in {site}")
    anchors = {
        path: {tag.get("id") for tag in page.find_all(id=True)}
        | {tag.get("name") for tag in page.find_all("a", attrs={"name": True})}
        for path, page in pages.items()
    }
    faults = []
    for path, page in pages.items():
        found = [load_fault(address, path) for address in loads(page)]
        found += [f"a script loads {address}" for address in foreign_script_loads(page)]
        found += [_link_fault(tag["href"], path, anchors) for tag in page.find_all("a", href=True)]
        if (size := path.stat().st_size) > MAX_PAGE_BYTES:
            found.append(f"has {size:,} bytes, more than {MAX_PAGE_BYTES:,}")
        faults += [f"{path.relative_to(site)}: {fault}" for fault in found if fault]
    for path in sorted(site.rglob("*.css")):
        found = [load_fault(address, path) for address in css_loads(path.read_text("utf8"))]
        faults += [f"{path.relative_to(site)}: {fault}" for fault in found if fault]
    total = sum(path.stat().st_size for path in site.rglob("*") if path.is_file())
    if total > MAX_SITE_BYTES:
        faults.append(f"the site has {total:,} bytes, more than {MAX_SITE_BYTES:,}")
    return faults


def _link_fault(address: str, page: Path, anchors: dict[Path, set[str]]) -> str | None:
    if FOREIGN.match(address) or address.startswith(("mailto:", "javascript:")):
        return None
    file, anchor = target(address, page), unquote(urlsplit(address).fragment)
    if not file.is_file():
        return f"dead link {address}"
    if anchor and file in anchors and anchor not in anchors[file]:
        return f"no anchor {address}"
    return None
