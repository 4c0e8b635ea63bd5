"""What studies found of trained networks, on disk: kept beside the runs, or frozen in results/.

An assessment that was made here is a folder in `runs/.assessments/` with about.json, table.csv and
arrays.npz. Frozen ones of a campaign's networks are a folder `results/<study>/<campaign>` with
models.csv, table.csv, arrays/<id>.npz and README.md.
"""

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from binenc_core.config import RunConfig
from replication.base.files import whole_folder
from replication.data.datasets import DATASETS
from replication.runs import freeze, store
from replication.studies.catalog import STUDIES, images_of

INFO_FIELDS = ["seconds", "device", "threads", "processor", "versions", "commit"]
# What was frozen before fingerprints were noted was asked what these say.
UNNOTED = {"robustness": "8d99065a7d98", "reliability": "ba16163832fd"}


@dataclass(frozen=True)
class Assessment(store.Trained):
    """What a study found of one network.

    `images`: how many test images it took. `table`: the study's rows with its columns. `info`:
    INFO_FIELDS by name.
    """

    study: str
    config: RunConfig
    images: int
    table: pd.DataFrame
    info: dict[str, Any]
    arrays_path: Path


def find(
    study: str,
    config: RunConfig,
    images: int | None = None,
    frozen: Mapping[str, Assessment] | None = None,
) -> Assessment | None:
    """What a study found of a network, from results/ or else from the runs folder, or None.

    It was asked what the study asks today, on so many test `images`; None takes the number that is
    frozen, or the study's own.
    `frozen` is what `frozen_of` gives, for callers that look up many. Raises RuntimeError where
    files are damaged.
    """
    found = (frozen_of(study) if frozen is None else frozen).get(config.id)
    if found and images in (None, found.images):
        return found
    folder = kept_folder(study, config, images)
    if not folder.exists():
        return None
    try:
        about = json.loads((folder / "about.json").read_text(encoding="utf8"))
        table = pd.read_csv(folder / "table.csv")
        info = {key: about[key] for key in INFO_FIELDS}
        return Assessment(study, config, about["images"], table, info, folder / "arrays.npz")
    except (OSError, ValueError, KeyError) as error:
        raise RuntimeError(f"{folder} is damaged; delete it to have it made again") from error


def kept_folder(study: str, config: RunConfig, images: int | None) -> Path:
    """Where an assessment that was made here is kept: its name holds all that was asked."""
    number = images_of(study, images, DATASETS[config.dataset].test_images)
    name = f"{config.id}-{study}-{number}-{STUDIES[study].fingerprint}"
    return store.runs_folder() / ".assessments" / name


def keep(
    study: str,
    config: RunConfig,
    images: int,
    table: pd.DataFrame,
    arrays: Mapping[str, NDArray],
    info: Mapping[str, Any],
) -> Assessment:
    """Write whole what the study found of a network on so many test `images`.

    Raises OSError where the disk is full or the runs folder cannot be written.
    """
    asked = STUDIES[study].asked
    about = {"images": images, "asked": asked, **info, "config": config.as_dict()}
    with whole_folder(kept_folder(study, config, images)) as draft:
        (draft / "about.json").write_text(json.dumps(about, indent=1), encoding="utf8")
        table.to_csv(draft / "table.csv", index=False)
        np.savez_compressed(draft / "arrays.npz", **dict(sorted(arrays.items())))
    return find(study, config, images, frozen={})


def frozen_of(study: str, campaigns: Collection[str] | None = None) -> dict[str, Assessment]:
    """What results/ holds of a study, or of these campaigns', by the id of the network's run.

    What was asked otherwise, or by another version of the study, is left out, and so are damaged
    files: both is told.
    """
    found: dict[str, Assessment] = {}
    for path in sorted((store.RESULTS / study).glob("[!.]*/models.csv")):
        if campaigns is None or path.parent.name in campaigns:
            try:
                found |= _read_frozen(study, path.parent)
            except RuntimeError as error:
                store.leave_out(str(error))
    return found


