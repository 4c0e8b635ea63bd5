"""Networks -> what a study finds of them: on disk already, or made now from their weights."""

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import as_completed
from importlib import import_module

from binenc_core.config import RunConfig, known
from replication.base.progress import Say, duration
from replication.base.provenance import origin
from replication.campaigns.get_runs import get_or_train_all
from replication.data.datasets import DATASETS
from replication.runs import pytorch, store, trainer
from replication.runs.labels import labels
from replication.studies import assessments
from replication.studies.assessments import Assessment
from replication.studies.catalog import STUDIES, images_of


def get_or_assess_all(
    study: str,
    configs: Iterable[RunConfig],
    images: int | None = None,
    device: str = "auto",
    processes: int | None = None,
    say: Say = print,
) -> list[Assessment]:
    """What a study finds of several networks, each once, in their order; one line tells the hits.

    `images` asks for a number of test images, None for what is frozen or else the study's own
    number. Networks whose weights are missing are trained first. On a CPU so many `processes` of
    one thread each (as many as there are cores) work side by side; what one has finished is kept,
    whatever becomes of the others. A script that calls this needs an `if __name__ == "__main__":`.
    Raises, before any work, ValueError for an unknown study or device and for a number of images
    that a dataset does not have, and RuntimeError where PyTorch is needed and not installed; when
    the others are done, RuntimeError for a network that diverged or could not be assessed.
    """
    known("study", STUDIES, study)
    trainer.check_device(device)
    configs = list({config.id: config for config in configs}.values())
    for dataset in {config.dataset for config in configs}:
        images_of(study, images, DATASETS[dataset].test_images)
    frozen = assessments.frozen_of(study)
    found = {c.id: assessments.find(study, c, images, frozen) for c in configs}
    missing = [config for config in configs if found[config.id] is None]
    hits = len(configs) - len(missing)
    say(f"{study} of {len(configs)} networks, hits: {hits}, misses: {len(missing)}")
    if missing:
        if not pytorch.is_installed():
            raise RuntimeError(
                f"not on disk: the {study} of {len(missing)} networks, the first of them "
                f"{missing[0].label}; to assess them needs {pytorch.NEEDED}"
            )
        unsound = _unsound(get_or_train_all(missing, device, say, here=True))
        sound = [config for config in missing if config.id not in unsound]
        made, failed = _assess(study, sound, images, device, processes, say)
        found |= {a.config.id: a for a in made}
        if reasons := [*unsound.values(), *failed]:
            raise RuntimeError("; ".join(reasons))
    return [found[config.id] for config in configs]


def _unsound(runs: Sequence[store.Run]) -> dict[str, str]:
    """Why runs have no network to be assessed, by id: they diverged, or their weights are gone."""
    reasons = {}
    for run in runs:
        if run.info["diverged_epoch"] is not None:
            reasons[run.id] = (
                f"{run.config.label} ({run.id}) diverged in epoch {run.info['diverged_epoch']}; "
                "allowed: networks whose training went through"
            )
        elif not run.checkpoint_path.exists():
            folder = run.checkpoint_path.parent
            reasons[run.id] = f"{folder} has no weights; delete it to have them trained again"
    return reasons


def _assess(
    study: str,
    configs: Sequence[RunConfig],
    images: int | None,
    device: str,
    processes: int | None,
    say: Say,
) -> tuple[list[Assessment], list[str]]:
    """What was found of networks that have their weights, and why it was not of the others."""
    from replication.campaigns.local import LocalExecutor, default_processes, reason

    if not configs:
        return [], []
    names = labels(configs)
    processes = min(processes or default_processes(device), len(configs))
    say(f"assessing {len(configs)} networks in {processes} processes")
    made, failed = [], []
    begun = time.perf_counter()
    executor = LocalExecutor(processes)
    try:
        futures = executor.schedule(assess_one, [(study, c, images, device) for c in configs])
        config_of = dict(zip(futures, configs, strict=True))
        for future in as_completed(config_of):
            name = names[config_of[future]]
            # Whatever goes wrong with one network, the others are assessed.
            if error := future.exception():
                failed.append(f"{name}: {reason(error)}")
                say(f"failed: {failed[-1]}")
                continue
            made.append(future.result())
            done = len(made) + len(failed)
            left = (time.perf_counter() - begun) / done * (len(configs) - done)
            rest = f", about {duration(left)} to go" if done < len(configs) else ""
            say(f"{name}: {duration(made[-1].info['seconds'])} ({done} of {len(configs)}{rest})")
    finally:
        executor.stop()
    return made, failed


def assess_one(study: str, config: RunConfig, images: int | None, device: str) -> Assessment:
    """Assess one network, whose weights are in the runs folder, with one thread, and keep it.

    Raises ValueError for a study that refuses the network.
    """
    import torch

    from binenc_core.dataset import Dataset
    from binenc_core.training.state import build
    from replication.base.devices import resolve_device
    from replication.data.load import load
    from replication.runs import checkpoints

    torch.set_num_threads(1)
    target = resolve_device(device)
    if target.type == "mps":  # has no float64, which the studies need
        target = torch.device("cpu")
    begun = time.perf_counter()
    data = Dataset(*(part.to(target) for part in load(config.dataset)))
    built = build(config, data.train_images.shape[1:], data.classes, target)
    built.restore(checkpoints.load(store.find(config, frozen={}).checkpoint_path).state)
    # A GPU would round what a convolution takes to fewer digits than float32 has.
    with torch.backends.cudnn.flags(True, benchmark=False, deterministic=True, allow_tf32=False):
        module = import_module(f"replication.studies.{study}")
        number = images_of(study, images, len(data.test_labels))
        made = module.assess(built.model, data, config, number)
    info = {"seconds": round(time.perf_counter() - begun, 1), **origin(target)}
    return assessments.keep(study, config, made.images, made.table, made.arrays, info)
