"""Named sets of runs: a TOML file of grids over RunConfig's fields and the protocol."""

import itertools
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from binenc_core import provenance
from binenc_core.config import RunConfig
from binenc_core.recipes import recipe

CAMPAIGNS = provenance.ROOT / "campaigns"


class NamedRuns(NamedTuple):
    """A name, what its runs are for, and their configurations, each once."""

    name: str
    about: str
    configs: list[RunConfig]


def names() -> list[str]:
    """Names of the campaigns in campaigns/."""
    return sorted(path.stem for path in CAMPAIGNS.glob("*.toml"))


def read(name: str) -> NamedRuns:
    """The campaign of campaigns/NAME.toml, or of the TOML file whose path `name` is.

    The file has a text `about` and tables `[[grid]]`, each with a `dataset`, perhaps a `protocol`,
    and fields of RunConfig; a list stands for each of its values. Raises ValueError, in one line,
    for an unknown name and for a file that says something else.
    """
    path = Path(name) if name.endswith(".toml") else CAMPAIGNS / f"{name}.toml"
    if not path.is_file():
        raise ValueError(
            f"campaign is {name!r}; allowed: {', '.join(names())}, or the path of a .toml file"
        )
    try:
        tables = tomllib.loads(path.read_text(encoding="utf8"))
        configs = _configs(tables)
    except ValueError as error:  # also what tomllib raises
        raise ValueError(f"{path.name}: {error}") from None
    return NamedRuns(path.stem, tables["about"], configs)


def _configs(tables: dict[str, Any]) -> list[RunConfig]:
    unknown = sorted(set(tables) - {"about", "grid"})
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}; allowed: about, grid")
    if not isinstance(tables.get("about"), str):
        raise ValueError("about is missing; allowed: a text")
    grids = tables.get("grid")
    if not isinstance(grids, list) or not grids or not all(isinstance(g, dict) for g in grids):
        raise ValueError("grid is missing; allowed: one or more tables [[grid]]")
    configs = [config for grid in grids for config in expand(grid)]
    return list(dict.fromkeys(configs))


def expand(grid: dict[str, Any]) -> list[RunConfig]:
    """Every combination of a grid's values, a list standing for each of its own.

    Raises ValueError for a grid without a dataset, an empty list, and what `recipe` refuses.
    """
    if "dataset" not in grid:
        raise ValueError("a grid has no dataset")
    axes = {name: value if isinstance(value, list) else [value] for name, value in grid.items()}
    if empty := [name for name, values in axes.items() if not values]:
        raise ValueError(f"{empty[0]} is an empty list; allowed: one value or more")
    combinations = itertools.product(*axes.values())
    return [recipe(**dict(zip(axes, values, strict=True))) for values in combinations]
