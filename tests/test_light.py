"""Reading without PyTorch: what requirements-book.txt has, and what works with that alone."""

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import light
from binenc_book import executed, toc
from binenc_book.execute import NEEDS_PYTORCH
from replication.__main__ import main
from replication.campaigns.get_runs import get_or_train_all
from replication.data.recipes import recipe
from replication.runs import pytorch
from replication.runs.trainer import get_or_train
from small_runs import failure

ROOT = Path(__file__).parents[1]
PAGES = toc.notebooks(ROOT)
PACKAGES = {
    **{name: ROOT / name for name in ("binenc_core", "replication")},
    "binenc_book": ROOT / "book" / "_ext",
}
# What trains, tests or takes pictures, with all that these bring along.
HEAVY = (
    *("torch", "torchvision", "torchmetrics", "scikit-learn"),
    *("pillow", "playwright", "pytest", "ruff"),
)
NEEDED = r"PyTorch, which is not installed here: pip install -r requirements\.txt$"


@pytest.fixture
def without_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)


# ---- The files ----------------------------------------------------------------------------------


def test_no_pin_is_written_twice():
    everything = (ROOT / "requirements.txt").read_text(encoding="utf8").splitlines()
    assert "-r requirements-book.txt" in everything
    files = ("requirements.txt", "requirements-book.txt", "requirements-slurm.txt")
    names = [name for file in files for name in light.pins(file)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("file", ["requirements.txt", "requirements-book.txt"])
def test_every_line_is_a_pin_another_file_or_the_project(file):
    lines = (ROOT / file).read_text(encoding="utf8").splitlines()
    code = [line for line in lines if line and not line.startswith("#")]
    others = ["./book/kernel", "-e ."] if "book" in file else ["-r requirements-book.txt"]
    assert sorted(code) == sorted([*others, *(line for line in code if "==" in line)])
    assert len(code) == len(light.pins(file)) + len(others)


def test_nothing_heavy_is_in_the_light_installation():
    assert not light.installed() & set(HEAVY)
    assert set(HEAVY) <= set(light.pins("requirements.txt"))


def test_what_binder_reads_is_there_and_light():
    folder = ROOT / "binder"
    assert {path.name for path in folder.iterdir()} == {"requirements.txt", "runtime.txt"}
    (line,) = (folder / "requirements.txt").read_text(encoding="utf8").splitlines()
    # pip takes the path after -r from the file, and that after -e from where it is called.
    assert (folder / line.removeprefix("-r ")).resolve() == ROOT / "requirements-book.txt"
    version = re.fullmatch(r"python-(3\.\d+)\n", (folder / "runtime.txt").read_text())[1]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
    assert SpecifierSet(project["requires-python"]).contains(version)


# ---- The imports --------------------------------------------------------------------------------


def imports(code: str) -> set[str]:
    """Names of what a module imports when it is itself imported: modules, and what is in them."""
    found = set()
    todo = [*ast.parse(code).body]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            todo += ast.iter_child_nodes(node)
    return found


def file_of(name: str) -> Path | None:
    """File of a module of the project; None for the name of anything else."""
    package, _, rest = name.partition(".")
    if package not in PACKAGES:
        return None
    path = PACKAGES[package].joinpath(*rest.split(".")) if rest else PACKAGES[package]
    candidates = (path.with_suffix(".py"), path / "__init__.py")
    return next((file for file in candidates if file.is_file()), None)


def reading_side() -> tuple[set[Path], set[str]]:
    """The project's files that reading imports, and the names of all other modules that it does.

    What trains is not among the files: it imports PyTorch, which is not pinned for reading.
    """
    code = [
        cell.source
        for page in PAGES
        for cell in executed.code_cells(nbformat.read(ROOT / f"{page}.ipynb", 4))
        if NEEDS_PYTORCH not in cell.metadata.get("tags", [])
    ]
    todo = {name for source in code for name in imports(source)}
    todo |= {f"binenc_book.{path.stem}" for path in PACKAGES["binenc_book"].glob("*.py")}
    todo.add("replication.__main__")
    files, others = set(), set()
    while todo:
        name = todo.pop()
        file = file_of(name)
        if file is None:
            others.add(name.partition(".")[0])
        elif file not in files:
            files.add(file)
            todo |= imports(file.read_text(encoding="utf8"))
    return files, others - set(PACKAGES) - set(sys.stdlib_module_names)


def test_all_that_the_reading_side_imports_is_pinned_for_it():
    owners = packages_distributions()
    pinned = light.pins("requirements-book.txt")
    files, modules = reading_side()
    assert len(files) > 40
    assert {"pandas", "plotly", "papermill", "sphinx"} <= modules
    # IPython is part of ipykernel's own installation.
    unpinned = {
        module
        for module in modules - {"IPython"}
        if not {canonicalize_name(owner) for owner in owners[module]} & set(pinned)
    }
    assert unpinned == set()


# ---- What is missing ----------------------------------------------------------------------------


def test_a_missing_run_is_told_beside_the_nearest_frozen_one(without_torch, capsys):
    configs = [recipe("digits", gamma=3, seed=seed) for seed in (0, 1)]
    for ask in (get_or_train_all, lambda configs: get_or_train(configs[0])):
        with pytest.raises(RuntimeError, match=NEEDED) as error:
            ask(configs)
        (line,) = str(error.value).splitlines()
        assert "digits binary seed 0, with gamma 3.0 (frozen: 10.0);" in line
    assert "2 runs, hits: 0, misses: 2" in capsys.readouterr().out


def test_where_nothing_alike_is_frozen_that_is_told(without_torch, own_root):
    with pytest.raises(RuntimeError, match=r"not on disk: 1 run, .* nothing is frozen; .*PyTorch"):
        get_or_train_all([recipe("digits")])


def test_a_pytorch_that_cannot_be_loaded_is_not_called_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)

    class Broken:
        @staticmethod
        def find_spec(name, path=None, target=None):
            if name == "torch":
                raise ImportError("libtorch.so: cannot be mapped\nmore")

    monkeypatch.delitem(sys.modules, "torch")
    monkeypatch.setattr(sys, "meta_path", [Broken, *sys.meta_path])
    with pytest.raises(RuntimeError, match=r"cannot be loaded: libtorch\.so: cannot be mapped$"):
        pytorch.check()


