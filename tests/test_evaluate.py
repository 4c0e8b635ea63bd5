"""evaluate --from-checkpoint: new metrics of runs that exist, without training."""

import pandas as pd
import pytest

from binenc_core import evaluation
from campaign_commands import QUICK, campaign_file
from replication.__main__ import main
from replication.runs import store
from replication.runs.trainer import get_or_train
from small_runs import frozen, small

GRID = QUICK | {"head": ["binary", "none"], "seed": 0, "epochs": 3}

pytestmark = pytest.mark.usefixtures("own_root")


@pytest.fixture
def campaign(tmp_path):
    """The path of a campaign whose two runs are trained and frozen."""
    path = campaign_file(tmp_path / "pair.toml", GRID)
    frozen("pair", *(small(head, epochs=3) for head in ("binary", "none")))
    return path


def evaluate(path) -> int:
    return main(["evaluate", str(path), "--from-checkpoint", "--device", "cpu"])


def with_new_metric(monkeypatch) -> None:
    """Let an evaluation give the largest logit too."""
    measured = evaluation._fit_metrics

    def more(out, config, gamma):
        return measured(out, config, gamma) | {"largest_logit": float(out.logits.max())}

    monkeypatch.setattr(evaluation, "_fit_metrics", more)


def tables() -> dict[str, pd.DataFrame]:
    """Every history on disk, frozen or not, as text by its path."""
    paths = [*store.RESULTS.glob("*/history.csv"), *store.runs_folder().glob("*/history.csv")]
    return {str(p): pd.read_csv(p, dtype=str, keep_default_na=False) for p in paths}


def test_a_new_metric_is_added_to_the_last_epoch_and_nothing_else_changes(
    campaign, monkeypatch, capsys
):
    before = tables()
    assert evaluate(campaign) == 0
    assert "added nothing new" in capsys.readouterr().out
    for path, table in tables().items():
        pd.testing.assert_frame_equal(table, before[path])
    with_new_metric(monkeypatch)
    assert evaluate(campaign) == 0
    assert "results/pair: added largest_logit, last epoch alone" in capsys.readouterr().out
    assert len(before) == 3
    for path, table in tables().items():
        added = table.pop("largest_logit")
        pd.testing.assert_frame_equal(table, before[path])
        assert (added != "").tolist() == (table["epoch"] == "2").tolist()


def test_the_values_are_those_that_a_training_records(campaign, monkeypatch):
    with_new_metric(monkeypatch)
    evaluate(campaign)
    (run, _) = store.load_campaign(store.RESULTS / "pair")
    monkeypatch.setenv("BINENC_RUNS", str(store.runs_folder().with_name("anew")))
    monkeypatch.setattr(store, "RESULTS", store.RESULTS.with_name("nothing"))
    anew = get_or_train(run.config).history
    last = anew["epoch"] == 2
    expected = anew.loc[last, "largest_logit"].tolist()
    assert run.history.loc[last, "largest_logit"].tolist() == pytest.approx(expected, rel=1e-6)


def test_runs_without_their_weights_are_named_and_left(campaign, monkeypatch, capsys):
    with_new_metric(monkeypatch)
    binary, none = (small(head, epochs=3) for head in ("binary", "none"))
    store.find(binary, frozen={}).checkpoint_path.unlink()
    other = store.find(none, frozen={})
    other.checkpoint_path.write_bytes(
        get_or_train(none.change(seed=1)).checkpoint_path.read_bytes()
    )
    assert evaluate(campaign) == 1
    said = capsys.readouterr().out
    assert f"left out: {binary.label} ({binary.id}): its weights are not here" in said
    assert f"left out: {none.label} ({none.id}): loss was" in said
    assert "largest_logit" not in pd.read_csv(store.RESULTS / "pair" / "history.csv")
