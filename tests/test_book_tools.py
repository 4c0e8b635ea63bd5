"""The tools that build the book, on notebooks and pages made here."""

import json
import re
import socket
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import plotly.offline
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import sphinx_page
from binenc_book import build, check_site, execute, executed, preview, toc
from binenc_book.executed_notebooks import fill_caption, with_outputs
from binenc_book.plotly_mime import (
    BUNDLE,
    DEFAULT_HEIGHT,
    MIME,
    TRACES,
    faults,
    figure_html,
    frames_script,
)

ROOT = Path(__file__).parents[1]
ASSETS = ROOT / "book" / "assets"
META = {"alt": "Two lines", "caption": "Mean of 3 seeds.", "csv": "x,y\n0,1\n", "source": "a.b"}


def figure(**changes) -> dict:
    """Two panels: groups a and b in each, the legend shown in the first."""
    data = [
        {
            "type": "scatter",
            "x": [0, 1],
            "y": [row, row + column],
            "xaxis": f"x{column}",
            "yaxis": f"y{column}",
            "name": f"group {group}",
            "legendgroup": group,
            "showlegend": column == 1,
        }
        for column in (1, 2)
        for row, group in enumerate("ab")
    ]
    axes = {"xaxis": {"domain": [0, 0.45]}, "xaxis2": {"domain": [0.55, 1]}}
    layout = {"height": 300, "meta": META, **axes, "yaxis2": {"anchor": "x2"}}
    return {"data": data, "layout": layout} | changes


def placed(fig: dict, name: str = "lines") -> str:
    """A figure as HTML, on a page at the site's root."""
    return figure_html(fig, "index", name, "make it again")


def plotly_output(fig: dict):
    return new_output("display_data", data={MIME: fig, "text/html": "<b>heavy</b>"})


def notebook(*cells, **metadata):
    return new_notebook(cells=list(cells), metadata=metadata)


def save(root: Path, page: str, *cells) -> Path:
    path = root / f"{page}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook(*cells, kernelspec=kernel), path)
    return path


def parameters_cell(source: str):
    return new_code_cell(source, metadata={"tags": ["parameters"]})


def save_toc(root: Path, *pages: str) -> None:
    files = "".join(f"  - file: {page}\n" for page in pages[1:])
    chapters = f"chapters:\n{files}" if files else ""
    (root / "_toc.yml").write_text(f"format: jb-book\nroot: {pages[0]}\n{chapters}")


# ---- Figures ------------------------------------------------------------------------------------


def test_a_figure_survives_its_way_into_the_page():
    """But for its template, which the page supplies, and its data, which are in a file."""
    nasty = 'ends </script><script>alert("x")</script> & <!-- so "on"'
    template = {"layout": {"font": {"size": 99}}}
    own = {"meta": META | {"alt": nasty}, "title": {"text": nasty}, "template": template}
    fig = figure(layout=own)
    html = BeautifulSoup(f"<main>{placed(fig)}<p>after</p></main>", "html.parser")
    (script,) = html.find_all("script")
    layout = {"title": {"text": nasty}, "height": DEFAULT_HEIGHT}
    assert json.loads(script.string) == fig | {"layout": layout}
    assert html.select_one(".book-figure")["aria-label"] == nasty
    assert [tag.name for tag in html.main.find_all(recursive=False)] == ["div", "p"]


@pytest.mark.parametrize("place", ["data", "frames"])
def test_a_trace_that_the_bundle_cannot_draw_is_refused(place):
    assert faults(figure()) == []
    traces = [{"type": "bar"}, {"type": "scattergl"}]
    (fault,) = faults(figure(**{place: traces if place == "data" else [{"data": traces}]}))
    assert "'scattergl'" in fault and "scatter, " in fault


@pytest.mark.parametrize("key", META)
def test_a_figure_that_does_not_describe_itself_is_refused(key):
    (fault,) = faults(figure(layout={"meta": META | {key: " "}}))
    assert f"lacks {key};" in fault


def test_the_vendored_bundle_is_the_version_that_plotly_uses():
    head = (ASSETS / BUNDLE).read_text("utf8")[:200]
    version = re.search(r"plotly\.js \(cartesian - minified\) v(\S+)", head)[1]
    assert version == plotly.offline.get_plotlyjs_version()
    assert f"| {version} |" in (ASSETS / "vendor" / "README.md").read_text("utf8")


