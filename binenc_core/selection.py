"""Which runs a page shows: those of the frozen campaigns, with the reader's changes."""

from itertools import product

from binenc_core import grids, store
from binenc_core.config import DATASETS, HEADS, RunConfig
from binenc_core.recipes import recipe, switches
from binenc_core.store import Run

DEFAULT_SEEDS = 3


def page_configs(
    dataset: str,
    heads: tuple[str, ...] = HEADS,
    seeds: int | None = None,
    protocol: str | None = None,
    **changes,
) -> list[RunConfig]:
    """The configurations of the runs behind a figure.

    `dataset` holds one name or several with commas between them. Of each it takes the campaign
    frozen under that name, or the dataset's recipe where there is none; `seeds` asks for the seeds
    0 … seeds−1, `protocol` for the values that it gives to the switches, and `changes` for other
    values of RunConfig's fields, those of the protocol too (None: as they are).
    Raises ValueError for an unknown name or a value out of range.
    """
    asked = switches(protocol) if protocol is not None else {}
    asked |= {name: value for name, value in changes.items() if value is not None}
    check_seeds(seeds)
    if not isinstance(dataset, str):
        raise ValueError(f"dataset is {dataset!r}; allowed: {', '.join(DATASETS)}")
    names = [name.strip() for name in dataset.split(",")]
    return [c for name in names for c in _dataset_configs(name, heads, seeds, asked)]


def check_seeds(seeds: int | None) -> None:
    """Raise ValueError for what is neither None nor a number of seeds."""
    if seeds is not None and (isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1):
        raise ValueError(f"seeds is {seeds!r}; allowed: a whole number ≥ 1")


GAMMA = "gamma"


def gamma_configs(
    dataset: str | None = None, seeds: int | None = None, **changes
) -> list[RunConfig]:
    """The configurations of the runs behind the γ explorer.

    They are those of the campaign frozen as "gamma", or of campaigns/gamma.toml where `dataset`,
    `seeds` (0 … seeds−1) or `changes` (values of RunConfig's fields) ask for something; None asks
    for nothing, and then there are none without a frozen campaign. Another dataset has its own
    recipe. Raises ValueError for an unknown name or a value out of range.
    """
    check_seeds(seeds)
    asked = {name: value for name, value in changes.items() if value is not None}
    frozen = [run.config for run in campaign_runs(GAMMA)]
    if not frozen and not asked and dataset is None and seeds is None:
        return []
    configs = frozen or grids.read(GAMMA).configs
    if dataset not in (None, configs[0].dataset):
        configs = [recipe(dataset, gamma=c.gamma, seed=c.seed) for c in configs]
    if seeds is not None:
        configs = [c.change(seed=seed) for c in configs for seed in range(seeds)]
    return list(dict.fromkeys(c.change(**asked) for c in configs))


def _dataset_configs(name: str, heads, seeds: int | None, asked: dict) -> list[RunConfig]:
    frozen = [run.config for run in campaign_runs(recipe(name).dataset)]
    frozen = [config for config in frozen if config.head in heads]
    if seeds is None and frozen:
        grid = sorted({(HEADS.index(c.head), c.seed) for c in frozen})
    else:
        grid = product(sorted(map(HEADS.index, heads)), range(seeds or DEFAULT_SEEDS))
    standard = {head: recipe(name, head=head) for head in heads}
    standard |= {config.head: config for config in reversed(frozen)}
    return [standard[HEADS[h]].change(seed=seed).change(**asked) for h, seed in grid]


def campaign_runs(name: str) -> list[Run]:
    """The runs of the campaign frozen under a name; none where there is no such campaign."""
    folder = store.RESULTS / name
    return store.load_campaign(folder) if folder.exists() else []
