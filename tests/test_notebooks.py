"""The notebooks: clean in git, thin, and able to run with parameters, as papermill runs them."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest

from binenc_book import executed, toc
from binenc_core.config import RunConfig
from replication.campaigns import grids
from replication.campaigns.selection import page_configs
from replication.figures.protocols import protocol_effects
from replication.runs import store

ROOT = Path(__file__).parents[1]
PAGES = toc.notebooks(ROOT)
FIGURES = [page for page in PAGES if "/figures/" in page]
PAPERMILL = [sys.executable, "-m", "papermill"]
# Only what keeps a run short: every notebook knows these.
SMALL = ["-p", "seeds", "1", "-p", "epochs", "2", "-p", "width", "16"]


def read(page: str) -> nbformat.NotebookNode:
    return nbformat.read(ROOT / f"{page}.ipynb", 4)


def test_every_notebook_of_the_book_is_found():
    assert {ROOT / f"{page}.ipynb" for page in PAGES} == {
        path for path in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
    }
    assert len(FIGURES) == 4


@pytest.mark.parametrize("page", PAGES)
def test_has_no_outputs_and_no_execution_counts(page):
    nbformat.validate(read(page))
    for cell in executed.code_cells(read(page)):
        assert cell.outputs == []
        assert cell.execution_count is None


@pytest.mark.parametrize("page", PAGES)
def test_has_one_cell_of_parameters_with_types_and_help(page):
    tagged = [c for c in read(page).cells if "parameters" in c.metadata.get("tags", [])]
    assert len(tagged) == 1
    for name, parameter in papermill.inspect_notebook(str(ROOT / f"{page}.ipynb")).items():
        assert parameter["inferred_type_name"] in ("str", "int", "float"), name
        assert parameter["help"], name


@pytest.mark.parametrize("page", PAGES)
def test_is_thin(page):
    assert len(read(page).cells) <= 20
    assert sum(len(cell.source.splitlines()) for cell in executed.code_cells(read(page))) <= 100


def defaults(page: str) -> dict:
    """The values of a notebook's parameters, those of where it trains left out."""
    found = papermill.inspect_notebook(str(ROOT / f"{page}.ipynb")).values()
    return {p["name"]: ast.literal_eval(p["default"]) for p in found if p["name"] != "device"}


def ids(configs: list[RunConfig]) -> set[str]:
    return {config.id for config in configs}


def test_the_trainings_of_the_page_on_protocols_are_a_frozen_campaign():
    wanted = protocol_effects.digits_configs(**defaults("book/protocols"))
    frozen = store.load_campaign(store.RESULTS / "digits_switches")
    assert {run.id for run in frozen} == ids(wanted)


def test_the_trainings_of_the_quick_start_are_in_a_frozen_campaign():
    wanted = page_configs("digits", **defaults("book/quickstart"))
    frozen = store.load_campaign(store.RESULTS / "digits")
    assert {run.id for run in frozen} == ids(grids.read("digits").configs)
    assert ids(wanted) < {run.id for run in frozen}


def in_short(page: str):
    """A page, marked where its notebook is not one of the three that `make test` runs."""
    short = ("book/verdicts", "book/figures/fig1_binarity", "book/index")
    return pytest.param(page, marks=[] if page in short else pytest.mark.full)


def run_papermill(*arguments: object, runs: Path) -> subprocess.CompletedProcess:
    environment = os.environ | {"BINENC_RUNS": str(runs), "TQDM_DISABLE": "1"}
    return subprocess.run(
        [*PAPERMILL, *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("page", [in_short(page) for page in PAGES])
def test_runs_with_papermill_from_the_root(page, tmp_path_factory):
    """The runs are shared, so that the networks are trained by the first notebook alone."""
    # A class of which nothing is learned has no reliability, a network of one class no boundary.
    learned = Path(page).name in ("reliability", "robustness")
    size = {"epochs": 20, "width": 64} if learned else {"epochs": 2, "width": 16}
    small = ["-p", "seeds", 1, "-p", "epochs", size["epochs"], "-p", "width", size["width"]]
    runs = tmp_path_factory.getbasetemp() / f"notebook_runs_{size['epochs']}"
    output = tmp_path_factory.mktemp("out") / "out.ipynb"
    on_digits = ("quickstart", "protocols")
    digits = ["-p", "dataset", "digits"] if Path(page).name not in on_digits else []
    done = run_papermill(f"{page}.ipynb", output, *digits, *small, runs=runs)
    assert done.returncode == 0, done.stderr
    kept = [json.loads(p.read_text()) for p in runs.glob("*/config.json")]
    trained = {(c["dataset"], c["epochs"], c["width"], c["seed"]) for c in kept}
    expected = {("digits", *size.values(), 0)}
    assert trained == expected or (
        not kept
        and Path(page).name in ("about", "harder", "index", "own_network", "verdicts", "why")
    )
    outputs = [o for cell in executed.code_cells(nbformat.read(output, 4)) for o in cell.outputs]
    drawn = [o for o in outputs if "application/vnd.plotly.v1+json" in o.get("data", {})]
    # Of the code book's figures one compares seeds.
    figures = {
        "about": 0,
        "verdicts": 0,
        "explore": 0,
        "quickstart": 2,
        "fig1_binarity": 2,
        "codes": 3,
    }
    figures |= {"fig2_encoding": 2, "own_network": 0, "why": 5}
    # Of the harder datasets nothing is frozen, and the digits have no other dataset beside them.
    figures |= {"robustness": 4, "harder": 0, "reliability": 3}
    assert len(drawn) == figures.get(Path(page).name, 1)


@pytest.mark.full
@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("gamma", "-1", "gamma is -1; allowed: a number ≥ 0"),
        ("split", "dev", "split is 'dev'; allowed: train, test"),
        ("device", "gpu", "device is 'gpu'; allowed: auto, cuda, mps, cpu"),
    ],
)
def test_a_bad_parameter_stops_a_notebook_before_any_training(tmp_path, name, value, message):
    page, runs = f"{FIGURES[0]}.ipynb", tmp_path / "runs"
    done = run_papermill(page, tmp_path / "out.ipynb", "-p", name, value, *SMALL, runs=runs)
    assert done.returncode != 0
    assert f"ValueError: {message}" in done.stderr
    assert not runs.exists()


def test_papermill_explains_every_parameter():
    page = FIGURES[0]
    done = run_papermill("--help-notebook", f"{page}.ipynb", runs=Path("unused"))
    assert done.returncode == 0, done.stderr
    for name, parameter in papermill.inspect_notebook(str(ROOT / f"{page}.ipynb")).items():
        assert f"{name}: " in done.stdout
        assert parameter["help"].split()[0] in done.stdout
