import pytest

from binenc_core.config import RunConfig
from replication.base.provenance import ROOT
from replication.campaigns.selection import campaign_runs
from replication.data.recipes import recipe
from replication.runs import checkpoints, store, trainer
from replication.runs.freeze import freeze
from replication.runs.store import CHECKPOINT
from replication.runs.trainer import get_or_train
from replication.widgets.shown import asked, finished, unfinished
from small_runs import assert_same_arrays, assert_same_history, small

pytestmark = pytest.mark.usefixtures("own_root")


def test_the_digits_are_asked_for_with_an_evaluation_after_every_epoch():
    config = asked("digits", "binary", "described", gamma=3, seed=4)
    assert config == recipe("digits", gamma=3, seed=4, log_every=1)
    assert asked("digits", "linear", "released", log_every=5).log_every == 5
    assert asked("mnist", "none", "released") == recipe("mnist", "released", head="none")


def test_what_is_not_entered_is_as_in_the_frozen_campaign(monkeypatch):
    monkeypatch.setattr(store, "RESULTS", ROOT / "results")
    config = asked("mnist", "binary", "described", gamma=3)
    (frozen,) = {(r.config.width, r.config.epochs) for r in campaign_runs("mnist")}
    assert (config.width, config.epochs) == frozen != (RunConfig.width, frozen[1])


def test_a_run_on_disk_is_found_and_no_other_training_in_its_place():
    run = get_or_train(small(), "cpu", str)
    found = finished(small())
    assert_same_history(found.run.history, run.history)
    assert_same_arrays(found.arrays, run.arrays())
    assert (found.config, found.epochs) == (small(), 2)
    for other in ({"epochs": 3}, {"seed": 1}, {"gamma": 3}, {"head": "linear"}):
        assert finished(small(**other)) is None


def test_the_same_training_is_found_that_was_evaluated_after_other_epochs():
    runs = [get_or_train(small(epochs=5, log_every=every), "cpu", str) for every in (3, 2)]
    assert finished(small(epochs=5)).run.history["epoch"].unique().tolist() == [0, 2, 4]
    freeze(runs[1:], store.RESULTS / "some", "a test")
    assert finished(small(epochs=5)).run.place == "results/some"


def test_an_unfinished_run_is_read_as_far_as_it_is():
    config = small(epochs=4)
    assert unfinished(config) is None
    shorter = get_or_train(small(epochs=2), "cpu", str)
    checkpoint = checkpoints.load(shorter.arrays_path.with_name(CHECKPOINT))
    checkpoints.save(checkpoint, trainer.checkpoint_of(config))
    found = unfinished(config)
    assert found.epochs == 2
    assert_same_history(found.run.history, shorter.history)
    assert_same_arrays(found.arrays, shorter.arrays())
    trainer.checkpoint_of(config).write_bytes(b"no checkpoint")
    assert unfinished(config) is None
