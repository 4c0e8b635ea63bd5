import re
from dataclasses import fields

import pytest

from binenc_core.config import RunConfig, known
from binenc_core.training import loop
from replication.__main__ import _parser, main
from replication.campaigns import grids
from replication.cli import data
from replication.cli.options import configs
from replication.data.datasets import DATASETS
from replication.data.recipes import recipe
from replication.data.sources import DataError
from small_runs import failure

pytestmark = pytest.mark.usefixtures("own_folders")

SMALL = ["--dataset", "digits", "--width", "16", "--latent-dim", "2", "--epochs", "1"]
QUICK = [*SMALL, "--head", "none"]


@pytest.fixture
def idle(monkeypatch, tmp_path):
    """Fails the test if anything is trained, fetched or written."""
    done = []
    monkeypatch.setattr(loop, "train", lambda *_, **__: done.append("trained"))

    def fetch(name):
        known("dataset", DATASETS, name)
        done.append(f"fetched {name}")

    monkeypatch.setattr(data, "fetch", fetch)
    yield
    assert done == []
    assert list(tmp_path.iterdir()) == []


WHOLE = "a whole number ≥ 1"
DEVICE = "device is 'tpu'; allowed: auto, cuda, mps, cpu"
# What is allowed of each value is tested with RunConfig: here, that it is asked of every command.
BAD_INPUT = [
    ([], "COMMAND"),
    (["fit"], "invalid choice: 'fit' (choose from"),
    (["train", "--gamma", "-1"], "gamma is '-1'; allowed: a number ≥ 0"),
    (["train", "--gamma", "-1e3"], "gamma is '-1e3'; allowed: a number ≥ 0"),
    (["train", "--gamma", "-inf"], "gamma is '-inf'; allowed: a number ≥ 0"),
    (["train", "--gamma-growth", "2", "--gamma-cap", "5"], "gamma_cap is 5.0; allowed: a number ≥"),
    (["train", "--dataset", "cifar"], "dataset is 'cifar'; allowed: mnist, fashion_mnist, digits"),
    (["train", "--head", "binary", "x"], "head is 'x'; allowed: binary, linear, nonlinear, none"),
    (["train", "--protocol", "released", "old"], "argument --protocol: invalid choice: 'old'"),
    (["train", "--threads", "two"], f"threads is 'two'; allowed: {WHOLE}"),
    (["train", "--device", "tpu"], "device here is 'tpu'; allowed: auto, "),
    (["train", "mnist"], "unknown parameter 'mnist'; allowed: "),
    (["train", "--gamma"], "--gamma: expected one argument"),
    (["campaign"], "NAME"),
    (["campaign", "none"], f"campaign is 'none'; allowed: {', '.join(grids.names())}, or the path"),
    (["campaign", "absent.toml"], "campaign absent.toml: there is no such file"),
    (["campaign", "mnist", "--device", "tpu"], DEVICE),
    (["campaign", "mnist", "--processes", "-2"], f"processes is '-2'; allowed: {WHOLE}"),
    (["campaign", "mnist", "--seeds", "99"], "seeds is 99; allowed: 1 to 10, as mnist has"),
    (
        ["assess", "robustness", "mnist", "--seeds", "99"],
        "seeds is 99; allowed: 1 to 10, as mnist has",
    ),
    (["campaign", "mnist", "--minutes", "9"], "--minutes goes with --executor slurm"),
    (
        ["campaign", "mnist", "--executor", "slurm", "--processes", "2"],
        "--processes goes with --executor local",
    ),
    (["campaign", "mnist", "--executor", "x"], "invalid choice: 'x' (choose from"),
    (["campaign", "mnist", "--gamma", "3"], "unknown parameter '--gamma'; allowed: "),
    (["data", "mnist", "cifar"], "dataset is 'cifar'; allowed: mnist, fashion_mnist"),
    (["assess", "beauty", "mnist"], "study is 'beauty'; allowed: robustness, reliability"),
    (["assess", "robustness", "nothing"], "campaign is 'nothing'; allowed: "),
    (["assess", "robustness", "mnist", "--images", "0"], f"images is '0'; allowed: {WHOLE}"),
    (["assess", "robustness", "mnist", "--device", "tpu"], DEVICE),
]


