"""Runs the notebooks of the book with papermill, those that are not current."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import papermill
from jupyter_client.kernelspec import NoSuchKernel
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from tqdm import tqdm
from traitlets.config import Config

from binenc_book import executed
from binenc_book.toc import notebooks
from replication.base.progress import duration
from replication.runs import pytorch

WORKERS = min(2, os.cpu_count() or 1)
LONGEST_FOLDER = 70
USUAL_SECONDS = 10.0  # of a notebook that was never run here
# The tag of cells that are shown, but not run, where PyTorch is not installed.
NEEDS_PYTORCH = "needs-pytorch"
NOT_RUN = "*Not run: PyTorch is not installed (`pip install -r requirements.txt`).*"


class Outcome(NamedTuple):
    """How the run of one notebook went; `error` is empty where it went well."""

    page: str
    seconds: float
    error: str


def known_parameters(path: Path) -> set[str]:
    """Names of the parameters that a notebook declares in its cell tagged `parameters`."""
    tags = [t for cell in nbformat.read(path, 4).cells for t in cell.metadata.get("tags", [])]
    return set(papermill.inspect_notebook(path)) if "parameters" in tags else set()


def assign_parameters(root: Path, pages: Sequence[str], given: dict[str, Any]) -> dict[str, dict]:
    """Give each notebook the parameters that it knows: for each page, its share of `given`.

    Raises ValueError for a name in `given` that no notebook knows.
    """
    known = {page: known_parameters(root / f"{page}.ipynb") for page in pages}
    every = set().union(*known.values())
    if unknown := sorted(set(given) - every):
        raise ValueError(
            f"no notebook has the parameter {', '.join(unknown)}; known: {', '.join(sorted(every))}"
        )
    return {page: {n: v for n, v in given.items() if n in names} for page, names in known.items()}


def set_environment() -> None:
    """Tell the kernels that they run for the book: Plotly's MIME type, no progress bars."""
    os.environ |= {"TQDM_DISABLE": "1", "PLOTLY_RENDERER": "plotly_mimetype"}
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // WORKERS)))


@contextmanager
def own_kernel() -> Iterator[Config]:
    """Settings for a kernel with a folder of its own for sockets and IPython's settings.

    Kernels that start at the same moment can be given the same TCP port, and somebody's profile of
    IPython may change what a cell shows.
    """
    own = tempfile.gettempdir()
    # A socket's path has 107 bytes at most, and clusters have long names for temporary folders.
    short = own if len(os.fsencode(own)) <= LONGEST_FOLDER else "/tmp"
    with tempfile.TemporaryDirectory(prefix="kernel", dir=short) as folder:
        yield Config(
            KernelManager={"transport": "ipc", "ip": f"{folder}/socket"},
            NotebookClient={"extra_arguments": [f"--ipython-dir={folder}"]},
        )


def cause(error: PapermillExecutionError | NoSuchKernel | RuntimeError) -> str:
    """Say in one line why a run ended early."""
    if isinstance(error, NoSuchKernel):
        return f"needs the kernel {error.name}: pip install -r requirements-book.txt brings it"
    if isinstance(error, PapermillExecutionError):
        return f"failed in cell {error.cell_index}: {error.ename}: {error.evalue}"
    return f"lost its kernel, perhaps for want of memory: {error}"


def without_pytorch(notebook: NotebookNode) -> list[NotebookNode]:
    """Hide the cells that need PyTorch from papermill, where there is none: which they are."""
    hidden = [c for c in notebook.cells if NEEDS_PYTORCH in c.metadata.get("tags", [])]
    if not hidden or pytorch.is_installed():
        return []
    for cell in hidden:
        cell.cell_type = "raw"
    return [cell.id for cell in hidden]


def show_hidden(notebook: NotebookNode, hidden: list[str]) -> None:
    """Make the cells that papermill did not see code cells again, which say that they were not."""
    for cell in notebook.cells:
        if cell.id in hidden:
            said = nbformat.v4.new_output("display_data", {"text/markdown": NOT_RUN})
            cell.update(cell_type="code", outputs=[said], execution_count=None)


def run_notebook(root: Path, page: str, parameters: dict[str, Any], stamp: str) -> Outcome:
    """Run one notebook, in the root folder, into its executed copy.

    The copy appears whole. A run that fails leaves what it got to in `<page>.failed.ipynb`.
    """
    set_environment()
    target = executed.copy_of(root, page)
    partial, failed = (target.with_suffix(f".{kind}.ipynb") for kind in ("partial", "failed"))
    target.parent.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    clean = nbformat.read(root / f"{page}.ipynb", 4)
    hidden = without_pytorch(clean)
    try:
        with own_kernel() as config:
            notebook = papermill.execute_notebook(
                clean,
                partial,
                parameters=parameters,
                cwd=root,
                progress_bar=False,
                config=config,
                stdout_file=sys.stdout,  # a training says beforehand how long it will take
            )
    # A kernel that dies or does not start is a RuntimeError.
    except (PapermillExecutionError, NoSuchKernel, RuntimeError) as error:
        os.replace(partial, failed)
        message = f"{cause(error)}\n    what it got to: {failed.relative_to(root)}"
        return Outcome(page, time.monotonic() - start, message)
    show_hidden(notebook, hidden)
    seconds = time.monotonic() - start
    executed.write_record(notebook, parameters, stamp, seconds)
    nbformat.write(notebook, partial)
    os.replace(partial, target)
    failed.unlink(missing_ok=True)
    return Outcome(page, seconds, "")


def last_record(root: Path, page: str) -> dict[str, Any]:
    """What a page's executed copy was made from, empty where there is none."""
    path = executed.copy_of(root, page)
    return executed.read_record(nbformat.read(path, 4)) if path.is_file() else {}


def execute(root: Path, given: dict[str, Any]) -> bool:
    """Run the notebooks that are not current, two side by side, and say so line by line.

    `given` holds values for the notebooks' parameters, by name. Returns whether all went well.
    Raises ValueError, before anything is run, for a parameter that no notebook knows.
    """
    pages = notebooks(root)
    parameters = assign_parameters(root, pages, given)
    inputs = executed.inputs_digest(root)
    stamps = {
        page: executed.stamp(nbformat.read(root / f"{page}.ipynb", 4), parameters[page], inputs)
        for page in pages
    }
    records = {page: last_record(root, page) for page in pages}
    todo = [page for page in pages if records[page].get("stamp") != stamps[page]]
    for page in pages:
        if page not in todo:
            print(f"  {page}: current", flush=True)
    if not todo:
        return True
    print(f"  running {', '.join(Path(page).name for page in todo)}", flush=True)
    expected = {page: records[page].get("seconds", USUAL_SECONDS) for page in todo}
    good = True
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool, _bar(todo) as bar:
        runs = [pool.submit(run_notebook, root, p, parameters[p], stamps[p]) for p in todo]
        for run in as_completed(runs):
            page, seconds, error = run.result()
            del expected[page]
            bar.set_postfix_str(f"about {duration(sum(expected.values()) / WORKERS)} to go")
            bar.update()
            bar.write(f"  {page} ({seconds:.1f} s): {error or 'done'}")
            sys.stdout.flush()
            good = good and not error
    return good


def _bar(pages: Sequence[str]) -> tqdm:
    """A bar over notebooks, on a terminal and where TQDM_DISABLE does not forbid it."""
    off = True if os.environ.get("TQDM_DISABLE") else None
    return tqdm(total=len(pages), desc="  notebooks", unit="notebook", disable=off, leave=False)