# ---- Figures in a browser -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def workbench(browser, tmp_path_factory):
    """A page of one plain figure, one with frames, and one far below."""
    steps = [{"label": f"γ{i}", "method": "animate", "args": [[str(i)], {}]} for i in range(3)]
    slider = {"name": "γ", "currentvalue": {"prefix": "γ = "}, "steps": steps}
    frames = [{"name": str(i), "data": [{"type": "bar", "y": [i, 2 * i]}]} for i in range(3)]
    moving = figure(
        data=[{"type": "bar", "y": [0, 0]}],
        frames=frames,
        layout={"meta": META, "height": 200, "sliders": [slider]},
    )
    body = placed(figure()) + placed(moving, "moving")
    tall = moving | {"layout": moving["layout"] | {"height": 1600}}
    folder = tmp_path_factory.mktemp("workbench")
    frames = "".join(
        f"<script>{frames_script(moving, name)}</script>" for name in ("moving", "later")
    )
    scripts = frames + "".join(
        f'<script defer src="{(ASSETS / name).as_uri()}"></script>'
        for name in (BUNDLE, "book-plotly.js", "book-figure.js")
    )
    page_file = folder / "page.html"
    page_file.write_text(
        f'<!doctype html><html lang="en" data-theme="light"><meta charset="utf-8"><title>w</title>'
        f'<link rel="stylesheet" href="{(ASSETS / "book.css").as_uri()}">'
        f'{scripts}<body>{body}<div style="height:9000px"></div>{placed(tall, "later")}</body>',
        "utf8",
    )
    yield browser, page_file.as_uri()


@pytest.fixture
def bench(workbench):
    browser, address = workbench
    page = browser.new_page(viewport={"width": 1000, "height": 700})
    page.goto(address)
    page.wait_for_selector(".book-figure:nth-of-type(2)[data-state=ready]")
    yield page
    page.close()


def states(page) -> list:
    return page.eval_on_selector_all(".book-figure", "all => all.map(box => box.dataset.state)")


def visible_groups(page) -> list:
    script = "plot => plot.data.filter(t => t.visible !== 'legendonly').map(t => t.legendgroup)"
    return page.eval_on_selector(".book-plot", script)


# A figure's picture.
TAKE = "box => box.bookPicture()"


def font_color(page) -> str:
    return page.eval_on_selector(".book-plot", "plot => plot._fullLayout.font.color")


def test_the_bundle_draws_the_traces_it_is_said_to(bench):
    drawable = bench.evaluate("Object.keys(Plotly.PlotSchema.get().traces)")
    assert set(drawable) == TRACES


def test_a_figure_out_of_sight_is_drawn_when_the_reader_comes_or_prints(bench):
    assert states(bench) == ["ready", "ready", None]
    bench.pdf()
    assert states(bench) == ["ready", "ready", "ready"]


def test_the_legend_works_with_the_keyboard_and_a_double_click_shows_one_alone_then_all(bench):
    entries = bench.locator(".book-legend button")
    assert entries.all_inner_texts() == ["group a", "group b"]
    assert visible_groups(bench) == ["a", "b", "a", "b"]
    entries.nth(1).press("Enter")
    assert visible_groups(bench) == ["a", "a"]
    assert entries.nth(1).get_attribute("aria-pressed") == "false"
    entries.nth(1).press("Space")
    assert visible_groups(bench) == ["a", "b", "a", "b"]
    entries.nth(1).dblclick()
    assert visible_groups(bench) == ["b", "b"]
    assert entries.nth(0).get_attribute("aria-pressed") == "false"
    entries.nth(1).dblclick()
    assert visible_groups(bench) == ["a", "b", "a", "b"]


def test_the_slider_works_with_the_keyboard_and_takes_others_along(bench):
    slider = bench.locator(".book-slider input").first
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == "γ γ2"
    shown = "at => document.querySelectorAll('.book-plot')[at].data?.[0].y.join() === '2,4'"
    bench.wait_for_function(shown, arg=1)
    # A figure that is drawn later starts where its slider's namesake stands.
    bench.locator(".book-figure").last.scroll_into_view_if_needed()
    bench.wait_for_function(shown, arg=2)


