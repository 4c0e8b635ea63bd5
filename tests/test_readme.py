"""The README says what is true: its verdicts, its commands, its files."""

import re
from pathlib import Path

from binenc_book.readme import renewed

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf8")


def test_its_claim_table_is_that_of_the_frozen_campaigns():
    assert renewed(README) == README, "make readme"
    outdated = re.sub(r"(– not judged|✓ replicated)", "unknown", README)
    assert outdated != README == renewed(outdated)


def test_its_commands_and_files_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf8")
    targets = set(re.findall(r"make ([a-z]+)", README))
    assert {"book", "test", "data", "bench"} <= targets
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
    notebooks = set(re.findall(r"book/\S+\.ipynb", README))
    assert len(notebooks) >= 4
    assert all((ROOT / notebook).is_file() for notebook in notebooks)
