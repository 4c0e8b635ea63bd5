"""The live trainer as a reader meets it: it starts, listens to the keyboard, says what happens."""

import csv
import io
from pathlib import Path
from xml.etree import ElementTree

import pytest

from binenc_book.trainer_directive import PRESETS, SCRIPTS
from site_pages import watch
from trainer_pages import ASSETS, load_trainer

GAMMA = ".book-slider input >> nth=0"
TRAINER = "document.querySelector('.trainer')"
NEAR = 0.05  # the class means' distance from the corners, of their distance from the center


def opened(browser, preset="square", compact=False, **options):
    page = watch(browser.new_page(**options))
    load_trainer(page, preset, compact)
    return page


@pytest.fixture
def paused(browser):
    """A trainer that has started by itself and was stopped."""
    page = opened(browser)
    until(page, "running")
    page.click("text=Pause")
    yield page
    assert page.errors == []
    page.close()


def until(page, state: str) -> None:
    page.wait_for_function(f"{TRAINER}.dataset.training === '{state}'", timeout=120_000)


def epoch(page) -> int:
    return page.evaluate(f"{TRAINER}.bookTrainer.run.epoch")


def canvas_image(page) -> str:
    return page.evaluate("document.querySelector('.trainer-latent').toDataURL()")


def test_every_script_is_listed():
    assert sorted(SCRIPTS) == sorted(path.stem for path in ASSETS.glob("*.js"))


def test_the_presets_are_those_of_the_page(paused):
    assert paused.evaluate("Object.keys(bookTrainer.PRESETS)") == list(PRESETS)


def test_the_digits_come_to_the_corners_by_themselves(browser):
    page = opened(browser, reduced_motion="reduce")  # the same numbers, drawn at the end alone
    until(page, "finished")
    found = page.evaluate(f"{TRAINER}.bookTrainer.run.latest")
    assert found["epoch"] == 150
    assert found["distinct"] == 4
    assert found["distance"] < NEAR
    assert "4 classes have 4 codes" in page.inner_text(".trainer-status")
    assert "150 epochs" in page.inner_text(".trainer-setting")
    page.click("text=Continue")
    status = "document.querySelector('.trainer-status').textContent"
    page.wait_for_function(f"() => /^Epoch [0-9]+ of 300; drawn at the end/.test({status})")
    assert page.errors == []
    page.close()


def test_the_gamma_slider_listens_to_the_keyboard_and_acts_at_once(paused):
    before = paused.evaluate(f"{TRAINER}.bookTrainer.run.gamma")
    done = epoch(paused)
    paused.focus(GAMMA)
    paused.keyboard.press("ArrowRight")
    after = paused.evaluate(f"{TRAINER}.bookTrainer.run.gamma")
    assert after > before
    assert paused.inner_text(".book-slider output >> nth=0") == f"{after:g}"
    assert epoch(paused) == done  # the network is the same
    paused.keyboard.press("End")
    picture = canvas_image(paused)
    paused.click("text=Continue")
    paused.wait_for_function(f"{TRAINER}.bookTrainer.run.epoch > {done + 1}")
    assert canvas_image(paused) != picture
    assert paused.evaluate(f"{TRAINER}.bookTrainer.run.latest.gamma") == 1000
    assert "changed while training" in paused.evaluate(
        f"bookTrainer.sentence({TRAINER}.bookTrainer.run)"
    )


def test_step_start_pause_and_reset(paused):
    done = epoch(paused)
    paused.click("text=Step")
    assert epoch(paused) == done + 1
    assert paused.inner_text(".trainer-status").startswith(f"Epoch {done + 1} of 150")
    paused.wait_for_timeout(100)
    assert epoch(paused) == done + 1
    paused.click("text=Continue")
    paused.wait_for_function(f"{TRAINER}.bookTrainer.run.epoch > {done + 1}")
    paused.click("text=Pause")
    paused.click("text=Reset")
    assert epoch(paused) == 0
    assert paused.inner_text(".trainer-buttons button >> nth=0") == "Start"


def test_other_digits_and_networks_begin_anew(paused):
    paused.click("text=Reset")
    for digit in (0, 1):
        paused.click(f".trainer-digit >> nth={digit}")
    assert paused.evaluate(f"{TRAINER}.bookTrainer.run.settings.digits") == [4, 7]
    assert paused.is_disabled(".trainer-digit input >> nth=4")  # two classes must remain
    paused.click("summary")
    paused.select_option("label:has-text('Protocol') select", "released")
    settings = paused.evaluate(f"{TRAINER}.bookTrainer.run.settings")
    names = ("penalty", "softmax", "dropoutEpochs")
    assert [settings[name] for name in names] == ["exp_mean", "twice", "first"]
    paused.select_option("label:has-text('Softmax') select", "once")
    assert paused.eval_on_selector("label:has-text('Protocol') select", "s => s.value") == "mixed"
    paused.select_option("label:has-text('Architecture') select", "none")
    assert paused.is_disabled(GAMMA)
    assert paused.query_selector_all(".trainer-axes select")
    assert epoch(paused) == 0


OPTIMIZER = """label:has-text("Classifier's optimizer") select"""


