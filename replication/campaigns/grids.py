"""Named sets of runs: a TOML file of grids over RunConfig's fields and the protocol."""

import itertools
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

from binenc_core.config import RunConfig, known
from replication.base import provenance
from replication.data.recipes import recipe

CAMPAIGNS = provenance.ROOT / "campaigns"


class NamedRuns(NamedTuple):
    """A name, what its runs are for, and their configurations in groups, each once.

    A group is what a grid has of one seed: the runs that are compared with each other.
    """

    name: str
    about: str
    groups: list[list[RunConfig]]

    @property
    def configs(self) -> list[RunConfig]:
        """All configurations, group after group: the order in which they are trained."""
        return [config for group in self.groups for config in group]

    def first_seeds(self, count: int) -> "NamedRuns":
        """The groups of the first so many seeds; raises ValueError for more than there are."""
        seeds = list(dict.fromkeys(config.seed for config in self.configs))
        if count > len(seeds):
            raise ValueError(f"seeds is {count}; allowed: 1 to {len(seeds)}, as {self.name} has")
        return self._replace(groups=[g for g in self.groups if g[0].seed in seeds[:count]])


def names() -> list[str]:
    """Names of the campaigns in campaigns/."""
    return sorted(path.stem for path in CAMPAIGNS.glob("*.toml"))


def read(name: str) -> NamedRuns:
    """The campaign of campaigns/NAME.toml, or of the TOML file whose path `name` is.

    The file has a text `about` and tables `[[grid]]`, each with a `dataset`, perhaps a `protocol`,
    and fields of RunConfig; a list stands for each of its values, and the list `setting` holds
    tables of fields that change together. Raises ValueError, in one line,
    for an unknown name and for a file that says something else.
    """
    is_path = name.lower().endswith(".toml")
    path = Path(name) if is_path else CAMPAIGNS / f"{name}.toml"
    if not path.is_file():
        if is_path:
            raise ValueError(f"campaign {name}: there is no such file")
        allowed = f"{', '.join(names())}, or the path of a .toml file"
        raise ValueError(f"campaign is {name!r}; allowed: {allowed}")
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        groups = _groups(tables)
    except UnicodeDecodeError:
        raise ValueError(f"{path.name}: it is not in UTF-8; allowed: TOML in UTF-8") from None
    except ValueError as error:  # also what tomllib raises
        raise ValueError(f"{path.name}: {error}") from None
    return NamedRuns(path.stem, tables["about"], groups)


def _groups(tables: dict[str, Any]) -> list[list[RunConfig]]:
    known("key", ("about", "grid"), *tables)
    if not isinstance(tables.get("about"), str):
        raise ValueError("about is missing; allowed: a text")
    grids = tables.get("grid")
    if not isinstance(grids, list) or not grids or not all(isinstance(g, dict) for g in grids):
        raise ValueError("grid is missing; allowed: one or more tables [[grid]]")
    seen: set[RunConfig] = set()
    groups = []
    for grid in grids:
        configs = [config for config in dict.fromkeys(expand(grid)) if config not in seen]
        seen.update(configs)
        by_seed: dict[int, list[RunConfig]] = {}
        for config in configs:
            by_seed.setdefault(config.seed, []).append(config)
        groups += by_seed.values()
    return groups


def expand(grid: dict[str, Any]) -> list[RunConfig]:
    """Every combination of a grid's values, a list standing for each of its own.

    Raises ValueError for a grid without a dataset, an empty list, a field that stands beside the
    settings and in one of them, and what `recipe` refuses.
    """
    if "dataset" not in grid:
        raise ValueError("a grid has no dataset")
    axes = {name: value if isinstance(value, list) else [value] for name, value in grid.items()}
    if empty := [name for name, values in axes.items() if not values]:
        raise ValueError(f"{empty[0]} is an empty list; allowed: one value or more")
    settings = axes.pop("setting", [{}])
    for setting in settings:
        if not isinstance(setting, dict):
            raise ValueError(f"setting holds {setting!r}; allowed: tables of fields")
        if twice := sorted(set(setting) & set(axes)):
            raise ValueError(f"{twice[0]} is in the grid and in a setting; allowed: one of them")
    combinations = [
        dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())
    ]
    return [recipe(**own, **setting) for own in combinations for setting in settings]
