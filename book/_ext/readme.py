"""Keeps the findings of README.md equal to the verdicts: python -m binenc_book.readme."""

import re
from pathlib import Path

from replication.claims import cards, words

README = Path("README.md")
BLOCK = re.compile(r"(?<=<!-- claims -->\n).*(?=<!-- end of claims -->)", re.DOTALL)


def renewed(text: str) -> str:
    """The README with the findings and verdicts of the frozen campaigns between its two marks.

    Raises ValueError where the marks are missing.
    """
    tables = f"<details><summary>Every claim</summary>\n\n{words.overview()}\n\n</details>"
    claims = f"{cards.markdown(cards.verdicts())}\n\n{tables}"
    found, count = BLOCK.subn(lambda _: f"\n{claims}\n\n", text)
    if count != 1:
        raise ValueError(f"{README} has not one place for the claims between its two marks")
    return found


def main() -> None:
    """Renew README.md in the current folder."""
    draft = README.with_suffix(".draft")
    draft.write_text(renewed(README.read_text(encoding="utf8")), encoding="utf8")
    draft.replace(README)
    print("README.md: claim table renewed")


if __name__ == "__main__":
    main()
