"""The scripts of the live trainer in a page of their own, which needs no built book."""

from pathlib import Path

from binenc_book import furniture
from binenc_book.trainer_directive import SCRIPTS, trainer_html

ROOT = Path(__file__).parents[1]
ASSETS = ROOT / "book" / "assets" / "trainer"
ENGINE = SCRIPTS[: SCRIPTS.index("settings")]


def load_engine(page) -> None:
    """Load what trains, without what shows it."""
    for name in ENGINE:
        page.add_script_tag(path=ASSETS / f"{name}.js")


def placeholder(preset: str, compact: bool = False) -> str:
    """The HTML of a trainer on a page of the root folder."""
    return trainer_html(preset, "page", "fig-trainer", "train_here.html" if compact else "")


def load_trainer(page, preset: str = "square", compact: bool = False) -> None:
    """Show a trainer, with the styles that it has in the book."""
    page.set_content(
        '<html data-theme="light"><head><meta name="viewport" content="width=device-width">'
        f"</head><body>{placeholder(preset, compact)}</body></html>"
    )
    for style in (ASSETS.parent / "book.css", ASSETS / "trainer.css"):
        page.add_style_tag(path=style)
    for name in SCRIPTS:
        page.add_script_tag(path=ASSETS / f"{name}.js")
    page.add_script_tag(path=ASSETS.parent / furniture.SCRIPT)
    page.wait_for_function("document.querySelector('.trainer').dataset.state === 'ready'")
