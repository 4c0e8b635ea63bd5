"""The γ explorer of the built book, of the frozen runs."""

import pytest

from site_pages import draw_figures

PAGE = "book/explore"


@pytest.mark.browser
def test_the_keyboard_goes_from_the_code_to_its_collapse(built_book, contexts):
    with contexts["light"].new_page() as page:
        page.goto((built_book / f"{PAGE}.html").as_uri())
        draw_figures(page)
        status = page.locator(".explorer-status")
        assert status.inner_text().startswith("γ = 10,")
        slider = page.get_by_role("slider", name="γ")
        slider.press("End")
        assert slider.get_attribute("aria-valuetext") == "γ 1000"
        assert "The code has collapsed" in status.inner_text()
        slider.press("Home")
        assert status.inner_text().startswith("γ = 0,")


@pytest.mark.browser
def test_its_panels_fit_a_phone(built_book, contexts):
    with contexts["light"].new_page() as page:
        page.set_viewport_size({"width": 390, "height": 800})
        page.goto((built_book / f"{PAGE}.html").as_uri())
        draw_figures(page)
        script = "drawings => drawings.map(svg => svg.getBoundingClientRect().right)"
        assert max(page.eval_on_selector_all(".explorer-plot .main-svg", script)) <= 390


def test_its_data_are_a_file_beside_the_page(built_book):
    (data,) = (built_book / "_static" / "explorer").glob("*.js")
    assert data.stat().st_size > (built_book / f"{PAGE}.html").stat().st_size
