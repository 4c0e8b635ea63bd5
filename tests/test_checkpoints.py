import os
import pickle

import numpy as np
import pytest
import torch

from replication.runs import checkpoints
from replication.runs.checkpoints import Checkpoint, load, save
from small_runs import assert_same_arrays

VALUES = [0.1 + 0.2, 5e-324, -1.7976931348623157e308, float("inf"), float("nan")]


def made(epochs: int = 3) -> Checkpoint:
    kernel = torch.arange(24.0).reshape(2, 3, 2, 2).to(memory_format=torch.channels_last)
    return Checkpoint(
        epochs=epochs,
        state={"model.kernel": kernel, "random.cpu": torch.get_rng_state()},
        records=[
            {"epoch": epoch, "split": split, "loss": value}
            for epoch, value in zip((0, 1, 2), VALUES[:3], strict=True)
            for split in ("train", "test")
        ],
        arrays={
            "epochs": np.array([0, 1, 2]),
            "class_means": np.arange(6, dtype="f4").reshape(3, 2).T[::-1].T,
            "latent_histogram": np.arange(3, dtype=np.uint32)[:, None] + 2**31,
        },
        seconds=1.5,
        origin={"commit": "0123", "threads": 1},
    )


def test_a_checkpoint_comes_back_to_the_bit(tmp_path):
    before = made()._replace(records=[{"epoch": i, "loss": v} for i, v in enumerate(VALUES)])
    save(before, tmp_path / "c")
    after = load(tmp_path / "c")
    assert (after.epochs, after.seconds, after.origin) == (3, 1.5, before.origin)
    np.testing.assert_equal(after.records, before.records)
    assert_same_arrays(after.arrays, before.arrays)
    assert set(after.state) == set(before.state)
    assert all(torch.equal(after.state[name], before.state[name]) for name in before.state)


@pytest.mark.parametrize("step", ["save_file", "fsync", "replace"])
def test_a_checkpoint_takes_the_place_of_the_old_when_it_is_written(tmp_path, monkeypatch, step):
    save(made(1), tmp_path / "c")

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    owner = checkpoints if step == "save_file" else os
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, full)
        with pytest.raises(OSError, match="No space left on device"):
            save(made(2), tmp_path / "c")
    assert load(tmp_path / "c").epochs == 1
    save(made(2), tmp_path / "c")
    assert load(tmp_path / "c").epochs == 2
    assert os.listdir(tmp_path) == ["c"]


def cut(path):
    save(made(), path)
    path.write_bytes(path.read_bytes()[:-1])


class Evil:
    def __reduce__(self):
        return os.mkdir, ("evil",)


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(pickle.dumps(Evil())),
        lambda path: checkpoints.save_file({"state/a": torch.zeros(2)}, path),
        cut,
    ],
    ids=["empty", "a pickle", "other tensors", "cut"],
)
def test_what_is_no_checkpoint_is_refused_and_not_run(tmp_path, monkeypatch, write):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "c")
    with pytest.raises(ValueError, match="is no checkpoint"):
        load(tmp_path / "c")
    assert os.listdir(tmp_path) == ["c"]
