import re
import shlex
import subprocess
import sys
from dataclasses import fields

import numpy as np
import pytest

from binenc_core.config import RunConfig
from binenc_core.training import loop
from replication.__main__ import _parser, main
from replication.base import provenance
from replication.campaigns import grids
from replication.cli import data
from replication.cli.options import configs
from replication.data.datasets import DATASETS, check_name
from replication.data.recipes import PROTOCOLS, SWITCHES, recipe
from replication.data.sources import DataError
from replication.runs import store
from small_runs import DIVERGING_GAMMA, use_folders

SMALL = ["--dataset", "digits", "--width", "16", "--latent-dim", "2", "--epochs", "1"]
QUICK = [*SMALL, "--head", "none"]


@pytest.fixture(autouse=True)
def folders(monkeypatch, tmp_path):
    use_folders(monkeypatch, tmp_path)


@pytest.fixture
def idle(monkeypatch, tmp_path):
    """Fails the test if anything is trained, fetched or written."""
    done = []
    monkeypatch.setattr(loop, "train", lambda *_, **__: done.append("trained"))

    def fetch(name):
        check_name(name)
        done.append(f"fetched {name}")

    monkeypatch.setattr(data, "fetch", fetch)
    yield
    assert done == []
    assert list(tmp_path.iterdir()) == []


def failure(arguments, capsys) -> tuple[int, str]:
    """Exit code and error line of a command that fails; the line is one and no traceback."""
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert captured.err.endswith("\n")
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    return stopped.value.code, captured.err


NUMBER = "a number ≥ 0"
WHOLE = "a whole number ≥ 1"
PROTOCOL = "argument --protocol: invalid choice: 'old' (choose from"
BAD_INPUT = [
    (["train", "--gamma", "-1"], f"gamma is '-1'; allowed: {NUMBER}"),
    (["train", "--gamma", "nan"], f"gamma is 'nan'; allowed: {NUMBER}"),
    (["train", "--gamma", "inf"], f"gamma is 'inf'; allowed: {NUMBER}"),
    (["train", "--gamma=-inf"], f"gamma is '-inf'; allowed: {NUMBER}"),
    (["train", "--gamma", "ten"], f"gamma is 'ten'; allowed: {NUMBER}"),
    (["train", "--gamma", "-1e3"], NUMBER),
    (["train", "--dataset", "cifar"], "dataset is 'cifar'; allowed: mnist, fashion_mnist, digits"),
    (["train", "--head", "x"], "head is 'x'; allowed: binary, linear, nonlinear, none"),
    (["train", "--head", "binary", "x"], "head is 'x'; allowed: binary, linear, nonlinear, none"),
    (["train", "--backbone", "x"], "backbone is 'x'; allowed: mlp, cnn, resnet18, resnet50"),
    (["train", "--penalty", "x"], "allowed: mean_exp, exp_mean, sum_exp, exp_norm, mean_square"),
    (["train", "--precision", "fp16"], "precision is 'fp16'; allowed: fp32, bf16"),
    (["train", "--epochs", "0"], f"epochs is '0'; allowed: {WHOLE}"),
    (["train", "--epochs", "1.5"], f"epochs is '1.5'; allowed: {WHOLE}"),
    (["train", "--seed", "-1"], "seed is '-1'; allowed: a whole number ≥ 0"),
    (["train", "--dropout", "1"], "dropout is '1'; allowed: a number ≥ 0 and < 1"),
    (["train", "--threads", "0"], f"threads is '0'; allowed: {WHOLE}"),
    (["train", "--threads", "two"], f"threads is 'two'; allowed: {WHOLE}"),
    (["train", "--device", "tpu"], "device is 'tpu'; allowed here: auto, "),
    (["train", "--gama", "3"], "unknown parameter '--gama'; allowed: "),
    (["train", "mnist"], "unknown parameter 'mnist'; allowed: "),
    (["train", "--gamma"], "--gamma: expected one argument"),
    (["train", "--protocol", "old"], PROTOCOL),
    (["train", "--protocol", "released", "old"], PROTOCOL),
    (["train", "--protocol"], "--protocol: expected at least one argument"),
    (["train", "--softmax", "thrice"], "softmax is 'thrice'; allowed: once, twice"),
    (["train", "--dropout-epochs", "x"], "dropout_epochs is 'x'; allowed: every, first"),
    (["train", "--halve-every", "-1"], "halve_every is '-1'; allowed: a whole number ≥ 0"),
    (["train", "--gamma-growth", "0.5"], "gamma_growth is '0.5'; allowed: a number ≥ 1"),
    (["train", "--gamma-growth", "2", "--gamma-cap", "5"], "gamma_cap is 5.0; allowed: a number ≥"),
    (["train", "--metrics", "x"], "metrics is 'x'; allowed: described, released"),
    (["campaign"], "NAME"),
    (["campaign", "none"], f"campaign is 'none'; allowed: {', '.join(grids.names())}, or the path"),
    (["campaign", "absent.toml"], "campaign absent.toml: there is no such file"),
    (["campaign", "mnist", "--device", "tpu"], "device is 'tpu'; allowed: auto, cuda, mps, cpu"),
    (["campaign", "mnist", "--threads", "0"], f"threads is '0'; allowed: {WHOLE}"),
    (["campaign", "mnist", "--processes", "-2"], f"processes is '-2'; allowed: {WHOLE}"),
    (["campaign", "mnist", "--gpus", "1"], "--gpus goes with --executor slurm"),
    (["campaign", "mnist", "--minutes", "9"], "--minutes goes with --executor slurm"),
    (
        ["campaign", "mnist", "--executor", "slurm", "--processes", "2"],
        "--processes goes with --executor local",
    ),
    (["campaign", "mnist", "--executor", "x"], "invalid choice: 'x' (choose from"),
    (["campaign", "mnist", "--gamma", "3"], "unknown parameter '--gamma'; allowed: "),
    (["freeze", "name", "--protocol", "old"], PROTOCOL),
    (["freeze", "Bad Name"], "name is 'Bad Name'; allowed: lower-case letters, digits and _"),
    (["freeze", "../up"], "name is '../up'; allowed: lower-case letters, digits and _"),
    (["freeze"], "NAME"),
    (["freeze", "name", "--gamma", "-1"], f"gamma is '-1'; allowed: {NUMBER}"),
    (["freeze", "name", "--gama", "1"], "unknown parameter '--gama'; allowed: "),
    (["freeze", "digits"], "name is 'digits'; allowed there: runs on digits, not mnist"),
    (["data", "--force"], "unknown parameter '--force'; allowed: "),
    (["data", "cifar"], "mnist, fashion_mnist"),
    (["data", "mnist", "cifar"], "mnist, fashion_mnist"),
    (["fit"], "invalid choice: 'fit' (choose from"),
    ([], "COMMAND"),
]


