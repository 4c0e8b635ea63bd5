"""Epochs a second of the book's live trainer in headless Chromium, with and without drawing.

All ten digits (1,437 images) and P = 16, as fast as it can: on the page, with all its views, and
the engine alone. Evaluation on training and test images after each epoch is part of both. Beside
it the epochs for each second that the page's thread computed: on a busy machine it waits.
"""

from pathlib import Path

from playwright.sync_api import CDPSession, Page

from binenc_book.browser import NoBrowser, chromium
from binenc_book.trainer_directive import SCRIPTS, trainer_html

ASSETS = Path(__file__).parents[1] / "book" / "assets"
SECONDS = 5
TARGET = 30

ALONE = """(seconds) => {
    const run = new bookTrainer.Run({...bookTrainer.PRESETS.wide.settings});
    const begun = performance.now();
    while (performance.now() - begun < 1000 * seconds) run.advance(100);
    return 1000 * run.epoch / (performance.now() - begun);
}"""
DRAWN = """async (seconds) => {
    const panel = document.querySelector(".trainer").bookTrainer;
    panel.pause();
    panel.reset();
    panel.tempo = Infinity;
    panel.goal = Infinity;
    let frames = 0, wait = 0, last = performance.now();
    const begun = last;
    panel.go();
    while (performance.now() - begun < 1000 * seconds) {
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames++;
        wait = Math.max(wait, now - last);
        last = now;
    }
    const passed = (performance.now() - begun) / 1000;
    panel.pause();
    return [panel.run.epoch / passed, frames / passed, wait];
}"""


def load(page: Page) -> None:
    """A page with a trainer of all digits, in its usual size."""
    page.set_content(f'<html data-theme="light"><body>{trainer_html("wide", "page", "bench")}')
    for style in (ASSETS / "book.css", ASSETS / "trainer" / "trainer.css"):
        page.add_style_tag(path=style)
    for name in SCRIPTS:
        page.add_script_tag(path=ASSETS / "trainer" / f"{name}.js")
    page.wait_for_function("document.querySelector('.trainer').dataset.training === 'running'")


def thread_seconds(session: CDPSession) -> float:
    """Processor time, s, that the page's main thread has used."""
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration")


def measured() -> tuple[float, float, float, float, float]:
    """Epochs and frames a second and the longest frame, ms, while drawing; epochs for each computed
    second; epochs a second of the engine alone.
    """
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 900, "height": 1000})
        load(page)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})
        before = thread_seconds(session)
        drawn, frames, wait = page.evaluate(DRAWN, SECONDS)
        computed = drawn * SECONDS / (thread_seconds(session) - before)
        return drawn, frames, wait, computed, page.evaluate(ALONE, SECONDS)


def main() -> None:
    """Print the epochs a second; why not where there is no browser."""
    try:
        drawn, frames, wait, computed, alone = measured()
    except NoBrowser as error:
        print(f"live trainer: not measured, {error}")
        return
    print(
        f"live trainer, ten digits, P = 16: {drawn:.0f} epochs/s while drawing (goal: {TARGET} or "
        f"more), {frames:.0f} frames/s, longest frame {wait:.0f} ms; "
        f"{computed:.0f} epochs for each computed second; engine alone {alone:.0f} "
        f"epochs/s"
    )


if __name__ == "__main__":
    main()
