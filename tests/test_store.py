import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest

from binenc_core import config as config_module
from replication.base import provenance
from replication.runs import store
from replication.runs.freeze import freeze
from replication.runs.store import find
from replication.runs.trainer import get_or_train
from small_runs import (
    assert_same_arrays,
    assert_same_history,
    quick,
    small,
)

pytestmark = pytest.mark.usefixtures("own_root")


def test_runs_are_where_binenc_runs_says(monkeypatch, tmp_path):
    assert store.runs_folder() == tmp_path / "runs"
    monkeypatch.setenv("BINENC_RUNS", str(tmp_path / "elsewhere"))
    config = quick()
    get_or_train(config, "cpu", str)
    assert [p.name for p in tmp_path.iterdir()] == ["elsewhere"]
    assert [path.parent.name for path in (tmp_path / "elsewhere").glob("*/config.json")] == [
        config.id
    ]
    monkeypatch.delenv("BINENC_RUNS")
    assert store.runs_folder() == provenance.ROOT / "runs"


def frozen(*configs, name="campaign"):
    """Trains and freezes; only the frozen copies are left."""
    runs = [get_or_train(config, "cpu", str) for config in configs]
    freeze(runs, store.RESULTS / name, "command")
    kept = [replace(run, history=run.history.copy()) for run in runs]
    arrays = [run.arrays() for run in runs]
    shutil.rmtree(store.runs_folder())
    return kept, arrays


def test_campaigns_and_runs_are_found_together():
    frozen(quick(), name="one")
    frozen(quick(seed=1), name="two")
    get_or_train(quick(seed=2), "cpu", str)
    places = [find(quick(seed=seed)).place for seed in range(3)]
    assert places == ["results/one", "results/two", "runs"]
    assert set(store.frozen_runs()) == {quick(seed=s).id for s in range(2)}


def test_a_campaign_frozen_again_is_read_again():
    frozen(quick())
    assert find(quick()) is not None
    assert find(quick(seed=1)) is None
    frozen(quick(seed=1))
    assert find(quick()) is None
    assert find(quick(seed=1)) is not None


def test_a_run_of_an_earlier_version_of_the_training_is_a_miss(monkeypatch):
    """Raising TRAINING_VERSION means that the same fields give other numbers from now on."""
    frozen(quick())
    get_or_train(quick(seed=1), "cpu", str)
    monkeypatch.setattr(config_module, "TRAINING_VERSION", config_module.TRAINING_VERSION + 1)
    assert find(quick(seed=1)) is None
    assert find(quick()) is None


def test_a_campaign_that_is_being_written_is_not_read():
    """A draft, or what a killed process left of one, is a hidden folder beside the campaigns."""
    (run,), _ = frozen(quick())
    draft = store.RESULTS / ".campaign-x1y2"
    draft.mkdir()
    shutil.copy(store.RESULTS / "campaign" / "runs.csv", draft / "runs.csv")
    assert_same_history(find(quick()).history, run.history)
    assert find(quick(seed=1)) is None


def test_what_a_caller_does_to_a_frozen_history_is_its_own():
    (run,), _ = frozen(quick())
    history = find(quick()).history
    history["loss"] = 0.0
    assert_same_history(find(quick()).history, run.history)


def number_like_config():
    """A run whose id reads as a number, 12e34 or 0123: one in a hundred does."""
    configs = (quick(seed=seed) for seed in range(100_000))
    return next(c for c in configs if re.fullmatch(r"0\d+|\d+e\d+", c.id))


def test_a_campaign_whose_ids_read_as_numbers_is_found():
    config = number_like_config()
    (run,), (arrays,) = frozen(config)
    found = find(config)
    assert_same_history(found.history, run.history)
    assert_same_arrays(found.arrays(), arrays)


@pytest.mark.parametrize("commit", ["012345678901", "12345e678901", "unknown"])
def test_a_commit_is_text_whatever_its_digits(commit):
    run = get_or_train(quick(), "cpu", str)
    freeze([replace(run, info=run.info | {"commit": commit})], store.RESULTS / "one", "command")
    assert find(quick()).info["commit"] == commit


READING = """
import sys
from pathlib import Path
sys.modules["torch"] = None  # importing it is an error
import binenc_core.config, replication.runs.freeze
from replication.runs import store
run, = store.load_campaign(Path(sys.argv[1]))
print(run.config.id, len(run.history), sorted(run.arrays())[0], sys.modules["torch"])
"""


def test_reading_needs_no_torch():
    frozen(small())
    command = [sys.executable, "-c", READING, str(store.RESULTS / "campaign")]
    done = subprocess.run(
        command, cwd=provenance.ROOT, capture_output=True, text=True, env=dict(os.environ)
    )
    assert done.stderr == ""
    assert done.stdout.split() == [small().id, "4", "class_means", "None"]


@pytest.mark.parametrize("name", ["info.json", "history.csv"])
@pytest.mark.parametrize("content", [None, ""])
def test_a_damaged_run_is_named_with_what_to_do(name, content):
    run = get_or_train(quick(), "cpu", str)
    path = run.arrays_path.with_name(name)
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(RuntimeError, match=f"{run.id} is damaged; delete it to train it again"):
        find(quick())


def test_a_frozen_run_is_found():
    (run,), (arrays,) = frozen(small())
    found = find(small())
    assert found.place == "results/campaign"
    assert found.config == run.config
    assert found.info == run.info
    assert_same_history(found.history, run.history)
    assert_same_arrays(found.arrays(), arrays)
    assert find(small(seed=1)) is None


