"""The light installation: what requirements-book.txt brings, and an interpreter with no more."""

import os
import re
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
# What Python runs first in every process that inherits its folder: some modules are not found.
BLOCKER = """\
import sys
from importlib.machinery import PathFinder


class LightFinder(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        absent = name.partition(".")[0] in {names!r}
        return None if absent else super().find_spec(name, path, target)


sys.meta_path[sys.meta_path.index(PathFinder)] = LightFinder
"""


def pins(name: str) -> dict[str, str]:
    """The pinned versions that a requirements file itself has, by canonical name."""
    lines = (ROOT / name).read_text(encoding="utf8").splitlines()
    found = [re.fullmatch(r"([\w.-]+)==([\w.]+)", line) for line in lines]
    return {canonicalize_name(match[1]): match[2] for match in found if match}


def installed() -> set[str]:
    """Canonical names of what installing requirements-book.txt installs, but the project itself."""
    found, todo = set(), [*pins("requirements-book.txt")]
    while todo:
        if (name := todo.pop()) in found:
            continue
        found.add(name)
        for need in map(Requirement, _requires(name)):
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                todo.append(canonicalize_name(need.name))
    return found


def _requires(name: str) -> list[str]:
    try:
        return requires(name) or []
    except PackageNotFoundError:
        raise AssertionError(f"{name} is not installed: make .venv anew") from None


def absent_modules() -> list[str]:
    """Importable names of this environment that the light installation lacks."""
    there = installed() | {"binenc", "pip"}
    return sorted(
        module
        for module, owners in packages_distributions().items()
        if not {canonicalize_name(owner) for owner in owners} & there
    )


def environment(folder: Path, tree: Path, runs: Path) -> dict[str, str]:
    """Environment variables under which Python has the light installation and a tree's packages.

    `folder` is made and holds what Python finds first, `tree` is a copy of the project's root, and
    `runs` the runs folder.
    """
    folder.mkdir()
    blocker = BLOCKER.format(names=absent_modules())
    (folder / "sitecustomize.py").write_text(blocker, encoding="utf8")
    (folder / "binenc_book").symlink_to(tree / "book" / "_ext")
    path = [str(folder), str(tree), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(path), "BINENC_RUNS": str(runs)}
