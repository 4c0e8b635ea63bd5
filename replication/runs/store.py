"""Runs on disk: keep a training, and look it up.

A run is a folder `runs/<id>` with config.json, info.json, history.csv, arrays.npz and, where an
epoch was logged, checkpoint.safetensors with its weights. A frozen campaign is a folder
`results/<name>` with runs.csv, history.csv, arrays/<id>.npz and README.md.
"""

import csv
import json
import os
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from binenc_core.config import RunConfig
from replication.base import provenance
from replication.base.files import whole_folder

RESULTS = provenance.ROOT / "results"
CHECKPOINT = "checkpoint.safetensors"
CONFIG_FIELDS = [item.name for item in fields(RunConfig)]
INFO_FIELDS = ["diverged_epoch", "seconds", "device", "threads", "processor", "versions", "commit"]


class Trained:
    """A run, or what a study found of its network.

    `config`: how it was trained. `info`: how that went, by name. `arrays_path`: the npz file of its
    small arrays.
    """

    config: RunConfig
    info: dict[str, Any]
    arrays_path: Path

    def arrays(self) -> dict[str, NDArray]:
        """Small arrays by name; those of a run are stacked over the epochs in "epochs"."""
        with np.load(self.arrays_path, allow_pickle=False) as stored:
            return dict(stored)


@dataclass(frozen=True)
class Run(Trained):
    """One finished training.

    `id`: that of the configuration, under the training version that it was trained with.
    `history`: a row for each logged epoch and split, with the columns epoch, split and the metrics.
    `info`: INFO_FIELDS by name; `diverged_epoch` is None for a run that went through.
    """

    id: str
    config: RunConfig
    history: pd.DataFrame
    info: dict[str, Any]
    arrays_path: Path

    @property
    def checkpoint_path(self) -> Path:
        """The file of its weights, which runs in the runs folder alone have."""
        return self.arrays_path.with_name(CHECKPOINT)

    @property
    def place(self) -> str:
        """The campaign's folder or the runs folder, from the project's root if it is there."""
        folder = self.arrays_path.parents[1]
        inside = folder.is_relative_to(provenance.ROOT)
        return str(folder.relative_to(provenance.ROOT) if inside else folder)


def runs_folder() -> Path:
    """Folder of the runs trained here: the environment variable BINENC_RUNS, or `runs/`."""
    return provenance.folder("BINENC_RUNS", "runs")


def find(config: RunConfig, frozen: Mapping[str, Run] | None = None) -> Run | None:
    """The finished run of a configuration, from results/ or else from the runs folder.

    `frozen` is what `frozen_runs` gives, for callers that look up many, or empty for those that
    pass results/ over. Raises RuntimeError for a run whose files are damaged.
    """
    run = (frozen_runs() if frozen is None else frozen).get(config.id)
    # What a reader does to a table is the reader's own, and pandas copies on writing.
    found = replace(run, history=run.history.copy(deep=False)) if run else _stored_run(config.id)
    return found and replace(found, config=config)


