"""What a machine may have around the project: other users, encodings, paths, environments."""

import json
import os
import subprocess
import sys

import pytest
from filelock import FileLock
from jupyter_client.kernelspec import KernelSpecManager

from binenc_book.execute import own_sockets, set_environment
from campaign_commands import QUICK, campaign_file
from replication.__main__ import main
from replication.base import provenance
from replication.campaigns import local
from replication.campaigns.get_runs import get_or_train_all
from replication.runs import store, trainer
from small_runs import frozen, quick


@pytest.fixture
def group_umask():
    before = os.umask(0o002)
    yield
    os.umask(before)


def test_all_that_a_training_leaves_can_be_used_by_the_group(group_umask, own_folders, tmp_path):
    trainer.get_or_train(quick())
    made = [tmp_path / "runs", *(tmp_path / "runs").rglob("*")]
    assert any(path.suffix == ".lock" for path in made)
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in made}
    assert modes == {(False, 0o664), (True, 0o775)}


def test_a_lock_of_somebody_else_leaves_its_run_and_no_other(own_folders, monkeypatch, tmp_path):
    monkeypatch.setattr(local, "default_processes", lambda *_: 1)
    (tmp_path / "runs").mkdir()
    theirs, ours = quick(seed=0), quick(seed=1)
    path = tmp_path / "runs" / f".{theirs.id}.lock"
    path.touch()
    acquire = FileLock.acquire

    def denied(lock, *args, **kwargs):
        if lock.lock_file == str(path):
            raise PermissionError(13, "Permission denied")
        return acquire(lock, *args, **kwargs)

    monkeypatch.setattr(FileLock, "acquire", denied)
    told = f"is locked by somebody else: {path}: Permission denied$"
    with pytest.raises(RuntimeError, match=told):
        get_or_train_all([theirs, ours], "cpu", str)
    assert store.find(ours) is not None
    assert not trainer.is_busy(theirs)  # or a campaign would wait for it


@pytest.mark.parametrize("words", [["--help"], ["verdicts", "--group", "why"]])
@pytest.mark.sampled
def test_output_survives_an_encoding_without_its_signs(words):
    command = [sys.executable, "-m", "replication", *words]
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    done = subprocess.run(command, cwd=provenance.ROOT, env=environment, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode("ascii")


@pytest.mark.full
def test_no_control_codes_reach_a_file(own_folders, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("FORCE_COLOR", "1")
    path = campaign_file(tmp_path / "one.toml", QUICK | {"seed": [0]})
    assert main(["campaign", str(path), "--device", "cpu", "--processes", "1"]) == 0
    said = capsys.readouterr()
    assert "1 of 1 runs" in said.out
    assert "\x1b" not in said.out + said.err
    assert "FORCE_COLOR" not in os.environ


@pytest.mark.parametrize("words", [["train", "--dataset", "digits"], ["campaign", "digits"]])
def test_a_runs_folder_that_is_a_file_is_named_with_its_variable(
    words, own_folders, tmp_path, capsys
):
    (tmp_path / "runs").write_text("")
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: cannot write {tmp_path / 'runs'}: ")
    assert line.endswith("; BINENC_RUNS chooses another")


@pytest.mark.parametrize("damage", ["runs.csv", "history.csv"])
def test_a_damaged_campaign_is_named_and_the_others_are_there(
    damage, own_folders, monkeypatch, tmp_path, capsys
):
    frozen("broken", quick(seed=0))
    frozen("whole", quick(seed=1))
    (store.RESULTS / "broken" / damage).write_text("nothing\n1\n")
    monkeypatch.setenv("BINENC_RUNS", str(tmp_path / "empty"))
    capsys.readouterr()
    assert store.find(quick(seed=0)) is None
    assert store.find(quick(seed=1)).id == quick(seed=1).id
    assert store.campaign_of("broken") == []
    said = capsys.readouterr().err.splitlines()
    assert said and all(line.startswith("left out: ") and "broken" in line for line in said)


@pytest.mark.parametrize("length", [1, 85, 140])
def test_kernels_have_sockets_whatever_the_temporary_folder_is(length, monkeypatch, tmp_path):
    long = tmp_path / ("t" * length)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with own_sockets() as config:
        # The kernel's ports are numbers behind a hyphen.
        assert len(os.fsencode(config.KernelManager["ip"])) + len("-5") < 107


def test_the_notebooks_kernel_is_this_python_whatever_is_called_python3(monkeypatch, tmp_path):
    other = tmp_path / "kernels" / "python3"
    other.mkdir(parents=True)
    spec = {"argv": ["/elsewhere/python"], "display_name": "Other", "language": "python"}
    (other / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setattr(os, "environ", os.environ | {"JUPYTER_PATH": str(tmp_path)})
    set_environment()
    found = KernelSpecManager().get_kernel_spec("python3")
    assert "/elsewhere/python" not in found.argv
    assert found.resource_dir.startswith(sys.prefix)


def git(folder, *words) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=e@x"]
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def test_the_commit_is_never_that_of_a_repository_around_the_project(monkeypatch, tmp_path):
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "theirs")
    own = provenance.commit()
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))
    assert provenance.commit() == own
    (tmp_path / "project").mkdir()
    monkeypatch.setattr(provenance, "ROOT", tmp_path / "project")
    assert provenance.commit() == "unknown"
