import re
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from binenc_core.metrics.names import METRICS
from replication.data.recipes import departures
from replication.runs import store, trainer
from replication.runs.freeze import freeze
from served_files import everything_in
from small_runs import (
    DIVERGING_GAMMA,
    ORIGIN,
    assert_same_arrays,
    assert_same_history,
    quick,
    small,
    use_folders,
)

COMMAND = "python -m replication train --dataset digits --seed 0 1"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of three heads and two seeds, of which the last diverged at once."""
    with pytest.MonkeyPatch.context() as patch:
        use_folders(patch, tmp_path_factory.mktemp("stored"))
        configs = [
            quick(),
            small("linear", epochs=3, log_every=2),
            small("binary", seed=1),
            small("binary", gamma=DIVERGING_GAMMA),
        ]
        return [trainer.get_or_train(config, "cpu", str) for config in configs]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "results" / "campaign"


def assert_is_copy(loaded, run):
    assert loaded.config == run.config
    assert loaded.config.id == run.config.id
    assert loaded.info == run.info
    assert_same_arrays(loaded.arrays(), run.arrays())
    if run.history.empty:
        assert loaded.history.empty
        assert {"epoch", "split"} <= set(loaded.history)
    else:
        assert_same_history(loaded.history, run.history)


def test_a_campaign_is_its_runs_to_the_bit(runs, folder):
    late = replace(runs[1], info=runs[1].info | {"diverged_epoch": 17})
    for own in ([runs[0], late, *runs[2:]], runs[3:]):  # all, and one that diverged at once
        freeze(own, folder, COMMAND)
        loaded = {run.id: run for run in store.load_campaign(folder)}
        assert set(loaded) == {run.id for run in own}
        for run in own:
            assert_is_copy(loaded[run.id], run)
            assert type(loaded[run.id].info["diverged_epoch"]) is type(run.info["diverged_epoch"])


def test_a_campaign_holds_these_files_and_explains_every_column(runs, folder):
    freeze(runs, folder, COMMAND)
    arrays = {f"arrays/{run.id}.npz" for run in runs}
    assert set(everything_in(folder)) == {"runs.csv", "history.csv", "README.md"} | arrays
    history = pd.read_csv(folder / "history.csv")
    recorded = [name for name in METRICS if name != "vertex_excess_unrotated"]  # none is rotated
    assert list(history) == ["id", "epoch", "split", *recorded]
    text = (folder / "README.md").read_text(encoding="utf8")
    assert re.findall(r"^- `(\w+)`: \S", text, flags=re.MULTILINE) == list(METRICS)


def test_the_same_runs_give_the_same_bytes_in_any_order_and_number(runs, folder, tmp_path):
    freeze(runs, folder, COMMAND)
    other = tmp_path / "again" / "campaign"
    freeze([*runs[::-1], runs[1]], other, COMMAND)
    assert everything_in(other) == everything_in(folder)


def test_a_campaign_can_be_frozen_from_itself(runs, folder):
    """Its own files are read until the new folder is whole."""
    freeze(runs, folder, COMMAND)
    before = everything_in(folder)
    freeze(store.load_campaign(folder), folder, COMMAND)
    assert everything_in(folder) == before


def test_the_readme_tells_where_the_numbers_come_from(runs, folder):
    """Machines and commits that differ are all named, equal ones once."""
    moved = ORIGIN | {"commit": f"bbb; {ORIGIN['commit']}", "threads": "1; 2", "diverged_epoch": 3}
    freeze([replace(runs[0], info=ORIGIN), replace(runs[1], info=moved)], folder, COMMAND)
    text = (folder / "README.md").read_text(encoding="utf8")
    for phrase in (
        "# Frozen campaign `campaign`\n",
        "2 trainings on digits: heads linear, none; seeds 0; 1, 3 epochs; protocol described.",
        f"| Command, with today's code | `{COMMAND}` |",
        "| Commit of the code | 000012345678; bbb |",
        "| Versions | Python 3.11.7, torch 2.14.1 |",
        "A processor, 2 cores; device cpu; threads 1; 2 |",
        "| Time | 3.0 h,",  # twice 5400 s
        "Diverged: digits linear seed 0.",
        *(phrase for run in runs[:2] for phrase in departures(run.config)),
    ):
        assert phrase in text, phrase
    freeze([replace(runs[0], info=ORIGIN)], folder, COMMAND)
    assert "Diverged: none." in (folder / "README.md").read_text(encoding="utf8")


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        *((name, "allowed: lower-case letters, digits and _") for name in ("Some", "a-b", "a\n")),
        ("mnist", "allowed there: runs on mnist, not digits"),
        ("robustness", "allowed: one that results/ has no other use for"),
    ],
)
def test_a_name_that_a_folder_or_the_book_cannot_bear_is_refused(runs, tmp_path, name, allowed):
    (tmp_path / name).mkdir()
    (tmp_path / name / "models.csv").write_text("what a study found", encoding="utf8")
    with pytest.raises(ValueError) as error:
        freeze(runs, tmp_path / name, COMMAND)
    assert str(error.value) == f"name is {name!r}; {allowed}"
    assert everything_in(tmp_path) == {f"{name}/models.csv": b"what a study found"}


def test_no_runs_are_no_campaign(folder):
    with pytest.raises(ValueError, match="allowed: one or more"):
        freeze([], folder, COMMAND)
    assert not folder.exists()


def test_an_earlier_campaign_is_replaced_unless_the_new_one_fails(runs, folder, monkeypatch):
    freeze(runs[:1], folder, COMMAND)
    before = everything_in(folder)
    copy, calls = shutil.copy, []

    def full(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise OSError("disk full")
        return copy(*arguments)

    monkeypatch.setattr(shutil, "copy", full)
    with pytest.raises(OSError, match="disk full"):
        freeze(runs, folder, COMMAND)
    assert everything_in(folder) == before
    freeze(runs[1:2], folder, COMMAND)
    assert set(everything_in(folder)) == {
        *("runs.csv", "history.csv", "README.md", f"arrays/{runs[1].id}.npz")
    }
    assert [p.name for p in folder.parent.iterdir()] == ["campaign"]
