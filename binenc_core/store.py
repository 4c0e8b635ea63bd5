"""Runs on disk: look a training up, or train it and keep it.

A run is a folder `runs/<id>` with config.json, info.json, history.csv and arrays.npz. A frozen
campaign is a folder `results/<name>` with runs.csv, history.csv, arrays/<id>.npz and README.md.
"""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from binenc_core import provenance
from binenc_core.config import DEVICES, RunConfig
from binenc_core.files import check_writable, whole_folder

RESULTS = provenance.ROOT / "results"
CONFIG_FIELDS = [item.name for item in fields(RunConfig)]
INFO_FIELDS = ["diverged_epoch", "seconds", "device", "threads", "processor", "versions", "commit"]

Say = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """One finished training.

    `id`: that of the configuration, under the training version that it was trained with.
    `history`: a row for each logged epoch and split, with the columns epoch, split and the metrics.
    `info`: INFO_FIELDS by name; `diverged_epoch` is None for a run that went through.
    `arrays_path`: the npz file of its small arrays.
    """

    id: str
    config: RunConfig
    history: pd.DataFrame
    info: dict[str, Any]
    arrays_path: Path

    def arrays(self) -> dict[str, NDArray]:
        """Small arrays by name, stacked over the logged epochs, which are in "epochs"."""
        with np.load(self.arrays_path, allow_pickle=False) as stored:
            return dict(stored)


def runs_folder() -> Path:
    """Folder of the runs trained here: the environment variable BINENC_RUNS, or `runs/`."""
    chosen = os.environ.get("BINENC_RUNS")
    return Path(chosen).expanduser() if chosen else provenance.ROOT / "runs"


def find(config: RunConfig) -> Run | None:
    """The finished run of a configuration, from results/ or else from the runs folder."""
    return frozen_runs().get(config.id) or _stored_run(config)


def frozen_runs(folder: Path | None = None) -> dict[str, Run]:
    """Every run of the campaigns frozen in a folder (results/ by default), by id."""
    folder = folder or RESULTS
    runs: dict[str, Run] = {}
    for table in sorted(folder.glob("[!.]*/runs.csv")):  # a hidden folder is a draft
        runs.update({run.id: run for run in load_campaign(table.parent)})
    return runs


def load_campaign(folder: Path) -> list[Run]:
    """The runs of one frozen campaign, in the order of its runs.csv."""
    # A changed file has another time, so a campaign frozen again is read again.
    times = tuple((folder / name).stat().st_mtime_ns for name in ("runs.csv", "history.csv"))
    runs = _read_campaign(folder, times)
    return [replace(run, history=run.history.copy()) for run in runs]


@cache
def _read_campaign(folder: Path, times: tuple[int, ...]) -> tuple[Run, ...]:
    # Twelve hexadecimal digits may look like a number.
    as_text = {"id": str, "commit": str}
    table = pd.read_csv(folder / "runs.csv", keep_default_na=False, dtype=as_text)
    history = pd.read_csv(folder / "history.csv", dtype=as_text)
    histories = dict(tuple(history.groupby("id")))
    return tuple(
        _frozen_run(row, histories.get(row["id"], history[:0]), folder)
        for row in table.to_dict("records")
    )


def _frozen_run(row: dict[str, Any], history: pd.DataFrame, folder: Path) -> Run:
    info = {key: row[key] for key in INFO_FIELDS}
    epoch = info["diverged_epoch"]
    info["diverged_epoch"] = None if epoch == "" else int(epoch)
    # What the head does not have is no column of its own history.
    columns = [c for c in history if c in ("epoch", "split") or history[c].notna().any()]
    return Run(
        id=row["id"],
        config=RunConfig(**{name: row[name] for name in CONFIG_FIELDS if name in row}),
        history=history[columns].drop(columns="id", errors="ignore").reset_index(drop=True),
        info=info,
        arrays_path=folder / "arrays" / f"{row['id']}.npz",
    )


