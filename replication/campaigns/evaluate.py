"""New metrics of runs that exist, from the weights of their last logged epoch."""

import math
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from binenc_core.config import RunConfig
from binenc_core.training.loop import evaluate_checkpoint
from replication.base.devices import resolve_device
from replication.base.files import whole_file
from replication.campaigns.grids import NamedRuns
from replication.data.load import load
from replication.runs import checkpoints, store

# A recorded value and the same one of the weights: other machines round sums otherwise.
TOLERANCE = 1e-4
Values = Mapping[str, Mapping[str, float]]


def evaluate_campaign(named: NamedRuns, device: str) -> bool:
    """Add the metrics that a campaign's runs lack to their histories, frozen ones too.

    Only the last logged epoch gets them. A run without weights here, and one whose weights do not
    give what it recorded, is named and left. Returns whether there was none such.
    """
    found: dict[str, Values] = {}
    for config in named.configs:
        try:
            found[config.id] = _measured(config, device)
        except RuntimeError as error:
            print(f"left out: {config.label} ({config.id}): {error}")
            continue
        history = store.runs_folder() / config.id / "history.csv"
        new = _add(history, {config.id: found[config.id]})
        print(f"{config.label} ({config.id}): added {', '.join(new) or 'nothing new'}")
    frozen = store.RESULTS / named.name / "history.csv"
    if frozen.is_file():
        new = _add(frozen, found)
        print(f"results/{named.name}: added {', '.join(new) or 'nothing new'}, last epoch alone")
    return len(found) == len(named.configs)


def _measured(config: RunConfig, device: str) -> Values:
    """The metrics of a run's weights by split and name; raises RuntimeError where it has none."""
    run = store.find(config, frozen={})
    if run is None or not run.checkpoint_path.is_file():
        raise RuntimeError("its weights are not here")
    checkpoint = checkpoints.load(run.checkpoint_path)
    target = resolve_device(device)
    evaluation = evaluate_checkpoint(config, target, load(config.dataset), checkpoint)
    if evaluation is None:
        raise RuntimeError("its loss is not finite")
    last = run.history[run.history["epoch"] == checkpoint.epochs - 1]
    for row in last.to_dict("records"):
        for name, value in evaluation.metrics[row["split"]].items():
            if not _is_close(row.get(name, math.nan), value):
                raise RuntimeError(f"{name} was {row[name]:g}, its weights give {value:g}")
    return evaluation.metrics


def _is_close(recorded: float, value: float) -> bool:
    return math.isnan(recorded) or math.isclose(recorded, value, rel_tol=TOLERANCE, abs_tol=1e-6)


def _add(path: Path, found: Mapping[str, Values]) -> list[str]:
    """Fill what a history lacks in the last epoch of runs, by id; the names of what was lacking."""
    # Read and written as text, so that no recorded digit changes.
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    ids = table["id"] if "id" in table else pd.Series(path.parent.name, index=table.index)
    last = table["epoch"].astype(int) == table["epoch"].astype(int).groupby(ids).transform("max")
    new = []
    for row in table.index[last & ids.isin(list(found))]:
        for name, value in found[ids[row]][table.at[row, "split"]].items():
            if math.isnan(value):
                continue
            if name not in table:
                table[name] = ""
            if not table.at[row, name]:
                table.at[row, name] = repr(value)
                new.append(name)
    if new:
        with whole_file(path) as draft:
            table.to_csv(draft, index=False)
    return list(dict.fromkeys(new))
