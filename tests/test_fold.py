"""The directive `fold`: the rest of a section behind a line."""

import nbformat

from sphinx_page import build

PAGE = """# Page

Seen.

## First

Before.

```{fold} What is <inside>
```

Hidden.

### Deeper

Hidden too.

## Second

Seen again.
"""


def test_the_rest_of_the_section_is_folded_and_nothing_else(tmp_path):
    (tmp_path / "source").mkdir()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(PAGE)])
    nbformat.write(notebook, tmp_path / "source" / "index.ipynb")
    page, warnings = build(tmp_path, ["binenc_book.fold"])
    assert warnings == ""
    (fold,) = page.select("details.book-fold")
    assert fold.summary.get_text() == "What is <inside>"
    assert not fold.has_attr("open")
    inside = fold.get_text()
    assert "Hidden." in inside and "Hidden too." in inside
    for seen in ("Seen.", "Before.", "Seen again."):
        assert seen not in inside
    assert fold.find_parent("section")["id"] == "first"