@pytest.mark.parametrize(
    ("arguments", "expected"), BAD_INPUT, ids=[" ".join(arguments) for arguments, _ in BAD_INPUT]
)
def test_bad_input_is_answered_in_one_line_before_any_work(arguments, expected, capsys, idle):
    code, line = failure(arguments, capsys)
    assert code == 2
    assert expected in line


@pytest.mark.parametrize("command", ["train", "freeze"])
def test_an_unknown_parameter_is_answered_with_all_known(command, capsys, idle):
    arguments = [command, *(["name"] if command == "freeze" else []), "--gama", "3"]
    _, line = failure(arguments, capsys)
    known = line.split("allowed: ")[1].strip().split(", ")
    options = {f"--{item.name.replace('_', '-')}" for item in fields(RunConfig)}
    extra = {"--device", "--threads"} if command == "train" else set()
    assert set(known) == options | extra | {"--protocol", "--help"}


def test_a_subprocess_ends_with_code_2_and_one_line():
    command = [sys.executable, "-m", "replication", "train", "--gamma", "-1"]
    done = subprocess.run(command, cwd=provenance.ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: argument --gamma: gamma is '-1'; allowed: a number ≥ 0\n"


def help_text(arguments, capsys) -> str:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 0
    return re.sub(r"\s+", " ", capsys.readouterr().out)


def test_help_lists_the_commands(capsys, idle):
    text = help_text(["--help"], capsys)
    for command in ("campaign", "train", "freeze", "data"):
        assert f" {command} " in text


@pytest.mark.parametrize("command", ["train", "freeze"])
def test_help_shows_every_parameter_with_its_default(command, capsys, idle):
    text = help_text([command, "--help"], capsys).split("what to train: ")[1]
    for item in fields(RunConfig):
        option = re.escape(f"--{item.name.replace('_', '-')} ")
        found = re.search(rf"{option}.*?\(default: (.*?)\)(?= --| where| $)", text)
        assert item.metadata["help"] in text, item.name
        assert found, item.name
        values = {str(getattr(recipe(name), item.name)) for name in DATASETS}
        if item.name not in ("dataset", "head", "seed"):
            assert all(value in found[1] for value in values), item.name
    assert "default: mnist)" in text
    assert "default: binary linear nonlinear none)" in text
    assert "default: mlp (mnist digits kmnist), cnn (fashion_mnist), resnet18 (svhn" in text


def test_help_tells_protocols_and_campaigns(capsys, idle):
    text = help_text(["train", "--help"], capsys)
    assert f"one of {', '.join(PROTOCOLS)} (default: described (mnist" in text
    assert "later (svhn cifar10 cifar100))" in text
    text = help_text(["campaign", "--help"], capsys)
    assert all(name in text for name in grids.names())
    assert "with --executor slurm" in text


def test_help_of_train_tells_devices_and_threads(capsys, idle):
    text = help_text(["train", "--help"], capsys)
    assert "auto, cuda, mps or cpu" in text
    assert "(default: auto)" in text
    assert "CPU threads" in text


def test_help_of_data_names_the_datasets(capsys, idle):
    text = help_text(["data", "--help"], capsys)
    assert f"{', '.join(DATASETS)} (default: mnist fashion_mnist)" in text


def test_help_needs_no_torch():
    script = "import sys; sys.modules['torch'] = None; from replication.__main__ import main; "
    command = [sys.executable, "-c", script + "main(['train', '--help'])"]
    done = subprocess.run(command, cwd=provenance.ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_train_then_freeze(capsys):
    options = [*SMALL, "--head", "binary", "none", "--seed", "0", "2", "--log-every", "1"]
    assert main(["train", *options]) == 0
    assert capsys.readouterr().out.count("miss: ") == 4
    assert main(["train", *options]) == 0
    assert capsys.readouterr().out.count("hit: ") == 4
    assert main(["freeze", "pairs", *options]) == 0
    assert capsys.readouterr().out == "froze 4 runs into results/pairs\n"
    assert frozen_configs("pairs") == [
        recipe("digits", head=h, seed=s, width=16, latent_dim=2, epochs=1, log_every=1)
        for h in ("binary", "none")
        for s in (0, 2)
    ]


def frozen_configs(name: str) -> list[RunConfig]:
    return [run.config for run in store.load_campaign(store.RESULTS / name)]


def test_protocols_are_trained_and_frozen_side_by_side(capsys):
    options = [*QUICK, "--protocol", "released", "later"]
    assert main(["train", *options]) == 0
    assert capsys.readouterr().out.count("miss: ") == 2
    assert main(["freeze", "both", *options]) == 0
    changes = {"head": "none", "width": 16, "latent_dim": 2, "epochs": 1}
    expected = [recipe("digits", protocol, **changes) for protocol in ("released", "later")]
    assert {config.id for config in frozen_configs("both")} == {config.id for config in expected}
    assert set(frozen_configs("both")) == set(expected)


OTHER_SWITCHES = {
    "--gamma": "3",
    "--gamma-growth": "1.5",
    "--gamma-cap": "7",
    "--penalty": "sum_exp",
    "--softmax": "twice",
    "--dropout-epochs": "first",
    "--halve-every": "5",
    "--weight-decay": "0.1",
    "--cnn-dense-layers": "4",
    "--metrics": "released",
}


def test_every_switch_is_tested_alone():
    assert set(OTHER_SWITCHES) == {f"--{name.replace('_', '-')}" for name in SWITCHES}


@pytest.mark.parametrize("option", OTHER_SWITCHES)
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.sampled
def test_a_switch_can_be_set_alone(option, protocol):
    words = [*SMALL, "--head", "binary", "--protocol", protocol, option, OTHER_SWITCHES[option]]
    (config,) = configs(_parser().parse_args(["train", *words]))
    usual = recipe("digits", protocol, width=16, latent_dim=2, epochs=1)
    name = option[2:].replace("-", "_")
    value = type(getattr(usual, name))(OTHER_SWITCHES[option])
    assert config == usual.change(**{name: value})
    without_effect = {"cnn_dense_layers"} | ({"gamma_cap"} if usual.gamma_growth == 1 else set())
    assert (getattr(config, name) == value) == (name not in without_effect)


def runnable(command: str) -> list[list[str]]:
    """The argument lists of `python -m replication …` commands joined by &&."""
    parts = [shlex.split(part) for part in command.split(" && ")]
    assert all(part[:3] == ["python", "-m", "replication"] for part in parts)
    return [part[3:] for part in parts]


@pytest.mark.parametrize(
    ("name", "varied"),
    [
        ("none", ["--seed", "0", "2"]),
        ("digits", ["--seed", "0", "2"]),
        ("plain", ["--protocol", "later", "released"]),
        ("released", ["--protocol", "released", "--seed", "0", "2"]),
    ],
)
@pytest.mark.sampled
def test_the_commands_of_a_campaign_can_be_typed(name, varied, capsys):
    """Also where its name is a value of an option, as those of datasets and protocols are."""
    options = [*QUICK, *varied]
    code, line = failure(["freeze", name, *options], capsys)
    assert code == 2
    (training_command,) = runnable(re.search(r"`(.*)`", line)[1])
    assert main(training_command) == 0
    assert main(["freeze", name, *options]) == 0
    before = frozen_configs(name)
    assert len(before) == 2
    readme = (store.RESULTS / name / "README.md").read_text(encoding="utf8")
    capsys.readouterr()
    for arguments in runnable(re.search(r"Command, .* \| `(.*)` \|", readme)[1]):
        assert main(arguments) == 0
    out = capsys.readouterr().out
    assert out.count("hit: digits none seed ") == 2
    assert "miss" not in out
    assert frozen_configs(name) == before


def test_freezing_lists_what_is_missing(capsys):
    options = [*SMALL, "--head", "none", "linear"]
    assert main(["train", *QUICK]) == 0
    capsys.readouterr()
    code, line = failure(["freeze", "part", *options], capsys)
    assert code == 2
    assert "not trained yet: digits linear seed 0;" in line
    assert "train them with `python -m replication train --" in line
    assert not store.RESULTS.exists()


def test_a_seed_given_twice_is_frozen_once(capsys):
    options = [*QUICK, "--seed", "0", "0"]
    assert main(["train", *options]) == 0
    assert main(["freeze", "twice", *options]) == 0
    (run,) = store.load_campaign(store.RESULTS / "twice")
    assert len(run.history) == 2  # one epoch, train and test


def test_a_diverged_run_does_not_stop_the_others(capsys):
    options = [*SMALL, "--seed", "0", "1", "--head", "binary", "--gamma", str(DIVERGING_GAMMA)]
    assert main(["train", *options]) == 0
    out = capsys.readouterr().out
    assert out.count("is not finite in epoch 0\n") == 2
    assert main(["freeze", "lost", *options]) == 0


def test_the_threads_asked_are_used(monkeypatch):
    import torch

    asked = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    assert main(["train", *QUICK, "--threads", "3", "--device", "cpu"]) == 0
    assert asked == [3]


def test_a_full_disk_is_one_line_and_exit_code_1(capsys, monkeypatch):
    def full(*arguments, **arrays):
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(SystemExit) as stopped:
        main(["train", *QUICK])
    assert stopped.value.code == 1
    assert capsys.readouterr().err.splitlines()[-1] == "error: disk full"


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


def test_a_device_that_is_not_there_is_told_even_where_nothing_is_to_train(capsys):
    assert main(["train", *QUICK]) == 0
    capsys.readouterr()
    code, line = failure(["train", *QUICK, "--device", "tpu"], capsys)
    assert code == 2
    assert "device is 'tpu'; allowed here: auto, " in line


def test_an_interrupted_command_says_what_is_kept(capsys, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "train", interrupted)
    with pytest.raises(SystemExit) as stopped:
        main(["train", *QUICK])
    assert stopped.value.code == 130
    assert capsys.readouterr().err.strip().splitlines()[-1] == (
        "interrupted: finished runs are kept, and the same command goes on with the others "
        "from their last logged epoch"
    )


def test_a_long_error_of_pytorch_is_cut_to_its_first_line(capsys, monkeypatch):
    def out_of_memory(*arguments, **options):
        raise RuntimeError("can't allocate memory\nException raised from alloc_cpu\n#1: 0x7f")

    monkeypatch.setattr(loop, "train", out_of_memory)
    with pytest.raises(SystemExit) as stopped:
        main(["train", *QUICK])
    assert stopped.value.code == 1
    assert capsys.readouterr().err.splitlines()[-1] == "error: can't allocate memory"


def test_an_error_of_the_data_files_is_told_whole(capsys, monkeypatch):
    def missing(name):
        raise DataError("no source has the files\n  - a\n  - b")

    monkeypatch.setattr(data, "fetch", missing)
    with pytest.raises(SystemExit) as stopped:
        main(["data", "mnist"])
    assert stopped.value.code == 1
    assert capsys.readouterr().err == "error: no source has the files\n  - a\n  - b\n"


def test_threads_that_changed_on_the_way_are_no_option(capsys):
    assert main(["train", *QUICK]) == 0
    (info,) = store.runs_folder().glob("*/info.json")
    info.write_text(re.sub(r'"threads": \d+', '"threads": "1; 2"', info.read_text()))
    assert main(["freeze", "moved", *QUICK]) == 0
    readme = (store.RESULTS / "moved" / "README.md").read_text(encoding="utf8")
    assert '"1; 2"' in info.read_text()
    assert "--threads" not in readme