def _stored_run(config: RunConfig) -> Run | None:
    folder = runs_folder() / config.id
    if not folder.exists():
        return None
    try:
        history = pd.read_csv(folder / "history.csv")
        info = json.loads((folder / "info.json").read_text(encoding="utf8"))
    except (FileNotFoundError, ValueError) as error:  # pandas' and json's errors are ValueErrors
        raise RuntimeError(f"the run {folder} is damaged; delete it to train it again") from error
    return Run(config.id, config, history, info, folder / "arrays.npz")


def get_or_train(config: RunConfig, device: str = "auto", say: Say = print) -> Run:
    """The run of a configuration: found on disk, or trained now and kept.

    Says which of the two, and how long a training will take. Two processes do not train the same
    run: the second waits for the first. Raises, before any work, ValueError for a device that is
    not there and OSError for a runs folder that cannot be written.
    """
    check_device(device)
    if found := find(config):
        return _hit(found, say)
    from binenc_core.devices import resolve_device
    from binenc_core.training import estimated_seconds

    target = resolve_device(device)
    check_writable(runs_folder())
    # The system gives up a lock when its process ends, however it ends.
    lock = FileLock(runs_folder() / f".{config.id}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"waiting: another process is training {config.label} ({config.id})")
        lock.acquire()
    with lock:
        if found := find(config):
            return _hit(found, say)
        expected = duration(estimated_seconds(config, target))
        say(f"miss: training {config.label} ({config.id}), about {expected} on {target.type}")
        return _train_and_keep(config, target)


def check_device(name: str) -> None:
    """Raise ValueError for what is no name of a device; whether it is there, training finds out."""
    if name not in DEVICES:
        raise ValueError(f"device is {name!r}; allowed: {', '.join(DEVICES)}")


def _hit(found: Run, say: Say) -> Run:
    say(f"hit: {found.config.label} ({found.id}) is in {_place(found)}")
    return found


def get_or_train_all(
    configs: Iterable[RunConfig], device: str = "auto", say: Say = print
) -> list[Run]:
    """The runs of several configurations, each once, in their order; one line tells the hits."""
    check_device(device)
    configs = list(dict.fromkeys(configs))
    found = {config.id: run for config in configs if (run := find(config))}
    places = sorted({_place(run) for run in found.values()})
    where = f" in {', '.join(places)}" if places else ""
    say(f"{len(configs)} runs, hits: {len(found)}{where}, misses: {len(configs) - len(found)}")
    return [found[c.id] if c.id in found else get_or_train(c, device, say) for c in configs]


def _place(run: Run) -> str:
    """The campaign's folder or the runs folder that holds a run, from the root if it is there."""
    folder = run.arrays_path.parents[1]
    inside = folder.is_relative_to(provenance.ROOT)
    return str(folder.relative_to(provenance.ROOT) if inside else folder)


def _train_and_keep(config: RunConfig, device: Any) -> Run:
    import torch

    from binenc_core.training import train

    commit = provenance.commit()  # before the hours in which the code may change
    outcome = train(config, device)
    info = {
        "diverged_epoch": outcome.diverged_epoch,
        "seconds": round(outcome.seconds, 1),
        "device": device.type,
        "threads": torch.get_num_threads(),
        "processor": provenance.processor(),
        "versions": provenance.versions(),
        "commit": commit,
    }
    history = pd.DataFrame(outcome.records, columns=None if outcome.records else ["epoch", "split"])
    with whole_folder(runs_folder() / config.id) as draft:
        (draft / "config.json").write_text(json.dumps(config.as_dict(), indent=1), encoding="utf8")
        (draft / "info.json").write_text(json.dumps(info, indent=1), encoding="utf8")
        history.to_csv(draft / "history.csv", index=False)
        np.savez_compressed(draft / "arrays.npz", **outcome.arrays)
    return _stored_run(config)


def duration(seconds: float) -> str:
    """A time in the unit a reader would choose: "4 s", "12 min", "3.5 h"."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
