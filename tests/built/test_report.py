"""The PDF of the built book."""

import pytest
from pypdf import PdfReader

from binenc_book import report
from binenc_book.report import save

PAGES = ["book/index", "book/figures/fig3_accuracy"]


@pytest.mark.full
@pytest.mark.browser
def test_the_pages_follow_each_other_with_pictures_and_without_addresses_of_this_machine(
    built_book, browser, tmp_path
):
    target = tmp_path / "report.pdf"
    save(built_book, PAGES, target)
    pdf = PdfReader(target)
    titles = [entry.title for entry in pdf.outline if not isinstance(entry, list)]
    assert titles == ["Latent binary encoding, replicated", "Figure 3 of the paper: accuracy"]
    text = "\n".join(page.extract_text() for page in pdf.pages)
    # Of a drawn figure, and of a fold.
    assert "effect, in margins" in text and "protocol as described in the paper" in text
    for word in ("Show code cell source", "Copy link", "Search"):
        assert word not in text
    links = [a.get_object() for page in pdf.pages for a in page.get("/Annots", [])]
    addresses = [link["/A"]["/URI"] for link in links if "/URI" in link.get("/A", {})]
    assert not any(address.startswith("file:") for address in addresses)


def test_without_a_book_one_line_says_what_to_do(monkeypatch, tmp_path, capsys, browser):
    monkeypatch.setattr(report, "SITE", tmp_path)
    assert report.main() == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "run make book first" in said