def _read_frozen(study: str, folder: Path) -> dict[str, Assessment]:
    as_text = {"id": str, "commit": str, "asked": str}
    asked = STUDIES[study].fingerprint
    try:
        models = pd.read_csv(folder / "models.csv", keep_default_na=False, dtype=as_text)
        tables = pd.read_csv(folder / "table.csv", dtype=as_text)
        if "asked" not in models:
            models["asked"] = UNNOTED.get(study)
        if others := (models["asked"] != asked).sum():
            store.leave_out(
                f"{others} of {len(models)} networks in {folder}: their {study} was asked otherwise"
            )
        same = models[models["asked"] == asked]
        by_id = {key: own.drop(columns="id") for key, own in tables.groupby("id")}
        return {
            row["id"]: Assessment(
                study,
                config,
                row["images"],
                by_id[row["id"]].reset_index(drop=True),
                {key: row[key] for key in INFO_FIELDS},
                folder / "arrays" / f"{row['id']}.npz",
            )
            for row, config in store.known_configs(same, folder, ("images", "asked", "version"))
        }
    except (OSError, KeyError, ValueError) as error:  # pandas' own errors are ValueErrors
        raise RuntimeError(f"the frozen {study} in {folder} is damaged: {error}") from error


def freeze_all(study: str, campaign: str, assessments: Sequence[Assessment], command: str) -> Path:
    """Write results/<study>/<campaign> whole, and return it.

    `command` is what makes and freezes it, for the README. What was frozen there before is replaced
    when the new folder is complete. Raises ValueError where there is nothing to freeze, and for a
    name that a folder cannot bear.
    """
    freeze.check_name(campaign, [])
    if not assessments:
        raise ValueError(f"there is no {study} to freeze; allowed: that of one network or more")
    unique = {a.config.id: a for a in assessments}.values()
    ordered = sorted(unique, key=lambda a: (a.config.dataset, a.config.head, a.config.seed))
    folder = store.RESULTS / study / campaign
    with whole_folder(folder) as draft:
        rows = [
            {
                "id": a.config.id,
                "asked": STUDIES[study].fingerprint,
                "images": a.images,
                **a.config.as_dict(),
                **{key: a.info[key] for key in INFO_FIELDS},
            }
            for a in ordered
        ]
        pd.DataFrame(rows).to_csv(draft / "models.csv", index=False)
        tables = [a.table.assign(id=a.config.id) for a in ordered]
        columns = ["id", *STUDIES[study].columns]
        table = pd.concat(tables)[columns]
        table.to_csv(draft / "table.csv", index=False, float_format="%.6g")
        (draft / "arrays").mkdir()
        for a in ordered:
            shutil.copy(a.arrays_path, draft / "arrays" / f"{a.config.id}.npz")
        text = _readme(study, campaign, ordered, command)
        (draft / "README.md").write_text(text, encoding="utf8", errors="replace")
    return folder


def _readme(study: str, campaign: str, found: Sequence[Assessment], command: str) -> str:
    images = ", ".join(sorted({str(a.images) for a in found}))
    columns = "".join(f"- `{name}`: {text}\n" for name, text in STUDIES[study].columns.items())
    asked = "".join(f"- `{name}`: {value}\n" for name, value in STUDIES[study].asked.items())
    arrays = "".join(f"- `{name}`: {text}\n" for name, text in STUDIES[study].arrays.items())
    return f"""# Frozen {study} of the networks of campaign `{campaign}`

{len(found)} networks, {images} test images each. How the networks were trained: `models.csv`, and \
`results/{campaign}` where that is frozen.

{freeze.origins(found, command)}

## What was asked of each

{asked}
`asked` in `models.csv` is a hash of this and of the study's version, {STUDIES[study].version}.

## Columns of table.csv

- `id`: that of the network's run, as in `models.csv`
{columns}
## Arrays of arrays/<id>.npz

{arrays}"""