def test_another_optimizer_begins_anew(paused):
    run = f"{TRAINER}.bookTrainer.run"
    hint = "text=Trained anew"
    assert epoch(paused) > 0
    assert paused.is_hidden(hint)
    paused.click("summary")
    assert paused.input_value(OPTIMIZER) == "adam"
    assert "classifier by" not in paused.inner_text(".trainer-setting")
    paused.focus(OPTIMIZER)
    paused.keyboard.press("ArrowDown")
    assert epoch(paused) == 0
    assert paused.evaluate(f"{run}.settings.optimizer") == "sgd"
    assert paused.query_selector("[aria-pressed=true]") is None  # no preset is like that
    assert paused.is_visible(hint)
    paused.click("text=Start")
    paused.wait_for_function(f"{run}.epoch > 0")
    paused.evaluate(f"window.before = {run}")
    paused.select_option(OPTIMIZER, "signsgd")
    assert paused.evaluate(f"{run} !== window.before")
    until(paused, "running")
    paused.wait_for_function(f"{run}.epoch > 0")
    assert paused.evaluate(f"{run}.history[0].epoch") == 0
    words = "classifier by signSGD (momentum 0.9, learning rate 0.002)"
    assert words in paused.evaluate(f"bookTrainer.sentence({run})")
    paused.click("text=Four digits, a square")
    assert paused.input_value(OPTIMIZER) == "adam"
    assert paused.is_hidden(hint)


@pytest.mark.full
def test_without_adam_the_same_network_learns_as_much_and_writes_no_code(browser):
    page = opened(browser, "wide", reduced_motion="reduce")
    run = f"{TRAINER}.bookTrainer.run"
    ends = []
    for preset in ("Ten digits, P = 16", "The same network, no code"):
        page.click(f"text={preset}")
        until(page, "finished")
        ends.append(page.evaluate(f"({{...{run}.latest, settings: {run}.settings}})"))
        assert page.evaluate(f"{run}.history.map((row) => row.epoch)") == list(range(151))
        cosine, chance = (page.evaluate(f"{run}.found.{name}") for name in ("cosine", "chance"))
        words = f"Vertex cosine {cosine:.2f}, by chance {chance:.2f}."
        assert page.inner_text(".trainer-status").endswith(words)
    code, none = ends
    assert none["settings"] == code["settings"] | {"optimizer": "sgd"}
    assert code["cosine"] > 0.93
    assert none["cosine"] < code["cosine"] - 0.06
    assert abs(none["test"] - code["test"]) < 0.02
    assert page.errors == []
    page.close()


def test_where_x_has_no_negative_numbers_no_vertex_cosine_is_told(paused):
    assert "Vertex cosine" in paused.inner_text(".trainer-status")
    paused.click("summary")
    paused.select_option("label:has-text('Architecture') select", "nonlinear")
    assert "Vertex cosine" not in paused.inner_text(".trainer-status")


def test_a_collapse_is_said(paused):
    paused.focus(GAMMA)
    paused.keyboard.press("End")
    paused.click("text=Reset")
    for _ in range(40):
        paused.click("text=Step")
        if "every image lies near zero" in paused.inner_text(".trainer-status"):
            break
    run = f"{TRAINER}.bookTrainer.run"
    assert "collapsed" not in paused.inner_text(".trainer-status")  # it may be a slow start
    at_the_end = paused.evaluate(f"bookTrainer.status({run}, {run}.epoch)")
    assert "collapsed" in at_the_end and "nothing is learned" in at_the_end


def test_the_cube_is_turned_by_keys_and_pointer(paused):
    paused.click("text=Eight digits, a cube")
    paused.click("text=Pause")
    paused.focus(".trainer-latent")
    pictures = [canvas_image(paused)]
    paused.keyboard.press("ArrowLeft")
    pictures.append(canvas_image(paused))
    box = paused.query_selector(".trainer-latent").bounding_box()
    paused.mouse.move(box["x"] + 100, box["y"] + 100)
    paused.mouse.down()
    paused.mouse.move(box["x"] + 140, box["y"] + 110)
    paused.mouse.up()
    pictures.append(canvas_image(paused))
    assert len(set(pictures)) == 3


def test_it_gives_its_data_and_its_picture(paused):
    paused.click("text=Step")
    with paused.expect_download() as caught:
        paused.click("text=Data (CSV)")
    header, *rows = csv.reader(io.StringIO(Path(caught.value.path()).read_text("utf8")))
    assert len(rows) == epoch(paused) + 1
    assert {len(row) for row in rows} == {len(header)}
    with paused.expect_download() as caught:
        paused.click("text=Picture (SVG)")
    assert header[-1] == "vertex_cosine"
    assert float(rows[-1][-1]) == paused.evaluate(f"{TRAINER}.bookTrainer.run.found.cosine")
    text = Path(caught.value.path()).read_text("utf8")
    assert text == paused.evaluate(f"{TRAINER}.bookPicture()")
    picture = ElementTree.fromstring(text)
    assert "NaN" not in text
    words = " ".join(picture.itertext())
    assert "seed 7" in words


@pytest.mark.parametrize("compact", [False, True])
def test_a_phone_shows_it_whole_and_the_compact_one_leads_to_the_page(browser, compact):
    page = opened(browser, "codeless", compact, viewport={"width": 320, "height": 800})
    until(page, "running")
    if compact:
        assert len(page.query_selector_all("canvas")) == 1
        assert page.get_attribute(".trainer a", "href") == "train_here.html"
    else:
        page.click("summary")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.errors == []
    page.close()
