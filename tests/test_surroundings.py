"""What a machine may have around the project: other users, encodings, paths, environments."""

import errno
import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import NoSuchKernel
from nbformat.v4 import new_code_cell, new_notebook

from binenc_book import build, executed
from binenc_book.execute import cause, own_kernel, run_notebook
from binenc_book.toc import notebooks
from campaign_commands import QUICK, campaign_file
from replication.__main__ import main
from replication.base import files, provenance
from replication.campaigns import grids, local
from replication.campaigns.get_runs import get_or_train_all
from replication.runs import checkpoints, store, trainer
from small_runs import failure, frozen, quick, use_folders


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


def failing(code: int):
    def fail(*arguments, **options):
        raise OSError(code, os.strerror(code))

    return fail


def test_where_files_cannot_be_locked_nothing_is_trained_and_the_reason_is_told(
    own_folders, monkeypatch, tmp_path
):
    monkeypatch.setattr("fcntl.flock", failing(errno.ENOTSUP))
    path = tmp_path / "runs" / f".{quick().id}.lock"
    with pytest.raises(OSError, match=f"^cannot lock {path}: Operation not .*BINENC_RUNS chooses"):
        trainer.get_or_train(quick(), "cpu", str)
    assert not trainer.is_busy(quick())
    assert store.find(quick()) is None


def test_what_processes_need_and_do_not_get_is_named(own_folders, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("multiprocessing.synchronize.SemLock.__init__", failing(errno.EROFS))
    path = campaign_file(tmp_path / "one.toml", QUICK | {"seed": [0]})
    code, line = failure(["campaign", str(path), "--device", "cpu"], capsys)
    assert code == 1
    assert line.startswith("error: processes side by side need shared memory: Read-only file")
    assert "/dev/shm" in line


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSYS, errno.ENOTSUP])
def test_files_are_kept_where_they_cannot_be_synchronized_or_linked(code, own_folders, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing(code))
    monkeypatch.setattr(os, "link", failing(code))
    run = trainer.get_or_train(quick(), "cpu", str)
    assert checkpoints.load(run.checkpoint_path).epochs == 1


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_a_file_that_did_not_reach_the_disk_takes_no_place(code, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("before")
    monkeypatch.setattr(os, "fsync", failing(code))
    told = f"{os.strerror(code)}: .{tmp_path / 'file'}.$"
    with pytest.raises(OSError, match=told), files.whole_file(tmp_path / "file") as draft:
        draft.write_text("after")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "before")]


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


@pytest.mark.parametrize("words", [["data", "digits"], ["verdicts"], ["verdicts", "--csv"]])
@pytest.mark.sampled
def test_a_reader_who_leaves_ends_a_command_without_a_word(words):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "replication", *words]
    done = subprocess.run(command, cwd=provenance.ROOT, stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, b"")


