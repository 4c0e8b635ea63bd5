"""The runs behind a page: several at once, trained side by side where they are missing."""

from collections.abc import Iterable
from dataclasses import replace

from binenc_core.config import RunConfig
from replication.base.progress import Say, duration
from replication.campaigns import campaign
from replication.runs import pytorch, trainer
from replication.runs.labels import labels
from replication.runs.store import Run


def get_or_train_all(
    configs: Iterable[RunConfig], device: str = "auto", say: Say = print, here: bool = False
) -> list[Run]:
    """The runs of several configurations, each once, in their order; one line tells the hits.

    `here` asks for runs trained on this machine, and passes results/ over where PyTorch is
    installed.

    Several that are missing are trained in as many processes of one thread as there are cores; one
    alone, or those on a GPU, in this process, as `trainer.get_or_train` does. A script that calls
    this needs an `if __name__ == "__main__":`, since new processes import it. Raises ValueError for
    a device that is not there, RuntimeError where a run failed, when the others are done, and for
    missing runs, before any work, where PyTorch is not installed.
    """
    trainer.check_device(device)
    configs = list(dict.fromkeys(configs))
    state = campaign.begin(configs, frozen={} if here and pytorch.is_installed() else None)
    places = sorted({run.place for run in state.runs.values()})
    where = f" in {', '.join(places)}" if places else ""
    missing = state.waiting
    say(f"{len(state.configs)} runs, hits: {state.hits}{where}, misses: {len(missing)}")
    if missing:
        pytorch.check(missing)
        _train(state, device, say)
    if state.failed:
        names = labels(state.configs)
        raise RuntimeError("; ".join(f"{names[c]}: {why}" for c, why in state.failed.items()))
    by_id = {run.id: run for run in state.runs.values()}
    return [replace(by_id[config.id], config=config) for config in configs]


def _train(state: campaign.Campaign, device: str, say: Say) -> None:
    # These load PyTorch, which a page of frozen runs does without.
    from replication.base.devices import resolve_device
    from replication.campaigns.local import LocalExecutor, default_processes
    from replication.campaigns.watch import lines
    from replication.runs.timing import estimated_seconds

    missing = state.waiting
    processes = min(default_processes(device), len(missing))
    if processes == 1:
        for config in missing:
            try:
                state.runs[config] = trainer.get_or_train(config, device, say, frozen=state.frozen)
            except (OSError, RuntimeError) as error:
                state.failed[config] = str(error)
        return
    target = resolve_device(device)
    expected = sum(estimated_seconds(config, target) for config in missing) / processes
    say(f"training in {processes} processes, about {duration(expected)} in all")
    campaign.train_missing(state, LocalExecutor(processes, device=device), lines(state, say))