def test_figures_follow_the_theme_and_print_in_the_light_one(bench):
    colors = {}
    for theme in ("light", "dark"):
        bench.evaluate("theme => { document.documentElement.dataset.theme = theme }", theme)
        bench.wait_for_selector(f".book-plot[data-theme={theme}]")
        colors[theme] = font_color(bench)
    assert colors["light"] != colors["dark"]
    bench.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert font_color(bench) == colors["light"]
    assert bench.eval_on_selector(".book-plot", "plot => plot._fullLayout.width") == 640
    bench.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert font_color(bench) == colors["dark"]
    assert bench.eval_on_selector(".book-plot", "plot => plot._fullLayout.width") > 900


def test_a_figure_longer_than_a_sheet_is_printed_on_one(bench):
    plot = bench.locator(".book-figure").last
    plot.scroll_into_view_if_needed()
    bench.wait_for_selector(".book-figure:nth-of-type(4)[data-state=ready]")
    height = "box => box.querySelector('.book-plot')._fullLayout.height"
    for event, expected in (("beforeprint", 1060), ("afterprint", 1600)):
        bench.evaluate("event => window.dispatchEvent(new Event(event))", event)
        assert plot.evaluate(height) == expected


def test_the_picture_is_light_has_a_legend_and_leaves_out_what_is_hidden(bench):
    bench.evaluate("document.documentElement.dataset.theme = 'dark'")
    bench.locator(".book-legend button").first.click()
    picture = ElementTree.fromstring(bench.eval_on_selector(".book-figure", TAKE))
    background = next(picture.iter("{http://www.w3.org/2000/svg}rect"))
    assert "fill: rgb(255, 255, 255)" in background.get("style")
    texts = [text for element in picture.iter() if (text := element.text)]
    assert "group b" in texts and "group a" not in texts
    assert sum(e.get("class", "").startswith("trace scatter") for e in picture.iter()) == 2


def test_panels_side_by_side_scroll_on_a_narrow_screen(workbench):
    browser, address = workbench
    page = browser.new_page(viewport={"width": 400, "height": 700})
    page.goto(address)
    page.wait_for_selector(".book-figure[data-state=ready]")
    widths = "box => [box.scrollWidth > box.clientWidth, box.tabIndex]"
    assert page.eval_on_selector(".book-scroll", widths) == [True, 0]
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.close()


# ---- Table of contents and stamps ---------------------------------------------------------------


def test_pages_come_in_reading_order(tmp_path):
    (tmp_path / "_toc.yml").write_text(
        "format: jb-book\nroot: z\nparts:\n- caption: One\n  chapters:\n  - file: c\n"
        "    sections:\n    - file: d\n- caption: Two\n  chapters:\n  - file: a\n"
    )
    save(tmp_path, "d")
    save(tmp_path, "a")
    assert toc.pages(tmp_path) == ["z", "c", "d", "a"]
    assert toc.notebooks(tmp_path) == ["d", "a"]


@pytest.mark.parametrize(
    ("read", "message"), [(toc.pages, r"no _toc\.yml"), (check_site.check, "no page")]
)
def test_a_folder_without_a_book_is_an_error(tmp_path, read, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path)


