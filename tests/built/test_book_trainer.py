"""The live trainer of the built book."""

import pytest

from binenc_book.trainer_directive import PAGE

TRAINER = "document.querySelector('.trainer')"


@pytest.mark.browser
def test_the_page_of_the_book_trains_from_a_file(built_book, browser):
    page = browser.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.goto((built_book / f"{PAGE}.html").as_uri())
    page.locator(".trainer").scroll_into_view_if_needed()
    page.wait_for_function(f"{TRAINER}.dataset.state === 'ready'")
    page.wait_for_function(f"{TRAINER}.bookTrainer.run.epoch >= 2", timeout=60_000)
    assert errors == []
    page.close()


def test_pages_without_a_trainer_do_not_load_it(built_book):
    for name, wanted in ((PAGE, True), ("book/method", False)):
        html = (built_book / f"{name}.html").read_text("utf8")
        assert ("trainer/panel.js" in html) == wanted
        assert ("trainer/trainer.css" in html) == wanted