@pytest.mark.parametrize("here", [False, True])
def test_frozen_runs_are_given_without_pytorch(without_torch, here):
    (run,) = get_or_train_all([recipe("digits")], here=here)
    assert run.place == "results/digits"


@pytest.mark.parametrize(
    "words",
    [
        ["train", "--dataset", "digits"],
        ["campaign", "paper"],
        ["campaign", "paper", "--executor", "slurm"],
    ],
)
def test_commands_that_train_tell_in_one_line_that_they_need_it(
    words, without_torch, monkeypatch, tmp_path, capsys
):
    monkeypatch.setenv("BINENC_RUNS", str(tmp_path / "runs"))
    code, line = failure(words, capsys)
    assert code == 1
    assert re.fullmatch(f"error: .*{NEEDED}", line.removesuffix("\n"))
    assert list(tmp_path.iterdir()) == []


def test_a_campaign_that_is_on_disk_and_data_need_no_pytorch(without_torch, capsys):
    assert main(["data", "digits"]) == main(["campaign", "digits"]) == 0
    assert "digits: 20 of 20 runs, hits: 20" in capsys.readouterr().out


# ---- The book -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_machine(tmp_path_factory):
    """A copy of the project and the environment variables of the light installation."""
    folder = tmp_path_factory.mktemp("small_machine")
    tree = folder / "tree"
    hidden = shutil.ignore_patterns(".*", "__pycache__")
    made = {"_build", "data", "runs", "tests"}

    def left_out(here: str, names: list[str]) -> set[str]:
        return hidden(here, names) | (made & set(names) if Path(here) == ROOT else set())

    shutil.copytree(ROOT, tree, ignore=left_out)
    return tree, light.environment(folder / "first", tree, folder / "runs")


def run(command: list[str], folder: Path, environment: dict) -> subprocess.CompletedProcess:
    words = [sys.executable, "-m", *command]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)


@pytest.mark.full
def test_the_light_installation_lacks_pytorch(small_machine):
    tree, environment = small_machine
    code = "import binenc_core; print(binenc_core.__file__); import torch"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    assert Path(done.stdout.strip()) == tree / "binenc_core" / "__init__.py"
    assert "ModuleNotFoundError: No module named 'torch'" in done.stderr


@pytest.mark.full
def test_the_book_is_built_from_frozen_runs(small_machine):
    tree, environment = small_machine
    done = run(["binenc_book"], tree, environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert not Path(environment["BINENC_RUNS"]).exists()
    pages = {page: tree / "_build" / "html" / f"{page}.html" for page in PAGES}
    found = {name: BeautifulSoup(p.read_bytes(), "html.parser") for name, p in pages.items()}
    for page in PAGES:
        assert not re.search(r"misses: [1-9]", found[page].text), page
    said = " ".join(found["book/quickstart"].find("article").text.split())
    assert said.count("Not run: PyTorch is not installed") == 4
    assert "optimizer.step()" in said
    assert len(found["book/quickstart"].select(".book-figure")) == 2
    assert found["book/protocols"].select(".book-figure")


@pytest.mark.full
def test_a_notebook_runs_from_its_own_folder(small_machine, tmp_path):
    """As JupyterLab runs it, on Binder too."""
    tree, environment = small_machine
    page = "book/figures/fig1_binarity"
    source, output = tree / f"{page}.ipynb", tmp_path / "out.ipynb"
    done = run(["papermill", source.name, str(output)], source.parent, environment)
    assert done.returncode == 0, done.stderr
