"""What a reader sees stands in the page's address, and an address shows it again."""

import pytest

READY = "name => document.querySelector(`[data-name=${name}]`).dataset.state === 'ready'"
MOVE = """([name, place, step]) => {
  const input = document.querySelectorAll(`[data-name=${name}] input[type=range]`)[place];
  input.value = step;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}"""
STATE = "name => document.querySelector(`[data-name=${name}]`).bookState.get()"


@pytest.fixture
def opened(built_book, browser):
    """A function that opens an address of the book from disk, in a page of its own."""
    context = browser.new_context()
    errors = []

    def goto(address: str, name: str = ""):
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        file, _, anchor = address.partition("#")
        page.goto((built_book / file).as_uri() + (f"#{anchor}" if anchor else ""))
        if name:
            page.locator(f"[data-name={name}]").scroll_into_view_if_needed()
            page.wait_for_function(READY, arg=name)
        return page

    yield goto
    assert errors == []
    context.close()


def address_of(page, name: str, act) -> str:
    """The page's address, from its file's name on, once `act` has changed the state of a figure."""
    before = page.evaluate(STATE, name)
    act()
    page.wait_for_function("location.hash.includes('&')")
    assert page.evaluate(STATE, name) != before
    return "book/" + page.url.rpartition("/book/")[2]


@pytest.mark.full
@pytest.mark.parametrize(
    ("file", "name", "act"),
    [
        ("book/why.html", "why-plane", lambda p: p.evaluate(MOVE, ["why-plane", 0, 3])),
        (
            "book/figures/fig3_accuracy.html",
            "fig3-accuracy",
            lambda p: p.locator("[data-name=fig3-accuracy] .book-legend button").first.click(),
        ),
        (
            "book/explore.html",
            "gamma-explorer",
            lambda p: p.evaluate(MOVE, ["gamma-explorer", 0, 2]),
        ),
        (
            "book/train_here.html",
            "fig-trainer",
            lambda p: p.get_by_role("button", name="The same network, no code").click(),
        ),
    ],
)
def test_an_address_shows_what_a_reader_saw(opened, file, name, act):
    page = opened(file, name)
    address = address_of(page, name, lambda: act(page))
    again = opened(address, name)
    assert again.evaluate(STATE, name) == page.evaluate(STATE, name)
    assert again.evaluate(STATE, name) != opened(file, name).evaluate(STATE, name)


@pytest.mark.full
def test_the_filter_of_the_verdicts_stands_in_the_address(opened):
    page = opened("book/verdicts.html")
    page.locator(".book-filter input").fill("deepfool robust")
    page.wait_for_function("location.hash.includes('words=deepfool')")
    again = opened("book/verdicts.html#" + page.url.partition("#")[2])
    assert again.locator(".book-filter input").input_value() == "deepfool robust"
    shown = "rows => rows.filter(row => !row.hidden).length"
    rows = "#all-verdicts tbody tr"
    assert 0 < again.eval_on_selector_all(rows, shown) < again.locator(rows).count()


@pytest.mark.full
@pytest.mark.parametrize(
    "values", ["%E0%A4%A", "epoch=nowhere", "epoch=3%", "hidden=nobody", "foo=1&&=&epoch"]
)
def test_a_damaged_address_changes_nothing(opened, values):
    name, file = "why-plane", "book/why.html"
    as_it_is = opened(file, name).evaluate(STATE, name)
    assert opened(f"{file}#{name}&{values}", name).evaluate(STATE, name) == as_it_is


@pytest.mark.full
def test_an_anchor_in_a_fold_opens_it_and_scrolls(opened):
    page = opened("book/why.html#why-simplex")
    box = page.locator("[data-name=why-simplex]")
    page.wait_for_function("scrollY > 0")
    assert page.evaluate(
        "document.querySelector('[data-name=why-simplex]').closest('details').open"
    )
    assert box.is_visible()


@pytest.mark.full
def test_the_button_copies_the_address_of_what_is_shown(opened):
    name = "why-plane"
    page = opened("book/why.html", name)
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.kept = text; }")
    page.evaluate(MOVE, [name, 0, 2])
    box = page.locator(f"[data-name={name}]")
    box.get_by_role("button", name="Copy link").click()
    box.get_by_text("Link copied").wait_for()
    assert page.evaluate("window.kept") == page.url
    assert f"#{name}&epoch=" in page.url
