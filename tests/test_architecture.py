"""Imports run one way: replication → binenc_core, and inside replication from later to earlier."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Each room imports from those before it.
ROOMS = (
    *("base", "data", "runs", "studies", "campaigns", "claims", "figures", "widgets"),
    *("explore", "cli", "__main__"),
)
FILES = sorted(
    path for package in ("binenc_core", "replication") for path in (ROOT / package).rglob("*.py")
)


def imported(path: Path) -> set[str]:
    """Names of the project's modules that a file imports, wherever it does."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        if isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return {name for name in found if name.split(".")[0] in ("binenc_core", "replication")}


def room_of(name: str) -> str:
    """The room of a module of `replication` by its dotted name."""
    return name.split(".")[1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_run_one_way(path):
    own = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for name in imported(path):
        if own.startswith("binenc_core"):
            assert name.startswith("binenc_core"), f"{own} imports {name}"
        elif name.startswith("replication."):
            here, there = (ROOMS.index(room_of(n)) for n in (own, name))
            assert there <= here, f"{own} imports {name}"


def test_the_core_opens_no_file_and_prints_nothing():
    for path in (ROOT / "binenc_core").rglob("*.py"):
        calls = {
            node.func.id
            for node in ast.walk(ast.parse(path.read_text(encoding="utf8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert not calls & {"open", "print"}, path


# What reads, and what asks for trainings, in a process that cannot import PyTorch.
READING = """
import sys
sys.modules["torch"] = None
import replication.campaigns.assess, replication.campaigns.get_runs, replication.claims.words
import replication.explore, replication.runs.freeze, replication.runs.logged
import replication.studies.sanity_checks
from replication.__main__ import main
from replication.claims import judge
from replication.runs import store
from replication.widgets import gamma_panel
run, *_ = store.campaign_of("digits")
assert len(judge.judge_all())
assert "results/digits" in gamma_panel().message.value
print(len(run.history), sorted(run.arrays())[0])
main(["train", "--help"])
"""


def test_reading_needs_no_pytorch():
    command = [sys.executable, "-c", READING]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.match(r"\d+ class_means\nusage: ", done.stdout)
