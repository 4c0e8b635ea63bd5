"""Collect finished runs into results/<name>: the numbers that the book shows."""

import re
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from binenc_core.metrics.names import HISTOGRAM_RANGE, METRICS
from replication.base import markdown
from replication.base.files import whole_folder
from replication.base.progress import duration
from replication.data.datasets import DATASETS
from replication.data.recipes import departures, protocol_of
from replication.runs.labels import labels
from replication.runs.store import INFO_FIELDS, Run, Trained


def freeze(runs: Sequence[Run], folder: Path, command: str) -> None:
    """Write a campaign folder whole: runs.csv, history.csv, arrays/<id>.npz and README.md.

    `command` is what trains and freezes it, for the README. An earlier campaign in `folder` is
    replaced when the new one is complete; a run given twice is frozen once. Raises ValueError where
    there is no run, and for a name that `check_name` refuses.
    """
    check_name(folder.name, [run.config.dataset for run in runs])
    if not runs:
        raise ValueError("there is no run to freeze; allowed: one or more")
    unique = {run.id: run for run in runs}.values()
    ordered = sorted(unique, key=lambda run: (run.config.dataset, run.config.head, run.config.seed))
    with whole_folder(folder) as draft:
        lines = [
            {"id": r.id, **r.config.as_dict(), **{key: r.info[key] for key in INFO_FIELDS}}
            for r in ordered
        ]
        # As objects whole numbers stay whole beside None.
        table = pd.DataFrame(lines, dtype=object)
        table.to_csv(draft / "runs.csv", index=False)
        history = pd.concat(
            [r.history.assign(id=r.id) for r in ordered if len(r.history)] or [_EMPTY]
        )
        columns = ["id", "epoch", "split", *(name for name in METRICS if name in history)]
        history[columns].to_csv(draft / "history.csv", index=False)
        (draft / "arrays").mkdir()
        for run in ordered:
            shutil.copy(run.arrays_path, draft / "arrays" / f"{run.id}.npz")
        text = _readme(folder.name, ordered, command)
        # The path of a campaign's file may have what is no UTF-8.
        (draft / "README.md").write_text(text, encoding="utf8", errors="replace")


# Folders of results/ that hold no campaign: the studies', and the times of training steps.
RESERVED = ("robustness", "reliability", "costs")
_EMPTY = pd.DataFrame(columns=["id", "epoch", "split"])


def check_name(name: str, datasets: Iterable[str]) -> None:
    """Raise ValueError for a campaign's name that its folder or the book cannot bear.

    A name that is a dataset's belongs to runs on that dataset: the book's figures read it.
    """
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise ValueError(f"name is {name!r}; allowed: lower-case letters, digits and _")
    if name in RESERVED:
        raise ValueError(f"name is {name!r}; allowed: one that results/ has no other use for")
    others = set(datasets) - {name}
    if name in DATASETS and others:
        raise ValueError(f"name is {name!r}; allowed there: runs on {name}, not {min(others)}")


def _values(runs: Sequence[Run], field: str) -> str:
    return ", ".join(sorted({str(getattr(run.config, field)) for run in runs}))


def origins(found: Sequence[Trained], command: str) -> str:
    """A Markdown table: what makes and freezes these, and where and in what time they were made."""

    def own(key: str) -> str:
        # A run that went on elsewhere has several values of its own.
        return "; ".join(sorted({part for f in found for part in str(f.info[key]).split("; ")}))

    seconds = sum(f.info["seconds"] for f in found)
    rows = [
        ("Command, with today's code", f"`{command}`"),
        ("Commit of the code", own("commit")),
        ("Versions", own("versions")),
        ("Hardware", f"{own('processor')}; device {own('device')}; threads {own('threads')}"),
        ("Time", f"{duration(seconds)}, summed"),
    ]
    return markdown.table(("", ""), rows)


def _readme(name: str, runs: Sequence[Run], command: str) -> str:
    differs = sorted({phrase for run in runs for phrase in departures(run.config)})
    recipes = "; ".join(f"{d}: {DATASETS[d].origin}" for d in _values(runs, "dataset").split(", "))
    protocols = ", ".join(sorted({protocol_of(run.config) for run in runs}))
    names = labels([run.config for run in runs])
    diverged = [r for r in runs if r.info["diverged_epoch"] is not None]
    low, high = HISTOGRAM_RANGE
    fields = "".join(f"- `{column}`: {text}\n" for column, text in METRICS.items())
    return f"""# Frozen campaign `{name}`

{len(runs)} trainings on {_values(runs, "dataset")}: heads {_values(runs, "head")}; \
seeds {_values(runs, "seed")}; {_values(runs, "epochs")} epochs; protocol {protocols}.

Differs from the dataset's recipe ({recipes}) under that protocol: \
{"; ".join(differs) or "nothing"}.

Diverged: {", ".join(names[r.config] for r in diverged) or "none"}.

{origins(runs, command)}

## Files

- `runs.csv`: one row per run: its id, its configuration, how it ended and where.
- `history.csv`: one row per run, logged epoch and split ("train", "test").
- `arrays/<id>.npz`: small arrays, stacked over the logged epochs in `epochs`. Of the training set
  `class_means` (C, P), `positive_fractions` (C, P) where there is a penultimate layer; where it is
  linear, `classifier_weights` (C, P), for P = 2 `test_latents` (images, P), x of test images, and
  also the mixtures of the standardized values, `mixture_*`, and `latent_histogram` (P, bins), the
  counts of the standardized values between {low:g} and {high:g}, the outer bins with what lies \
beyond.
  Runs trained since these were added have `latent_mean` and `latent_std` (P,), the scale that
  standardizing removes, and of the test set, of each class, the image whose x points furthest away
  from its class's vertex: `furthest_index`, `furthest_cosine`, `furthest_predicted` (C,) and
  `furthest_image` (C, H, W), or (C, H, W, 3) in color.
  Not stacked, of the last logged epoch: `test_predicted` and `test_labels` (N,), uint8.

Epochs count from 0: the values of epoch 0 are those after the first pass over the training set.

## Columns of history.csv

{fields}"""