@pytest.mark.parametrize("keep", [frozen, lambda config: get_or_train(config, "cpu", str)])
def test_a_run_answers_for_every_definition_that_is_plotted(keep):
    keep(quick())
    assert find(quick(metrics="released")).config == quick(metrics="released")
    assert find(quick()).config == quick()


def test_frozen_runs_are_looked_up_once_for_many(monkeypatch):
    frozen(quick(), quick(seed=1))
    known = store.frozen_runs()
    monkeypatch.setattr(store, "frozen_runs", None)
    assert find(quick(seed=1), known).id == quick(seed=1).id
    assert find(quick(seed=2), known) is None


def test_configurations_of_this_version_are_listed(monkeypatch):
    get_or_train(quick(), "cpu", str)
    damaged = store.runs_folder() / "0123456789ab"
    damaged.mkdir()
    (damaged / "config.json").write_text("{")
    assert list(store.stored_configs()) == [(quick(), store.runs_folder() / quick().id)]
    monkeypatch.setattr(config_module, "TRAINING_VERSION", config_module.TRAINING_VERSION + 1)
    assert list(store.stored_configs()) == []


@pytest.mark.parametrize("lost", ["diverged_epoch", "id"])
def test_a_damaged_campaign_is_named(lost):
    frozen(quick())
    path = store.RESULTS / "campaign" / "runs.csv"
    path.write_text(path.read_text(encoding="utf8").replace(lost, "other", 1), encoding="utf8")
    with pytest.raises(RuntimeError, match=r"the frozen campaign .*campaign is damaged: "):
        store.load_campaign(path.parent)


# --- what another version of the code has left


def rewrite(path, change) -> None:
    """Change a table of texts in place."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    change(table)
    table.to_csv(path, index=False)


def test_a_run_with_a_field_of_a_later_version_is_found_where_it_has_its_default():
    run = get_or_train(quick(), "cpu", str)
    path = run.arrays_path.with_name("config.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"smoothing": 0.0}))
    assert find(quick()).config == quick()
    assert [config for config, _ in store.stored_configs()] == [quick()]


def test_a_frozen_run_with_a_field_of_a_later_version_is_shown_where_it_has_its_default(capsys):
    frozen(quick(), quick(seed=1))
    folder = store.RESULTS / "campaign"
    rewrite(folder / "runs.csv", lambda table: table.insert(2, "smoothing", "0.0"))
    rewrite(folder / "history.csv", lambda table: table.insert(2, "sharpness", "1.5"))
    assert [run.config for run in store.load_campaign(folder)] == [quick(), quick(seed=1)]

    def another(table):
        """As a run of which the field is none, and has changed the id."""
        table.loc[table["id"] == quick().id, "id"] = "0123456789ab"

    rewrite(folder / "runs.csv", another)
    assert [run.config for run in store.load_campaign(folder)] == [quick(seed=1)]
    said = capsys.readouterr().err
    assert f"left out: 0123456789ab in {folder}: smoothing is unknown to this version" in said


def test_of_a_campaign_with_a_value_of_a_later_version_the_other_runs_are_there(capsys):
    frozen(quick(), quick(seed=1))
    folder = store.RESULTS / "campaign"

    def later(table):
        table.loc[table["id"] == quick().id, ["id", "head"]] = ["0123456789ab", "other"]

    rewrite(folder / "runs.csv", later)
    known = store.frozen_runs()
    assert [run.config for run in known.values()] == [quick(seed=1)]
    assert len(known) == 1
    said = f"left out: 0123456789ab in {folder}: head is 'other'; allowed: binary, linear"
    assert said in capsys.readouterr().err


def test_all_frozen_runs_can_be_gone_through_beside_a_damaged_campaign():
    frozen(quick())
    (store.RESULTS / "campaign" / "history.csv").write_text("nothing\n1\n")
    assert list(store.frozen_runs().values()) == []


def test_a_folder_that_has_not_its_own_run_is_no_answer():
    run = get_or_train(quick(seed=1), "cpu", str)
    run.arrays_path.parent.rename(store.runs_folder() / quick().id)
    with pytest.raises(RuntimeError, match=f"{quick().id} is damaged; delete it to train it again"):
        find(quick())


def test_foreign_folders_in_the_runs_folder_are_passed_over():
    get_or_train(quick(), "cpu", str)
    texts = ["3", "[]", '["head"]', "null", '"text"', "{}", '{"seed": "x"}', "{"]
    for number, text in enumerate(texts):
        path = store.runs_folder() / f"foreign{number}" / "config.json"
        path.parent.mkdir()
        path.write_text(text)
    (store.runs_folder() / "folders" / "config.json").mkdir(parents=True)
    (store.runs_folder() / "file").write_text("")
    assert [config for config, _ in store.stored_configs()] == [quick()]
    assert get_or_train(quick(epochs=2), "cpu", str).config == quick(epochs=2)


def test_a_run_that_may_not_be_read_is_named_and_is_not_called_damaged(monkeypatch):
    folder = get_or_train(quick(), "cpu", str).arrays_path.parent

    def denied(path, *arguments, **options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(type(folder), "read_text", denied)
    with pytest.raises(RuntimeError, match=f"{folder} cannot be read: Permission denied$"):
        find(quick())