@pytest.mark.parametrize(
    ("arguments", "expected"), BAD_INPUT, ids=[" ".join(arguments) for arguments, _ in BAD_INPUT]
)
def test_bad_input_is_answered_in_one_line_before_any_work(arguments, expected, capsys, idle):
    code, line = failure(arguments, capsys)
    assert code == 2
    assert expected in line


def test_an_unknown_parameter_is_answered_with_all_known(capsys, idle):
    _, line = failure(["train", "--gama", "3"], capsys)
    known = line.split("allowed: ")[1].strip().split(", ")
    options = {f"--{item.name.replace('_', '-')}" for item in fields(RunConfig)}
    assert set(known) == options | {"--protocol", "--device", "--threads", "--help"}


def test_help_shows_every_parameter_with_its_default(capsys, idle):
    with pytest.raises(SystemExit) as stopped:
        main(["train", "--help"])
    assert stopped.value.code == 0
    text = re.sub(r"\s+", " ", capsys.readouterr().out).split("what to train: ")[1]
    for item in fields(RunConfig):
        option = re.escape(f"--{item.name.replace('_', '-')} ")
        found = re.search(rf"{option}.*?\(default: (.*?)\)(?= --| where| $)", text)
        assert item.metadata["help"] in text, item.name
        assert found, item.name
        values = {str(getattr(recipe(name), item.name)) for name in DATASETS}
        if item.name not in ("dataset", "head", "seed"):
            assert all(value in found[1] for value in values), item.name


@pytest.mark.parametrize(
    ("option", "value"),
    [("--gamma-growth", 1.5), ("--softmax", "twice"), ("--halve-every", 5)],
)
def test_a_switch_can_be_set_alone(option, value):
    words = ["train", *SMALL, "--head", "binary", "--protocol", "later", option, str(value)]
    (config,) = configs(_parser().parse_args(words))
    usual = recipe("digits", "later", width=16, latent_dim=2, epochs=1)
    name = option[2:].replace("-", "_")
    assert getattr(config, name) == value != getattr(usual, name)
    assert config == usual.change(**{name: value})


def test_the_threads_asked_are_used(monkeypatch):
    import torch

    asked = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    assert main(["train", *QUICK, "--threads", "3", "--device", "cpu"]) == 0
    assert asked == [3]


def test_a_fault_of_the_program_is_not_called_bad_input(capsys, monkeypatch):
    """A ValueError out of a training is no wrong parameter, whose line would hide where it was."""

    def faulty(*arguments, **options):
        raise ValueError("Input X contains NaN.")

    monkeypatch.setattr(loop, "train", faulty)
    with pytest.raises((ValueError, SystemExit)) as stopped:
        main(["train", *QUICK])
    assert getattr(stopped.value, "code", None) != 2


def test_data_fetches_what_is_named(monkeypatch):
    fetched = []
    monkeypatch.setattr(data, "fetch", fetched.append)
    assert main(["data"]) == 0
    assert main(["data", "fashion_mnist"]) == 0
    assert fetched == ["mnist", "fashion_mnist", "fashion_mnist"]


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (OSError("disk full"), 1, ["error: disk full"]),
        (RuntimeError("no memory\nraised from alloc_cpu\n#1: 0x7f"), 1, ["error: no memory"]),
        (DataError("no source\n  - a\n  - b"), 1, ["error: no source", "  - a", "  - b"]),
        (KeyboardInterrupt(), 130, ["", "interrupted: finished runs are kept, and "]),
    ],
)
def test_what_ends_a_command_is_its_last_line(capsys, monkeypatch, error, code, lines):
    """Of the data files' errors each line tells what to do, of PyTorch's the first alone."""

    def fails(name):
        raise error

    monkeypatch.setattr(data, "fetch", fails)
    with pytest.raises(SystemExit) as stopped:
        main(["data", "mnist"])
    assert stopped.value.code == code
    said = capsys.readouterr().err.splitlines()
    assert all(map(str.startswith, said, lines)) and len(said) == len(lines)
