import re
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from binenc_core.metrics.names import METRICS
from replication.data.recipes import departures
from replication.runs import store, trainer
from replication.runs.freeze import freeze
from small_runs import (
    DIVERGING_GAMMA,
    assert_same_arrays,
    assert_same_history,
    quick,
    small,
    use_folders,
)

COMMAND = "python -m replication train --dataset digits --seed 0 1"
INFO = {
    "diverged_epoch": None,
    "seconds": 5400.0,
    "device": "cpu",
    "threads": 1,
    "processor": "A processor, 2 cores",
    "versions": "Python 3.11.7, torch 2.14.1",
    "commit": "abcdef012345",
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Runs of three heads and two seeds, of which one diverged at once."""
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


def files(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.*")}


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
    freeze(runs, folder, COMMAND)
    loaded = {run.config.id: run for run in store.load_campaign(folder)}
    assert set(loaded) == {run.config.id for run in runs}
    for run in runs:
        assert_is_copy(loaded[run.config.id], run)
    assert {type(run.info["diverged_epoch"]) for run in loaded.values()} == {int, type(None)}


def test_a_campaign_of_runs_that_diverged_at_once(runs, folder):
    freeze(runs[3:], folder, COMMAND)
    (loaded,) = store.load_campaign(folder)
    assert_is_copy(loaded, runs[3])
    assert "Diverged: digits binary seed 0." in (folder / "README.md").read_text(encoding="utf8")


def test_a_campaign_without_divergence_says_so(runs, folder):
    freeze(runs[:3], folder, COMMAND)
    assert "Diverged: none." in (folder / "README.md").read_text(encoding="utf8")
    assert all(run.info["diverged_epoch"] is None for run in store.load_campaign(folder))


def test_the_later_divergence_of_a_run_is_kept(runs, folder):
    late = replace(runs[1], info=runs[1].info | {"diverged_epoch": 17})
    freeze([late, runs[2]], folder, COMMAND)
    loaded = {run.config.head: run.info["diverged_epoch"] for run in store.load_campaign(folder)}
    assert loaded == {"linear": 17, "binary": None}


def test_a_campaign_holds_these_files(runs, folder):
    freeze(runs, folder, COMMAND)
    arrays = {f"arrays/{run.config.id}.npz" for run in runs}
    assert set(files(folder)) == {"runs.csv", "history.csv", "README.md"} | arrays
    history = pd.read_csv(folder / "history.csv")
    recorded = [name for name in METRICS if name != "vertex_excess_unrotated"]  # none is rotated
    assert list(history) == ["id", "epoch", "split", *recorded]


def test_the_same_runs_give_the_same_bytes_in_any_order(runs, folder, tmp_path):
    freeze(runs, folder, COMMAND)
    other = tmp_path / "again" / "campaign"
    freeze(runs[::-1], other, COMMAND)
    assert files(other) == files(folder)


def test_a_campaign_can_be_frozen_from_itself(runs, folder):
    """Its own files are read until the new folder is whole."""
    freeze(runs, folder, COMMAND)
    before = files(folder)
    freeze(store.load_campaign(folder), folder, COMMAND)
    assert files(folder) == before


def test_a_run_given_twice_is_frozen_once(runs, folder):
    freeze([runs[2], runs[1], runs[2]], folder, COMMAND)
    loaded = {run.config.id: run for run in store.load_campaign(folder)}
    assert len(store.load_campaign(folder)) == 2
    assert_is_copy(loaded[runs[2].config.id], runs[2])


def readme(runs, folder, **info):
    known = [replace(run, info=INFO | info) for run in runs]
    freeze(known, folder, COMMAND)
    return (folder / "README.md").read_text(encoding="utf8")


def test_the_readme_tells_where_the_numbers_come_from(runs, folder):
    text = readme(runs[:2], folder)
    assert text.startswith("# Frozen campaign `campaign`\n")
    assert (
        "2 trainings on digits: heads linear, none; seeds 0; 1, 3 epochs; protocol described."
        in text
    )
    assert f"| Command, with today's code | `{COMMAND}` |" in text
    assert "abcdef012345" in text
    assert "Python 3.11.7, torch 2.14.1" in text
    assert "A processor, 2 cores; device cpu; threads per run 1" in text
    assert "3.0 h" in text  # twice 5400 s
    for config in (run.config for run in runs[:2]):
        assert all(phrase in text for phrase in departures(config))
    assert "width 16 instead of 256" in text


def test_the_readme_explains_every_column(runs, folder):
    freeze(runs, folder, COMMAND)
    text = (folder / "README.md").read_text(encoding="utf8")
    explained = re.findall(r"^- `(\w+)`: \S", text, flags=re.MULTILINE)
    assert explained == list(METRICS)


def test_the_readme_has_no_number_of_a_run_twice(runs, folder):
    """Machines and commits that differ are all named, equal ones once."""
    known = [
        replace(runs[0], info=INFO | {"commit": "aaaaaaaaaaaa"}),
        replace(runs[1], info=INFO | {"commit": "bbbbbbbbbbbb"}),
    ]
    freeze(known, folder, COMMAND)
    text = (folder / "README.md").read_text(encoding="utf8")
    assert "aaaaaaaaaaaa; bbbbbbbbbbbb" in text
    assert text.count("A processor, 2 cores") == 1


def test_digits_are_not_called_the_papers(runs, folder):
    """The paper has no training on digits from which to differ."""
    plain = replace(runs[0], config=runs[0].config.change(width=256, latent_dim=16, epochs=100))
    assert departures(plain.config) == []
    freeze([plain], folder, COMMAND)
    text = (folder / "README.md").read_text(encoding="utf8")
    assert not re.search(r"Differs from the paper.*nothing", text)


@pytest.mark.parametrize("name", ["Campaign", "a b", "a-b", "ä", "a.b", ".hidden", "a\n"])
def test_a_name_that_is_no_plain_word_is_refused(runs, tmp_path, name):
    with pytest.raises(ValueError) as error:
        freeze(runs, tmp_path / name, COMMAND)
    assert str(error.value) == f"name is {name!r}; allowed: lower-case letters, digits and _"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_a_datasets_name_is_for_runs_on_it(runs, tmp_path, name):
    with pytest.raises(ValueError) as error:
        freeze(runs, tmp_path / name, COMMAND)
    assert str(error.value) == f"name is {name!r}; allowed there: runs on {name}, not digits"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["robustness", "reliability", "costs"])
def test_a_name_that_other_results_have_is_refused(runs, tmp_path, name):
    kept = tmp_path / name / "some" / "models.csv"
    kept.parent.mkdir(parents=True)
    kept.write_text("what a study found", encoding="utf8")
    with pytest.raises(ValueError, match=f"name is '{name}'; allowed: one that results/ has no"):
        freeze(runs, tmp_path / name, "command")
    assert kept.read_text(encoding="utf8") == "what a study found"


def test_a_datasets_own_name_is_allowed(runs, tmp_path):
    freeze(runs, tmp_path / "digits", COMMAND)
    assert len(store.load_campaign(tmp_path / "digits")) == 4


def test_no_runs_are_no_campaign(folder):
    with pytest.raises(ValueError):
        freeze([], folder, COMMAND)
    assert not folder.exists()


def test_an_earlier_campaign_is_replaced(runs, folder):
    freeze(runs, folder, COMMAND)
    freeze(runs[:1], folder, COMMAND)
    assert [run.config for run in store.load_campaign(folder)] == [runs[0].config]
    assert [p.name for p in (folder / "arrays").iterdir()] == [f"{runs[0].config.id}.npz"]
    assert [p.name for p in folder.parent.iterdir()] == ["campaign"]


def test_a_failure_keeps_the_earlier_campaign(runs, folder, monkeypatch):
    freeze(runs[:1], folder, COMMAND)
    before = files(folder)
    copy, calls = shutil.copy, []

    def full(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise OSError("disk full")
        return copy(*arguments)

    monkeypatch.setattr(shutil, "copy", full)
    with pytest.raises(OSError, match="disk full"):
        freeze(runs, folder, COMMAND)
    assert files(folder) == before
    assert [p.name for p in folder.parent.iterdir()] == ["campaign"]


def test_the_places_of_a_run_that_moved_are_named_once(runs, folder):
    text = readme(runs, folder, commit="aaa; bbb", threads="1; 2")
    assert "| Commit of the code that trained | aaa; bbb |" in text
    assert "threads per run 1; 2 |" in text


def test_diverged_runs_are_told_apart(folder):
    lost = [small(gamma=DIVERGING_GAMMA * factor) for factor in (1, 2)]
    freeze([trainer.get_or_train(config, "cpu", str) for config in lost], folder, COMMAND)
    text = (folder / "README.md").read_text(encoding="utf8")
    (line,) = re.findall(r"^Diverged: (.*)\.$", text, re.MULTILINE)
    assert line == "digits binary seed 0, gamma 1e+39, digits binary seed 0, gamma 2e+39"
