"""Which run a panel's entries ask for, and as much of it as is on disk."""

from typing import Any, NamedTuple

import pandas as pd
from numpy.typing import NDArray

from binenc_core.config import RunConfig
from replication.campaigns.selection import page_configs
from replication.data.datasets import DATASETS
from replication.runs import logged, store, trainer
from replication.runs.store import Run

# An evaluation of the digits takes no longer than one of their epochs.
LOG_EVERY = {"digits": 1}


class Shown(NamedTuple):
    """A run, whole or as far as it is trained.

    `run`: its `info` is empty while it is unfinished. `arrays`: as `Run.arrays` gives them.
    `epochs`: how many are done.
    """

    run: Run
    arrays: dict[str, NDArray]
    epochs: int

    @property
    def config(self) -> RunConfig:
        """The run's configuration."""
        return self.run.config


def asked(dataset: str, head: str, protocol: str, **changes: Any) -> RunConfig:
    """The configuration that a panel's entries ask for; `changes` are other fields of RunConfig.

    The rest is as in the campaign frozen under the dataset's name, or in its recipe. The digits are
    evaluated after every epoch, and SGD has the dataset's rate. Raises ValueError for an unknown
    name and a value out of range.
    """
    RunConfig().change(dataset=dataset, head=head)
    usual = {"log_every": LOG_EVERY.get(dataset)}
    if changes.get("classifier_optimizer") == "sgd":
        usual["classifier_rate"] = DATASETS[dataset].sgd_rate
    return page_configs(dataset, (head,), 1, protocol, **(usual | changes))[0]


def same_training(config: RunConfig, other: RunConfig) -> bool:
    """Whether two runs are one training, perhaps evaluated after other epochs."""
    return (config.trajectory, config.epochs) == (other.trajectory, other.epochs)


def finished(config: RunConfig) -> Shown | None:
    """A run that is on disk, or the same training evaluated after other epochs.

    Raises RuntimeError for a run whose files are damaged.
    """
    frozen = store.frozen_runs()
    found = store.find(config, frozen)
    if found is None:
        # A frozen run of another version of the training has another id than its configuration.
        on_disk = [run.config for run in frozen.values() if run.id == run.config.id]
        on_disk += [other for other, _ in store.stored_configs()]
        alike = [other for other in on_disk if same_training(config, other)]
        often = max(alike, key=lambda other: len(other.logged_epochs()), default=None)
        found = often and store.find(often, frozen)
    return found and Shown(found, found.arrays(), config.epochs)


def unfinished(config: RunConfig) -> Shown | None:
    """A run as far as its last checkpoint, or None where it has none."""
    path = trainer.checkpoint_of(config)
    found = logged.read(path)
    if found is None:
        return None
    run = Run(config.id, config, pd.DataFrame(found.records), {}, path)
    return Shown(run, found.arrays, found.epochs)
