"""Keeps the claim table of README.md equal to the front page's: python -m binenc_book.readme."""

import re
from pathlib import Path

from binenc_core.config import PAPER_DATASETS
from binenc_core.figures import later_claims, summary, two_protocols
from binenc_core.selection import page_configs
from binenc_core.several import get_or_train_all

README = Path("README.md")
BLOCK = re.compile(r"(?<=<!-- claims -->\n).*(?=<!-- end of claims -->)", re.DOTALL)


def renewed(text: str) -> str:
    """The README with the verdicts of the frozen campaigns between its two marks.

    Raises ValueError where the marks are missing.
    """
    runs = get_or_train_all(page_configs(",".join(PAPER_DATASETS)), say=lambda line: None)
    parts = [
        summary.findings(runs),
        two_protocols.headline(two_protocols.frozen()),
        "The later versions of the paper claim robustness and reliability. The rules of these "
        "verdicts and the numbers behind them are on the book's pages on the two.",
        later_claims.findings(),
    ]
    claims = "\n\n".join(parts)
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