def test_the_inputs_are_the_code_that_trains_and_the_results(tmp_path):
    digests = [executed.inputs_digest(tmp_path)]
    for name in ("binenc_core/a/b.py", "results/mnist/runs.csv", "requirements.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for text in ("1", "2"):
            path.write_text(text)
            digests.append(executed.inputs_digest(tmp_path))
    (tmp_path / "results/mnist/runs.csv").rename(tmp_path / "results/mnist/other.csv")
    digests.append(executed.inputs_digest(tmp_path))
    assert len(set(digests)) == len(digests)
    (tmp_path / "binenc_core/notes.txt").write_text("not code")
    assert executed.inputs_digest(tmp_path) == digests[-1]


# ---- Outputs into the clean notebook ------------------------------------------------------------


def test_the_page_has_the_source_s_prose_and_the_run_s_outputs():
    clean = notebook(new_markdown_cell("new prose"), parameters_cell("n = 1"), new_code_cell("n"))
    done = notebook(
        new_markdown_cell("old prose"),
        new_code_cell("n = 1"),
        new_code_cell("n = 5", metadata={"tags": ["injected-parameters"]}),
        new_code_cell("n", outputs=[plotly_output(figure())], metadata={"papermill": {}}),
        widgets={"state": {}},
        papermill={"input_path": "somewhere"},
        language_info={"name": "python"},
    )
    shown = with_outputs(clean, done)
    assert [c.source for c in shown.cells] == ["new prose", "n = 1", "n = 5", "n"]
    (output,) = shown.cells[-1].outputs
    assert list(output.data) == [MIME]  # of the forms of a figure one
    assert dict(shown.metadata) == {"language_info": {"name": "python"}}
    assert dict(shown.cells[-1].metadata) == {}


def figure_cell(options, *outputs):
    return new_code_cell("f", outputs=list(outputs), metadata={"mystnb": {"figure": options}})


def test_a_figure_has_its_own_caption_unless_the_notebook_gives_one_and_never_none():
    for options, caption in (({}, "Mean of 3 seeds."), ({"caption": "Mine."}, "Mine.")):
        cell = figure_cell({"name": "fig-a", **options}, plotly_output(figure()))
        assert fill_caption(cell)
        assert cell.metadata.mystnb.figure == {"name": "fig-a", "caption": caption}
    assert not fill_caption(figure_cell({"name": "fig-a"}, new_output("stream", text="no figure")))
    assert fill_caption(new_code_cell("no figure is asked for"))


# ---- Pages of notebooks in Sphinx ---------------------------------------------------------------


EXTENSIONS = ("executed_notebooks", "furniture", "prune")


@pytest.fixture
def sphinx_book(tmp_path):
    """A book of one notebook with two figures; functions that run it and build it."""
    source = tmp_path / "source"
    clean = notebook(
        new_markdown_cell("# Title\n\nSee {numref}`fig-a`."),
        parameters_cell("n: int = 3"),
        figure_cell({"name": "fig-a"}),
        figure_cell({"name": "fig-b"}),
    )
    source.mkdir()
    nbformat.write(clean, source / "index.ipynb")

    def run(fig: dict, parameters: dict | None = None) -> None:
        clean, parameters = nbformat.read(source / "index.ipynb", 4), parameters or {}
        done = nbformat.from_dict(clean)
        for cell, shown in zip(done.cells[2:], (fig, figure()), strict=True):
            cell.outputs = [plotly_output(shown)]
        inputs = executed.inputs_digest(source)
        executed.write_record(done, parameters, executed.stamp(clean, parameters, inputs), 1.0)
        path = executed.copy_of(source, "index")
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(done, path)

    def make() -> tuple[BeautifulSoup, str]:
        return sphinx_page.build(tmp_path, [f"binenc_book.{name}" for name in EXTENSIONS])

    return source, run, make


def test_a_run_notebook_s_page_has_numbered_figures_and_frames_in_a_script(sphinx_book, tmp_path):
    _, run, make = sphinx_book
    frames = [{"name": "far", "data": [{"y": [77, 88]}]}]
    run(figure(frames=frames))
    page, warnings = make()
    assert warnings == ""
    assert [box["data-name"] for box in page.select("figure .book-figure")] == ["fig-a", "fig-b"]
    captions = [caption.get_text(" ", strip=True) for caption in page.select("figcaption")]
    for number, caption in enumerate(captions, start=1):
        assert caption.startswith(f"Fig. {number} Mean of 3 seeds.")
    assert page.select_one("p a.reference").get_text() == "Fig. 1"
    loaded = [tag["src"].split("?")[0] for tag in page.select("script[src][defer]")]
    frames_file = "frames/fig-a.js"
    wanted = [BUNDLE, frames_file, "book-plotly.js", "book-figure.js"]
    own = [name for name in loaded if any(word in name for word in ("plotly", "figure", "frames"))]
    assert own == [f"_static/{name}" for name in wanted]
    text = (tmp_path / "out" / "_static" / frames_file).read_text("utf8")
    assert json.loads(text.partition(" = ")[2].rstrip(";\n")) == frames
    assert "88" not in page.select_one("[data-name=fig-a] script").string


def test_a_figure_has_its_data_and_how_it_is_made_beside_it(sphinx_book, tmp_path):
    _, run, make = sphinx_book
    run(figure(), {"n": 5, "name": "two words"})
    page, _ = make()
    links = {a.get_text(): a["href"] for a in page.select("[data-name=fig-a] .book-links a")}
    assert links == {
        "Data (CSV)": "_static/figures/fig-a.csv",
        "Notebook": "_sources/index.ipynb",
        "Parameters": "#parameters",
        "Function": "_modules/a.html#b",
    }
    assert (tmp_path / "out" / links["Data (CSV)"]).read_text() == META["csv"]
    assert page.find(id="parameters").get_text().strip() == "n: int = 3"
    command = ".venv/bin/papermill index.ipynb out.ipynb -p n 5 -p name 'two words'"
    assert page.select_one("[data-name=fig-a] details pre").get_text() == command


def replace_in_notebook(source: Path, old: str, new: str) -> None:
    path = source / "index.ipynb"
    path.write_text(path.read_text().replace(old, new))


def test_no_outputs_and_those_of_other_data_or_code_are_a_warning(sphinx_book):
    source, run, make = sphinx_book
    page, warnings = make()
    assert "has not been run" in warnings
    assert not page.select(".book-figure, script[src*=plotly]")
    run(figure())
    (source / "results").mkdir()
    (source / "results" / "runs.csv").write_text("new")
    assert "other code or data" in make()[1]
    run(figure())
    replace_in_notebook(source, "# Title", "# Other title")
    page, warnings = make()
    assert warnings == ""
    assert page.h1.get_text().startswith("Other title")
    replace_in_notebook(source, '"n: int = 3"', '"n: int = 4"')
    page, warnings = make()
    assert "other code or data" in warnings
    assert not page.select(".book-figure")


def test_a_figure_that_cannot_be_shown_or_has_no_number_is_a_warning(sphinx_book):
    source, run, make = sphinx_book
    replace_in_notebook(source, '"name": "fig-b"', '"align": "left"')
    run(figure(data=[{"type": "scattergl"}]))
    page, warnings = make()
    assert "'scattergl' is not in the book's Plotly bundle" in warnings
    assert "a figure needs a number" in warnings
    assert "index.ipynb: WARNING" in warnings
    assert not page.select(".book-figure")


# ---- Running notebooks --------------------------------------------------------------------------


@pytest.fixture
def two_notebooks(tmp_path):
    save_toc(tmp_path, "index", "second")
    save(tmp_path, "index", new_markdown_cell("# No parameters"), new_code_cell("1 + 1"))
    report = "import os; print(n, os.environ['TQDM_DISABLE'], os.getcwd())"
    save(tmp_path, "second", parameters_cell("n: int = 3  # Seeds"), new_code_cell(report))
    return tmp_path


@pytest.mark.full
def test_notebooks_run_once_until_something_changes(two_notebooks, capfd):
    root = two_notebooks
    assert execute.execute(root, {})
    out, err = capfd.readouterr()
    assert re.search(r"index \(.*\): done", out) and re.search(r"second \(.*\): done", out)
    assert "%|" not in out + err  # a bar is for a terminal
    done = nbformat.read(executed.copy_of(root, "second"), 4)
    assert done.cells[-1].outputs[0].text == f"3 1 {root}\n"
    assert executed.read_record(done)["seconds"] > 0
    assert execute.execute(root, {})
    assert "index: current\n  second: current" in capfd.readouterr().out
    assert execute.execute(root, {"n": 7})
    out = capfd.readouterr().out
    assert "index: current" in out and re.search(r"second \(.*\): done", out)
    done = nbformat.read(executed.copy_of(root, "second"), 4)
    assert done.cells[-1].outputs[0].text == f"7 1 {root}\n"


@pytest.mark.full
def test_a_failed_run_is_said_and_leaves_no_page(two_notebooks, capfd):
    root = two_notebooks
    save(root, "second", new_code_cell("print('before')"), new_code_cell("1 / 0"))
    assert not execute.execute(root, {})
    out = capfd.readouterr().out
    assert re.search(r"second \(.*\): failed in cell 1: ZeroDivisionError: division by zero", out)
    assert re.search(r"index \(.*\): done", out)
    folder = root / executed.FOLDER
    assert sorted(path.name for path in folder.iterdir()) == ["index.ipynb", "second.failed.ipynb"]
    save(root, "second", new_code_cell("import os; os._exit(1)"))
    assert not execute.execute(root, {})
    assert re.search(r"second \(.*\): lost its kernel", capfd.readouterr().out)
    save(root, "second", new_code_cell("1"))
    assert execute.execute(root, {})
    assert sorted(path.name for path in folder.iterdir()) == ["index.ipynb", "second.ipynb"]


def test_a_notebook_gets_the_parameters_it_knows_and_one_that_none_knows_is_an_error(
    two_notebooks, capsys, monkeypatch
):
    shares = execute.assign_parameters(two_notebooks, ["index", "second"], {"n": 4})
    assert shares == {"index": {}, "second": {"n": 4}}
    monkeypatch.chdir(two_notebooks)
    assert build.main(["-p", "n", "4", "-p", "epoch", "5"]) == 2
    error = capsys.readouterr().err
    assert error == "book: no notebook has the parameter epoch; known: n\n"
    assert not (two_notebooks / "_build").exists()


@pytest.mark.parametrize(
    ("text", "value"), [("1e-3", 0.001), ("'7'", "7"), ("mnist", "mnist"), ("", "")]
)
def test_parameter_values_are_literals_or_text(text, value):
    assert build.parse_value(text) == value


# ---- The finished site --------------------------------------------------------------------------

GOOD = (
    '<link rel="stylesheet" href="style.css"><link rel="canonical" href="https://else.where/">'
    '<p id="here"><a href="#here">a</a><a href="sub/">b</a><a href="sub/index.html#in">c</a>'
    '<a href="https://else.where/">d</a><img src="data:image/png;base64,AA">'
    '<script type="application/json">{"src": "fetch(\'https://else.where\')"}</script>'
)


@pytest.fixture
def site(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "index.html").write_text('<a name="in"></a><a href="../index.html">up</a>')
    (tmp_path / "style.css").write_text("a { background: url(data:x) } b { src: url('style.css') }")
    (tmp_path / "index.html").write_text(GOOD)
    return tmp_path


def test_a_good_site_passes(site):
    assert check_site.check(site) == []


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ('<script src="https://else.where/x.js"></script>', "loads https://else.where/x.js"),
        ('<script src="//else.where/x.js"></script>', "loads //else.where/x.js"),
        ('<link rel="preconnect" href="https://else.where">', "loads https://else.where"),
        ('<img srcset="style.css 1x, http://e.w/b.png 2x">', "loads http://e.w/b.png"),
        ('<p style="background:url(http://e.w/b.png)">', "loads http://e.w/b.png"),
        ("<style>@import 'http://e.w/c.css'</style>", "loads http://e.w/c.css"),
        ("<script>import('https://e.w/m.js')</script>", "a script loads https://e.w/m.js"),
        ('<script src="gone.js"></script>', "lacks gone.js"),
        ('<a href="gone.html">x</a>', "dead link gone.html"),
        ('<a href="sub/#gone">x</a>', "no anchor sub/#gone"),
        ('<a href="#gone">x</a>', "no anchor #gone"),
    ],
)
def test_a_fault_of_a_page_is_found(site, html, fault):
    (site / "index.html").write_text(GOOD + html)
    assert check_site.check(site) == [f"index.html: {fault}"]