class FrozenRuns(Mapping[str, Run]):
    """Frozen runs by id: a campaign is read when the first of its runs is asked for."""

    def __init__(self, folder: Path):
        """The runs of all campaigns in a folder; what cannot be read is told and left out."""
        tables = sorted(folder.glob("[!.]*/runs.csv"))  # a hidden folder is a draft
        self._folders = {name: table.parent for table in tables for name in _ids(table)}

    def __getitem__(self, run_id: str) -> Run:
        folder = self._folders[run_id]
        try:
            return _campaign(folder)[run_id]
        except RuntimeError as error:
            leave_out(str(error))
            raise KeyError(run_id) from None

    def __iter__(self) -> Iterator[str]:
        return (run_id for run_id in self._folders if run_id in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def frozen_runs() -> FrozenRuns:
    """Every run of the campaigns frozen in results/, by id."""
    return FrozenRuns(RESULTS)


def load_campaign(folder: Path) -> list[Run]:
    """The runs of one frozen campaign, in the order of its runs.csv.

    Raises RuntimeError where its tables are damaged.
    """
    runs = _campaign(folder).values()
    return [replace(run, history=run.history.copy(deep=False)) for run in runs]


def campaign_of(name: str) -> list[Run]:
    """The runs of a campaign in results/; none where it is not there, or damaged, which is told."""
    folder = RESULTS / name
    try:
        return load_campaign(folder) if folder.exists() else []
    except RuntimeError as error:
        leave_out(str(error))
        return []


@cache
def leave_out(reason: str) -> None:
    """Say once, on the standard error, why something in results/ is left out."""
    print(f"left out: {reason}", file=sys.stderr, flush=True)


def _ids(table: Path) -> list[str]:
    try:
        with table.open(encoding="utf8", newline="") as file:
            return [row["id"] for row in csv.DictReader(file)]
    except (OSError, ValueError, KeyError, csv.Error) as error:
        leave_out(f"the frozen campaign {table.parent} is damaged: {error!r}")
        return []


def _campaign(folder: Path) -> dict[str, Run]:
    # A changed file has another time, so a campaign frozen again is read again.
    try:
        times = tuple((folder / name).stat().st_mtime_ns for name in ("runs.csv", "history.csv"))
    except OSError as error:
        raise RuntimeError(f"the frozen campaign {folder} is damaged: {error}") from error
    return _read_campaign(folder, times)


@cache
def _read_campaign(folder: Path, times: tuple[int, ...]) -> dict[str, Run]:
    # Twelve hexadecimal digits may look like a number.
    as_text = {"id": str, "commit": str}
    try:
        table = pd.read_csv(folder / "runs.csv", keep_default_na=False, dtype=as_text)
        history = pd.read_csv(folder / "history.csv", dtype=as_text)
        histories = dict(tuple(history.groupby("id")))
        return {
            row["id"]: _frozen_run(row, config, histories.get(row["id"], history[:0]), folder)
            for row, config in known_configs(table, folder)
        }
    except (KeyError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise RuntimeError(f"the frozen campaign {folder} is damaged: {error}") from error


def known_configs(
    table: pd.DataFrame, folder: Path, others: Collection[str] = ()
) -> Iterator[tuple[dict[str, Any], RunConfig]]:
    """The rows of a table in results/, each with its configuration.

    `others`: columns that say nothing of the training. A later version of the code may have written
    values and fields that are unknown here: a row in which they count is told and left out.
    """
    known = {"id", *CONFIG_FIELDS, *INFO_FIELDS, *others}
    for row in table.to_dict("records"):
        try:
            config = _known_config(row)
            unknown = sorted(set(row) - known)
            if unknown and config.id != row["id"]:
                raise ValueError(f"{unknown[0]} is unknown to this version of the code")
        except ValueError as error:
            leave_out(f"{row['id']} in {folder}: {error}")
        else:
            yield row, config


def _known_config(stored: Mapping[str, Any]) -> RunConfig:
    """The configuration by the fields that this version knows; raises ValueError for its values."""
    return RunConfig(**{name: stored[name] for name in CONFIG_FIELDS if name in stored})


def _frozen_run(row: dict[str, Any], config: RunConfig, history: pd.DataFrame, folder: Path) -> Run:
    info = {key: row[key] for key in INFO_FIELDS}
    epoch = info["diverged_epoch"]
    info["diverged_epoch"] = None if epoch == "" else int(epoch)
    # What the head does not have is no column of its own history.
    own = history.columns[history.notna().any() | history.columns.isin(["epoch", "split"])]
    return Run(
        id=row["id"],
        config=config,
        history=history[own].drop(columns="id", errors="ignore").reset_index(drop=True),
        info=info,
        arrays_path=folder / "arrays" / f"{row['id']}.npz",
    )


def stored_configs() -> Iterator[tuple[RunConfig, Path]]:
    """The configurations in the runs folder with their folders, of this version of the training."""
    for path in sorted(runs_folder().glob("[!.]*/config.json")):
        try:
            yield _stored_config(path.parent), path.parent
        except (OSError, ValueError, TypeError):  # damaged, or of another version
            continue


def _stored_config(folder: Path) -> RunConfig:
    """The configuration of a run's folder; raises ValueError where the folder has not its id.

    A field that is unknown here has its default, which is in no id, where the ids are the same.
    """
    config = _known_config(json.loads((folder / "config.json").read_text(encoding="utf8")))
    if config.id != folder.name:
        raise ValueError(f"{folder} holds the run {config.id}")
    return config


def _stored_run(run_id: str) -> Run | None:
    folder = runs_folder() / run_id
    if not folder.exists():
        return None
    try:
        config = _stored_config(folder)
        history = pd.read_csv(folder / "history.csv")
        info = json.loads((folder / "info.json").read_text(encoding="utf8"))
    except PermissionError as error:
        raise RuntimeError(f"the run {folder} cannot be read: {error.strerror}") from error
    except (OSError, ValueError, TypeError) as error:
        raise RuntimeError(f"the run {folder} is damaged; delete it to train it again") from error
    return Run(run_id, config, history, info, folder / "arrays.npz")


def keep(
    config: RunConfig,
    records: list[dict[str, Any]],
    arrays: dict[str, NDArray],
    info: dict[str, Any],
    checkpoint: Path,
) -> Run:
    """Write a finished run whole, with the file of its checkpoint if there is one.

    Raises OSError where the disk is full or the runs folder cannot be written.
    """
    history = pd.DataFrame(records, columns=None if records else ["epoch", "split"])
    with whole_folder(runs_folder() / config.id) as draft:
        (draft / "config.json").write_text(json.dumps(config.as_dict(), indent=1), encoding="utf8")
        (draft / "info.json").write_text(json.dumps(info, indent=1), encoding="utf8")
        history.to_csv(draft / "history.csv", index=False)
        # In one order, so that a training that went on from a checkpoint gives the same bytes.
        np.savez_compressed(draft / "arrays.npz", **dict(sorted(arrays.items())))
        if checkpoint.exists():
            _link(checkpoint, draft / CHECKPOINT)
    return find(config, frozen={})


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where the file system knows no such links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
