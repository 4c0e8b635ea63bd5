"""Many runs: those that are missing are trained side by side, and one failure stops no other."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from binenc_core.config import RunConfig
from replication.base.files import check_writable
from replication.base.progress import Progress
from replication.data.datasets import DATASETS
from replication.data.sources import fetch
from replication.runs import store, trainer
from replication.runs.store import Run

POLL_SECONDS = 0.2
# A job that ends well leaves its run on disk, or to another process, which may be killed.
ATTEMPTS = 3
# A training of which there is no news for so long, and for so many of its epochs, may be stopped.
QUIET_SECONDS, QUIET_EPOCHS = 600, 5


class Job(Protocol):
    """A run that has been submitted."""

    def done(self) -> bool:
        """Whether it has ended, whichever way."""

    def failure(self) -> str | None:
        """Why it failed, in one line, once it is done; None if it did not."""


class Executor(Protocol):
    """Where runs are trained."""

    def room(self, running: int) -> int:
        """How many more runs may be submitted while so many are."""

    def submit(self, configs: Sequence[RunConfig]) -> list[Job]:
        """Have these runs trained; a job each, in their order."""

    def stop(self) -> None:
        """End whatever runs or waits."""


class Running(NamedTuple):
    """A run in training: how far it is, if that is known, and whether it is this campaign's.

    `quiet`: for how long its progress has been the same, s.
    """

    config: RunConfig
    progress: Progress | None
    own: bool
    quiet: float = 0.0

    @property
    def is_stuck(self) -> bool:
        """Whether there has been no news for much longer than an epoch takes."""
        if self.progress is None:
            return self.quiet > QUIET_SECONDS
        epoch = self.progress.seconds_left / max(1, self.progress.epochs - self.progress.done)
        return self.quiet > max(QUIET_SECONDS, QUIET_EPOCHS * epoch)


@dataclass
class Campaign:
    """The state of a campaign.

    `frozen`: the runs that count as frozen, by id; None for all in results/. `hits`: how many runs
    were on disk before. `runs`: those that are there, `failed`: why the others are not, both by
    configuration.
    """

    configs: list[RunConfig]
    frozen: Mapping[str, Run] | None = None
    hits: int = 0
    runs: dict[RunConfig, Run] = field(default_factory=dict)
    failed: dict[RunConfig, str] = field(default_factory=dict)
    running: list[Running] = field(default_factory=list)

    @property
    def waiting(self) -> list[RunConfig]:
        """The configurations whose training nobody has begun."""
        begun = {running.config for running in self.running} | set(self.runs) | set(self.failed)
        return [config for config in self.configs if config not in begun]

    def look_up(self, config: RunConfig, frozen: Mapping[str, Run] | None = None) -> bool:
        """Whether a run has ended: it is on disk, whole or damaged."""
        try:
            found = store.find(config, self.frozen if frozen is None else frozen)
        except RuntimeError as error:
            self.failed[config] = str(error)
            return True
        if found:
            self.runs[config] = found
        return found is not None


Watch = Callable[[Campaign], None]


def begin(configs: Iterable[RunConfig], frozen: Mapping[str, Run] | None = None) -> Campaign:
    """A campaign of several runs, each once, of which those on disk have been found."""
    campaign = Campaign(list({config.id: config for config in configs}.values()), frozen)
    there = store.frozen_runs() if frozen is None else frozen
    for config in campaign.configs:
        campaign.look_up(config, there)
    campaign.hits = len(campaign.runs)
    return campaign


def train_missing(campaign: Campaign, executor: Executor, watch: Watch) -> None:
    """Train what a campaign has not found, and keep its state up to date.

    `watch` is called with the campaign several times a second. A run that another process trains is
    waited for. Raises, before any work, OSError for a runs folder that cannot be written and
    DataError for a dataset whose files are not to be had.
    """
    check_writable(store.runs_folder(), "BINENC_RUNS")
    # Once, before several processes ask for the same files.
    for dataset in {config.dataset for config in campaign.waiting}:
        if DATASETS[dataset].files:
            fetch(dataset)
    jobs: dict[RunConfig, Job] = {}
    attempts: Counter[RunConfig] = Counter()
    asked = time.monotonic()
    try:
        while True:
            _collect(campaign, jobs, attempts)
            before = campaign.running
            _submit(campaign, jobs, executor)
            asked = note_quiet(campaign, before, asked)
            watch(campaign)
            if not (campaign.running or campaign.waiting):
                return
            time.sleep(POLL_SECONDS)
    finally:
        executor.stop()


def _collect(campaign: Campaign, jobs: dict[RunConfig, Job], attempts: Counter) -> None:
    """Take note of the jobs that have ended; a run that is not there yet waits again."""
    for config in [config for config, job in jobs.items() if job.done()]:
        attempts[config] += 1
        reason = jobs.pop(config).failure()
        if reason is None and attempts[config] == ATTEMPTS:
            reason = f"its job ended without a run in {store.runs_folder()}"
        if not campaign.look_up(config) and reason is not None:
            campaign.failed[config] = reason


def _submit(campaign: Campaign, jobs: dict[RunConfig, Job], executor: Executor) -> None:
    """Submit as many of the runs that nobody trains as there is room for."""
    campaign.running = [
        Running(config, progress, own=True)
        for config in jobs
        # A file alone may be what a killed process left.
        if (progress := trainer.progress_of(config)) and trainer.is_busy(config)
    ]
    chosen, room = [], executor.room(len(jobs))
    for config in [config for config in campaign.waiting if config not in jobs]:
        if trainer.is_busy(config):
            campaign.running.append(Running(config, trainer.progress_of(config), own=False))
        elif len(chosen) < room and not campaign.look_up(config):
            chosen.append(config)
    if chosen:
        jobs.update(zip(chosen, executor.submit(chosen), strict=True))


def note_quiet(campaign: Campaign, before: Sequence[Running], asked: float) -> float:
    """Note how long there has been no news of each run in training; returns when that was noted.

    `before` is what was in training when that was `asked` last.
    """
    now = time.monotonic()
    # No more than a second each time: the whole campaign may have been stopped meanwhile.
    passed = min(1, now - asked)
    last = {run.config: run for run in before}
    campaign.running = [
        run._replace(quiet=last[run.config].quiet + passed)
        if run.config in last and last[run.config].progress == run.progress
        else run
        for run in campaign.running
    ]
    return now
