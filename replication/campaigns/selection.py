"""Which networks a page shows: those of the frozen campaigns, with the reader's changes."""

from collections.abc import Iterable
from itertools import product

from binenc_core.config import HEADS, PAPER_HEADS, RunConfig, known, read_whole
from replication.campaigns import grids
from replication.data.datasets import DATASETS
from replication.data.recipes import PROTOCOLS, protocol_of, recipe, switches
from replication.runs import store
from replication.runs.store import Run
from replication.studies import assessments
from replication.studies.assessments import Assessment

DEFAULT_SEEDS = 3
# Campaigns whose assessments the pages show unless told otherwise: one for each dataset and
# protocol, whatever else is frozen.
SHOWN = [f"{dataset}{ending}" for dataset in DATASETS for ending in ("", "_released", "_later")]
# A campaign whose runs are long has a shorter forerunner, whose frozen runs are shown until so many
# seeds of its own are there; its assessments until there are some of the campaign's.
FORERUNNER, ENOUGH_SEEDS = "_short", 3


def page_configs(
    dataset: str,
    heads: tuple[str, ...] = PAPER_HEADS,
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
    seeds = None if seeds is None else read_whole("seeds", seeds)
    datasets = names("dataset", dataset, DATASETS)
    return [c for name in datasets for c in _dataset_configs(name, heads, seeds, asked)]


def names(parameter: str, text: str, allowed: Iterable[str]) -> list[str]:
    """One name or several with commas between them; raises ValueError for what is not allowed."""
    found = [name.strip() for name in text.split(",")] if isinstance(text, str) else [text]
    known(parameter, allowed, *found)
    return found


def assessed_configs(
    study: str, dataset: str, protocol: str | None = None, seeds: int | None = None, **changes
) -> list[RunConfig]:
    """The configurations of the networks behind a page of a study.

    `dataset` and `protocol` hold one name or several with commas. For each pair of them it takes
    the networks of `assessments_shown`, for no protocol those of all; `seeds` asks for the
    seeds 0 … seeds−1, and `changes` for other values of RunConfig's fields (None: as they are).
    Where a pair has none, it takes `page_configs`, with one seed unless more are asked; but where
    nothing but datasets is asked, those without any are left out, if others have some.
    Raises ValueError for an unknown name or a value out of range.
    """
    seeds = None if seeds is None else read_whole("seeds", seeds)
    datasets = names("dataset", dataset, DATASETS)
    protocols = [None] if protocol is None else names("protocol", protocol, PROTOCOLS)
    asked = {name: value for name, value in changes.items() if value is not None}
    frozen = [found.config for found in assessments_shown(study)]
    frozen.sort(key=lambda c: (list(PROTOCOLS).index(protocol_of(c)), HEADS.index(c.head), c.seed))
    some = protocol is None and seeds is None and not asked
    some = some and any(c.dataset in datasets for c in frozen)
    configs = []
    for name, wanted in product(datasets, protocols):
        own = [c for c in frozen if c.dataset == name and wanted in (None, protocol_of(c))]
        if seeds is not None:
            own = [c.change(seed=seed) for c in own for seed in range(seeds)]
        if not own and not some:
            own = page_configs(name, seeds=seeds or 1, protocol=wanted)
        configs += [c.change(**asked) for c in own]
    return list(dict.fromkeys(configs))


def assessments_shown(study: str) -> list[Assessment]:
    """What is frozen of a study for the campaigns named as a dataset, as mnist or mnist_released.

    In the order of DATASETS. Raises RuntimeError for damaged files.
    """
    folder = store.RESULTS / study
    shown = {own if (folder / own).exists() else own + FORERUNNER for own in SHOWN}
    found = assessments.frozen_of(study, shown).values()
    return sorted(found, key=lambda a: list(DATASETS).index(a.config.dataset))


GAMMA = "gamma_coarse"


def gamma_configs(
    dataset: str | None = None, seeds: int | None = None, **changes
) -> list[RunConfig]:
    """The configurations of the runs behind the γ explorer.

    They are those of the campaign frozen under GAMMA, or of its file in campaigns/ where `dataset`,
    `seeds` (0 … seeds−1) or `changes` (values of RunConfig's fields) ask for something; None asks
    for nothing, and then there are none without a frozen campaign. Another dataset has its own
    recipe. Raises ValueError for an unknown name or a value out of range.
    """
    seeds = None if seeds is None else read_whole("seeds", seeds)
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
    """The runs of the campaign frozen under a name, or those of its forerunner; none without both.

    Raises RuntimeError for damaged files.
    """
    return paired_runs([name])[name]


def paired_runs(names: Iterable[str]) -> dict[str, list[Run]]:
    """The runs of campaigns that are compared, by name: of all of them, or of their forerunners.

    Those of the forerunners unless each campaign has ENOUGH_SEEDS: a long training beside a short
    one compares nothing.
    """
    own = {name: store.campaign_of(name) for name in names}
    if all(len({run.config.seed for run in runs}) >= ENOUGH_SEEDS for runs in own.values()):
        return own
    return {name: store.campaign_of(name + FORERUNNER) or runs for name, runs in own.items()}
