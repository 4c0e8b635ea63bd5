import json
import re
import shutil
from dataclasses import replace

import pandas as pd
import pytest

from binenc_core import config as config_module
from replication.base import provenance
from replication.runs import store
from replication.runs.freeze import freeze
from replication.runs.store import find
from replication.runs.trainer import get_or_train
from small_runs import assert_same_arrays, assert_same_history, frozen, quick, small

pytestmark = pytest.mark.usefixtures("own_root")


def test_runs_are_where_binenc_runs_says(monkeypatch, tmp_path):
    monkeypatch.setenv("BINENC_RUNS", str(tmp_path / "elsewhere"))
    run = get_or_train(quick(), "cpu", str)
    assert run.arrays_path.parent == tmp_path / "elsewhere" / quick().id
    assert [p.name for p in tmp_path.iterdir()] == ["elsewhere"]
    monkeypatch.chdir("/")  # a relative folder is one of the project
    monkeypatch.setenv("BINENC_RUNS", "some/runs")
    assert store.runs_folder() == provenance.ROOT / "some" / "runs"
    monkeypatch.delenv("BINENC_RUNS")
    assert store.runs_folder() == provenance.ROOT / "runs"


def frozen_alone(name, *configs):
    """Runs that are frozen and no longer in the runs folder, and the arrays of each."""
    runs = frozen(name, *configs)
    arrays = [run.arrays() for run in runs]
    shutil.rmtree(store.runs_folder())
    return list(zip(runs, arrays, strict=True))


def test_campaigns_and_runs_are_found_together():
    kept = [*frozen_alone("one", small()), *frozen_alone("two", quick(seed=1))]
    get_or_train(quick(seed=2), "cpu", str)
    configs = [small(), quick(seed=1), quick(seed=2)]
    assert [find(c).place for c in configs] == ["results/one", "results/two", "runs"]
    assert set(store.frozen_runs()) == {c.id for c in configs[:2]}
    assert find(small(seed=1)) is None
    for config, (run, arrays) in zip(configs, kept, strict=False):
        found = find(config)
        assert (found.config, found.info) == (run.config, run.info)
        assert_same_history(found.history, run.history)
        assert_same_arrays(found.arrays(), arrays)
    for config in configs:  # whatever definitions are plotted
        other = config.change(metrics="released")
        assert find(other).config == other


def test_a_campaign_frozen_again_is_read_again():
    frozen_alone("campaign", quick())
    assert find(quick()) is not None
    assert find(quick(seed=1)) is None
    frozen_alone("campaign", quick(seed=1))
    assert find(quick()) is None
    assert find(quick(seed=1)) is not None


def test_a_run_of_an_earlier_version_of_the_training_is_a_miss(monkeypatch):
    """Raising TRAINING_VERSION means that the same fields give other numbers from now on."""
    frozen_alone("campaign", quick())
    get_or_train(quick(seed=1), "cpu", str)
    assert list(store.stored_configs()) == [(quick(seed=1), store.runs_folder() / quick(seed=1).id)]
    monkeypatch.setattr(config_module, "TRAINING_VERSION", config_module.TRAINING_VERSION + 1)
    assert find(quick(seed=1)) is None
    assert find(quick()) is None
    assert list(store.stored_configs()) == []


def test_a_campaign_that_is_being_written_is_not_read():
    """A draft, or what a killed process left of one, is a hidden folder beside the campaigns."""
    frozen_alone("campaign", quick())
    (store.RESULTS / "campaign").rename(store.RESULTS / ".campaign-x1y2")
    assert find(quick()) is None


def test_what_a_caller_does_to_a_frozen_history_is_its_own():
    frozen_alone("campaign", quick())
    history = find(quick()).history
    before = history.copy()
    history["loss"] = 0.0
    assert_same_history(find(quick()).history, before)


@pytest.mark.parametrize("commit", ["012345678901", "12345e678901"])
def test_ids_and_commits_are_text_also_where_they_read_as_numbers(commit):
    """As 12e34 or 0123: one in a hundred does."""
    configs = (quick(seed=seed) for seed in range(100_000))
    config = next(c for c in configs if re.fullmatch(r"0\d+|\d+e\d+", c.id))
    run = get_or_train(config, "cpu", str)
    freeze([replace(run, info=run.info | {"commit": commit})], store.RESULTS / "one", "command")
    found = find(config)
    assert found.info["commit"] == commit
    assert_same_history(found.history, run.history)
    assert_same_arrays(found.arrays(), run.arrays())


@pytest.mark.parametrize(("name", "content"), [("info.json", None), ("history.csv", "")])
def test_a_damaged_run_is_named_with_what_to_do(name, content):
    run = get_or_train(quick(), "cpu", str)
    path = run.arrays_path.with_name(name)
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(RuntimeError, match=f"{run.id} is damaged; delete it to train it again"):
        find(quick())


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


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("smoothing", "0.1", "smoothing is unknown to this version"),
        ("head", "other", "head is 'other'; allowed: binary, linear"),
    ],
)
def test_of_a_campaign_of_a_later_version_the_other_runs_are_there(name, value, said, capsys):
    """Those whose fields of the later version have their defaults."""
    frozen("campaign", quick(), quick(seed=1))
    folder = store.RESULTS / "campaign"

    def later(table):
        if name not in table:
            table.insert(2, name, "0.0")
        table.loc[table["id"] == quick().id, ["id", name]] = ["0123456789ab", value]

    rewrite(folder / "runs.csv", later)
    rewrite(folder / "history.csv", lambda table: table.insert(2, "sharpness", "1.5"))
    assert [run.config for run in store.load_campaign(folder)] == [quick(seed=1)]
    assert [run.config for run in store.frozen_runs().values()] == [quick(seed=1)]
    assert f"left out: 0123456789ab in {folder}: {said}" in capsys.readouterr().err


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