def test_a_line_is_in_a_file_at_once():
    code = "import os; from replication.base import console; console.prepare(); print('said'); "
    command = [sys.executable, "-c", f"{code} os._exit(0)"]
    done = subprocess.run(command, cwd=provenance.ROOT, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("said\n", "")


def test_closed_streams_are_nowhere_and_no_file_takes_their_place():
    code = "import os; from replication.base import console; console.prepare(); print('lost'); "
    code += "os._exit(open('/dev/zero').fileno())"
    script = f'exec "$0" -c "{code}" <&- >&- 2>&-'
    done = subprocess.run(["sh", "-c", script, sys.executable], cwd=provenance.ROOT)
    assert done.returncode >= 3


def test_the_home_of_nobody_is_told_with_its_variable(monkeypatch, capsys):
    monkeypatch.setenv("BINENC_RUNS", "~no such person/runs")
    said = "error: BINENC_RUNS is '~no such person/runs': there is no such home folder\n"
    assert failure(["train", "--dataset", "digits", "--width", "9"], capsys) == (1, said)


@pytest.mark.parametrize("words", [["train", "--dataset", "digits"], ["campaign", "digits"]])
def test_a_runs_folder_that_is_a_file_is_named_with_its_variable(
    words, own_folders, tmp_path, capsys
):
    (tmp_path / "runs").write_text("")
    code, line = failure(words, capsys)
    assert code == 1
    assert line.startswith(f"error: cannot write {tmp_path / 'runs'}: ")
    assert line.endswith("; BINENC_RUNS chooses another\n")


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
    assert said and all(line.startswith("left out: the frozen campaign ") for line in said)
    assert all("/broken is damaged: " in line for line in said)


def test_paths_that_are_no_text_are_read_and_told(monkeypatch, tmp_path, capsys):
    """A folder that was named on a system with another encoding."""
    project = Path(os.fsdecode(os.fsencode(tmp_path) + b"/proj\xe9"))
    project.mkdir()
    use_folders(monkeypatch, project)
    monkeypatch.setattr(provenance, "ROOT", project)
    git(project, "init", "-q")
    git(project, "commit", "-q", "--allow-empty", "-m", "ours")
    assert provenance.commit() != "unknown"
    path = campaign_file(project / "one.toml", QUICK | {"seed": [0]})
    trainer.get_or_train(grids.read(str(path)).configs[0], "cpu", str)
    assert main(["campaign", str(path), "--freeze"]) == 0
    assert "proj?" in (store.RESULTS / "one" / "README.md").read_text("utf8")


@pytest.mark.parametrize("length", [1, 85, 140])
def test_kernels_have_sockets_whatever_the_temporary_folder_is(length, monkeypatch, tmp_path):
    long = tmp_path / ("t" * length)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    with own_kernel() as config:
        # The kernel's ports are numbers behind a hyphen.
        assert len(os.fsencode(config.KernelManager["ip"])) + len("-5") < 107


@pytest.fixture
def other_python3(monkeypatch, tmp_path):
    """Another kernel called python3, which Jupyter finds first."""
    other = tmp_path / "kernels" / "python3"
    other.mkdir(parents=True)
    spec = {"argv": ["/elsewhere/python"], "display_name": "Other", "language": "python"}
    (other / "kernel.json").write_text(json.dumps(spec))
    before = filter(None, [os.environ.get("JUPYTER_PATH")])
    monkeypatch.setenv("JUPYTER_PATH", os.pathsep.join([str(tmp_path), *before]))


def test_papermill_runs_a_notebook_in_its_own_python(other_python3, tmp_path):
    kernel = nbformat.read(provenance.ROOT / "book" / "index.ipynb", 4).metadata.kernelspec
    source, output = tmp_path / "in.ipynb", tmp_path / "out.ipynb"
    cells = [new_code_cell("import sys; sys.executable")]
    nbformat.write(new_notebook(cells=cells, metadata={"kernelspec": kernel}), source)
    command = [sys.executable, "-m", "papermill", source, output]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (shown,) = nbformat.read(output, 4).cells[0].outputs
    assert shown.data["text/plain"] == repr(sys.executable)


def test_every_notebook_asks_for_the_kernel_that_is_installed_with_the_project():
    folder = provenance.ROOT / "book"
    project = tomllib.loads((folder / "kernel" / "pyproject.toml").read_text("utf8"))
    ((place, files),) = project["tool"]["setuptools"]["data-files"].items()
    pages = [
        nbformat.read(provenance.ROOT / f"{page}.ipynb", 4) for page in notebooks(folder.parent)
    ]
    assert {f"share/jupyter/kernels/{page.metadata.kernelspec.name}" for page in pages} == {place}
    spec = json.loads((folder / "kernel" / files[0]).read_text("utf8"))
    # IPython's own, with a word for which Jupyter takes the Python that starts the kernel.
    usual = get_kernel_dict()
    assert spec == usual | {"argv": ["python", *usual["argv"][1:]], "display_name": "binenc"}


def test_a_book_that_cannot_be_written_is_told_in_one_line(monkeypatch, tmp_path, capsys):
    def denied(root, given):
        raise OSError(errno.EROFS, "Read-only file system", "_build")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(build, "execute", denied)
    assert build.main([]) == 1
    assert capsys.readouterr().err == "book: [Errno 30] Read-only file system: '_build'\n"


def test_nobodys_profile_of_ipython_changes_the_book(monkeypatch, tmp_path):
    profile = tmp_path / "theirs" / "profile_default"
    profile.mkdir(parents=True)
    text = 'get_config().InteractiveShell.ast_node_interactivity = "all"'
    (profile / "ipython_kernel_config.py").write_text(text)
    monkeypatch.setattr(os, "environ", os.environ | {"IPYTHONDIR": str(tmp_path / "theirs")})
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    page = new_notebook(cells=[new_code_cell("1\n2")], metadata={"kernelspec": kernel})
    nbformat.write(page, tmp_path / "page.ipynb")
    assert run_notebook(tmp_path, "page", {}, "stamp").error == ""
    (shown,) = nbformat.read(executed.copy_of(tmp_path, "page"), 4).cells[0].outputs
    assert shown.data["text/plain"] == "2"


def test_a_kernel_that_is_not_installed_is_told_in_one_line():
    said = cause(NoSuchKernel("binenc"))
    assert said == "needs the kernel binenc: pip install -r requirements-book.txt brings it"


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
