"""The live trainer and the γ explorer of the built book."""

from binenc_book.trainer_directive import PAGE
from site_pages import draw_figures, watch

TRAINER = "document.querySelector('.trainer')"


def test_the_page_of_the_book_trains_from_a_file(built_book, browser):
    page = watch(browser.new_page())
    page.goto((built_book / f"{PAGE}.html").as_uri())
    page.locator(".trainer").scroll_into_view_if_needed()
    page.wait_for_function(f"{TRAINER}.dataset.state === 'ready'")
    page.wait_for_function(f"{TRAINER}.bookTrainer.run.epoch >= 2", timeout=60_000)
    assert page.errors == []
    page.close()


def test_pages_without_a_trainer_do_not_load_it(built_book):
    for name, wanted in ((PAGE, True), ("book/method", False)):
        html = (built_book / f"{name}.html").read_text("utf8")
        assert ("trainer/panel.js" in html) == wanted
        assert ("trainer/trainer.css" in html) == wanted


def test_the_keyboard_goes_from_the_code_to_its_collapse(built_book, contexts):
    with contexts["light"].new_page() as page:
        page.goto((built_book / "book/explore.html").as_uri())
        draw_figures(page)
        status = page.locator(".explorer-status")
        assert status.inner_text().startswith("γ = 10,")
        slider = page.get_by_role("slider", name="γ")
        slider.press("End")
        assert slider.get_attribute("aria-valuetext") == "γ 1000"
        assert "The code has collapsed" in status.inner_text()
        slider.press("Home")
        assert status.inner_text().startswith("γ = 0,")
