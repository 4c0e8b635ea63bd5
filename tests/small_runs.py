"""Trainings of well under a second, and folders of their own, for the tests of several modules."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from binenc_core.config import RunConfig
from binenc_core.dataset import Dataset
from binenc_core.training.state import TrainingState, build
from replication.__main__ import main
from replication.data.load import load
from replication.data.recipes import recipe
from replication.runs import checkpoints, store
from replication.runs.freeze import freeze
from replication.runs.trainer import get_or_train

CPU = torch.device("cpu")
# What made-up runs and assessments say of where they come from. A commit of digits alone, read as a
# number, would lose its zeros.
ORIGIN = {
    "diverged_epoch": None,
    "seconds": 5400.0,
    "device": "cpu",
    "threads": 1,
    "processor": "A processor, 2 cores",
    "versions": "Python 3.11.7, torch 2.14.1",
    "commit": "000012345678",
}

# A weight that float32 cannot hold: the loss is infinite from the first batch on.
DIVERGING_GAMMA = 1e39


def small(head: str = "binary", **changes) -> RunConfig:
    """A digits training of two epochs of a network of 16 units, P = 2, evaluated after each."""
    settings = {"width": 16, "latent_dim": 2, "epochs": 2, "log_every": 1}
    return recipe("digits", head=head, **{**settings, **changes})


def quick(**changes) -> RunConfig:
    """A training of one epoch whose evaluation fits no mixtures."""
    return small("none", **{"epochs": 1, **changes})


def few_digits(train: int = 150, test: int = 80) -> Dataset:
    """The first digits of each split; every class occurs in both."""
    digits = load("digits")
    return Dataset(
        digits.train_images[:train],
        digits.train_labels[:train],
        digits.test_images[:test],
        digits.test_labels[:test],
    )


def built(config: RunConfig) -> TrainingState:
    """A fresh network for digits, and what trains it."""
    return build(config, (1, 8, 8), 10, CPU)


def use_folders(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let runs be kept in `folder`/runs and campaigns in `folder`/results."""
    monkeypatch.setenv("BINENC_RUNS", str(folder / "runs"))
    monkeypatch.setattr(store, "RESULTS", folder / "results")


def failure(arguments: list[str], capsys: pytest.CaptureFixture) -> tuple[int, str]:
    """Exit code and error line of a command that fails; the line is one and no traceback."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert captured.err.endswith("\n")
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    return stopped.value.code, captured.err


def frozen(name: str, *configs: RunConfig) -> list[store.Run]:
    """Train these runs and freeze them as a campaign; those in the runs folder."""
    runs = [get_or_train(config, "cpu", str) for config in configs]
    freeze(runs, store.RESULTS / name, "command")
    return runs


def kept_in(folder: Path) -> list[str]:
    """Names of all that is in a runs folder but for locks, which may stay."""
    names = sorted(path.name for path in folder.iterdir())
    return [name for name in names if not re.fullmatch(r"\.[0-9a-f]{12}\.lock", name)]


def state_of(run: store.Run) -> dict[str, torch.Tensor]:
    """Weights, moments and random states of a run after its last logged epoch, by name."""
    return checkpoints.load(run.checkpoint_path).state


def assert_same_bytes(run: store.Run, other: store.Run) -> None:
    """The same files of history and arrays, byte for byte."""
    for name in ("history.csv", "arrays.npz"):
        one, two = (r.arrays_path.with_name(name).read_bytes() for r in (run, other))
        assert one == two, name


def assert_same_history(actual: pd.DataFrame, expected: pd.DataFrame) -> None:
    """The same values to the bit in the same rows; the columns' order is free.

    A column without a value counts as absent: a campaign has one set of columns for all heads.
    """
    actual, expected = (table.dropna(axis=1, how="all") for table in (actual, expected))
    assert set(actual) == set(expected)
    for name in expected:
        np.testing.assert_array_equal(actual[name].to_numpy(), expected[name].to_numpy(), name)


def assert_same_arrays(actual: dict, expected: dict) -> None:
    """The same arrays by name, of the same type, to the bit."""
    assert set(actual) == set(expected)
    for name, values in expected.items():
        assert actual[name].dtype == values.dtype, name
        np.testing.assert_array_equal(actual[name], values, name)