def test_a_fault_of_a_style_sheet_is_found(site):
    (site / "style.css").write_text("@font-face { src: url(https://e.w/f.woff) }")
    assert check_site.check(site) == ["style.css: loads https://e.w/f.woff"]


def test_a_bloated_page_is_found(site, monkeypatch):
    monkeypatch.setattr(check_site, "MAX_PAGE_BYTES", len(GOOD) - 1)
    (fault,) = check_site.check(site)
    assert fault.startswith("index.html: has")


def test_a_preview_takes_a_port_at_which_nothing_listens():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        assert preview.free_port(busy) > busy


# ---- The rest of a section behind a line --------------------------------------------------------


FOLDED = """# Page

Seen.

## First

Before.

```{fold} What is <inside>
```

Hidden.

### Deeper

Hidden too.

## Second

Seen again.
"""


def test_the_rest_of_the_section_is_folded_and_nothing_else(tmp_path):
    save(tmp_path / "source", "index", new_markdown_cell(FOLDED))
    page, warnings = sphinx_page.build(tmp_path, ["binenc_book.fold"])
    assert warnings == ""
    (fold,) = page.select("details.book-fold")
    assert fold.summary.get_text() == "What is <inside>"
    assert not fold.has_attr("open")
    inside = fold.get_text()
    assert "Hidden." in inside and "Hidden too." in inside
    for seen in ("Seen.", "Before.", "Seen again."):
        assert seen not in inside
    assert fold.find_parent("section")["id"] == "first"
