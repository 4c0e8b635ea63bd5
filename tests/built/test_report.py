"""The PDF of the built book."""

import subprocess
import sys
import unicodedata

import pytest
from pypdf import PdfReader

PAGES = ["book/index", "book/figures/fig3_accuracy"]


def printed(site, target) -> subprocess.CompletedProcess:
    """The PDF made in a process of its own, since a browser of this one is open."""
    code = (
        "import sys; from pathlib import Path; from binenc_book.report import save;"
        "print(save(Path(sys.argv[1]), sys.argv[3:], Path(sys.argv[2])))"
    )
    command = [sys.executable, "-c", code, site, target, *PAGES]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.full
def test_the_pages_follow_each_other_with_pictures_and_without_addresses_of_this_machine(
    built_book, browser, tmp_path
):
    target = tmp_path / "report.pdf"
    done = printed(built_book, target)
    assert done.returncode == 0, done.stderr
    pdf = PdfReader(target)
    titles = [entry.title for entry in pdf.outline if not isinstance(entry, list)]
    assert titles == ["Latent binary encoding, replicated", "Figure 3 of the paper: accuracy"]
    text = "\n".join(page.extract_text() for page in pdf.pages)
    text = unicodedata.normalize("NFKC", text)  # without ligatures
    text = " ".join(text.split())
    assert "Figure 3 of the paper" in text and "How the networks of this page were trained" in text
    for word in ("Hide the code", "Copy link", "Search"):
        assert word not in text
    links = [a.get_object() for page in pdf.pages for a in page.get("/Annots", [])]
    addresses = [link["/A"]["/URI"] for link in links if "/URI" in link.get("/A", {})]
    assert not any(address.startswith("file:") for address in addresses)


def test_without_a_book_one_line_says_what_to_do(tmp_path, browser):
    done = subprocess.run(
        [sys.executable, "-m", "binenc_book.report"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("book: no PDF: ") and done.stderr.count("\n") == 1
