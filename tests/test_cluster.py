"""The cluster executor: on a real SLURM of one node, where one can be started."""

import os
import re
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

import slurm_node
from binenc_core.config import RunConfig
from replication.__main__ import main
from replication.base import provenance
from replication.campaigns import cluster
from replication.campaigns.cluster import SlurmExecutor
from replication.runs import store
from replication.runs.trainer import get_or_train
from small_runs import assert_same_arrays, assert_same_history, quick, small, use_folders

SECONDS = 120  # after which a wait is a failure


@pytest.fixture(autouse=True)
def folders(monkeypatch, tmp_path):
    use_folders(monkeypatch, tmp_path)


@pytest.fixture(scope="module")
def slurm_conf():
    """A cluster for the tests of this file."""
    if reason := slurm_node.why_not():
        pytest.skip(reason)
    with slurm_node.one_node() as conf:
        yield conf


@pytest.fixture
def executor(slurm_conf, monkeypatch, tmp_path):
    """Makes an executor on that cluster, whose jobs import this very code from another folder."""
    monkeypatch.setenv("SLURM_CONF", str(slurm_conf))
    monkeypatch.setenv("PYTHONPATH", str(provenance.ROOT), prepend=os.pathsep)
    monkeypatch.setattr(cluster, "POLL_SECONDS", 0.5)
    monkeypatch.chdir(tmp_path)
    made = []

    def make(**options) -> SlurmExecutor:
        made.append(SlurmExecutor("binenc-test", tmp_path / "slurm", device="cpu", **options))
        return made[-1]

    yield make
    for one in made:
        one.stop()
    wait_until(lambda: not queue(), "empty queue")


def wait_until(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"no {what} after {SECONDS} s"
        time.sleep(0.2)


def wait_for(jobs) -> None:
    wait_until(lambda: all(job.done() for job in jobs), "end of the jobs")


def queue() -> dict[str, str]:
    """SLURM's short state of each job in its queue: R runs, PD waits."""
    command = ["squeue", "--array", "--noheader", "--format=%i %t"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return dict(line.split() for line in done.stdout.splitlines())


def left(folder: Path, pattern: str) -> list[str]:
    return sorted(path.name for path in folder.glob(pattern))


def endless(seed: int) -> RunConfig:
    """A run that is still in training when its test ends."""
    return quick(epochs=1_000_000, log_every=1_000_000, seed=seed)


def has_checkpoint(config: RunConfig) -> bool:
    """Whether the training of a run has come to its first checkpoint."""
    return (store.runs_folder() / f".{config.id}.checkpoint").exists()


def trained_here(config: RunConfig, monkeypatch, folder: Path) -> store.Run:
    """The run as this process trains it, with one thread."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with monkeypatch.context() as patch:
            patch.setenv("BINENC_RUNS", str(folder))
            return get_or_train(config, "cpu", str)
    finally:
        torch.set_num_threads(threads)


CAMPAIGN = """
about = "Two small runs."
[[grid]]
dataset = "digits"
head = ["binary", "none"]
width = 16
latent_dim = 2
epochs = 3
log_every = 1
"""


@pytest.mark.full
def test_campaign_on_the_cluster(executor, monkeypatch, tmp_path, capsys):
    (tmp_path / "two.toml").write_text(CAMPAIGN, encoding="utf8")
    words = ["campaign", "two.toml", "--executor", "slurm", "--device", "cpu"]
    assert main([*words, "--minutes", "5", "--width", "2"]) == 0
    assert main(["campaign", "two.toml", "--freeze"]) == 0
    out = capsys.readouterr().out
    assert "two: 2 of 2 runs, hits: 0" in out
    for run in store.load_campaign(store.RESULTS / "two"):
        expected = trained_here(run.config, monkeypatch, tmp_path / "here")
        assert_same_history(run.history, expected.history)
    assert main(words) == 0
    assert "two: 2 of 2 runs, hits: 2" in capsys.readouterr().out


@pytest.mark.full
def test_array_of_runs_of_which_one_fails(executor, tmp_path):
    configs = [small("binary"), small("nonlinear"), small("none")]
    damaged = store.runs_folder() / configs[1].id
    damaged.mkdir(parents=True)
    jobs = executor().submit(configs)
    assert [job.id.partition("_")[2] for job in jobs] == ["0", "1", "2"]
    wait_for(jobs)
    assert [jobs[0].failure(), jobs[2].failure()] == [None, None]
    assert jobs[1].failure().startswith(f"RuntimeError: the run {damaged} is damaged")
    for config in (configs[0], configs[2]):
        info = store.find(config).info
        assert (info["device"], info["threads"]) == ("cpu", 1)
    # Of what submitit writes for each job, the logs of the failure are left.
    assert left(tmp_path / "slurm", "*.pkl") == []
    assert left(tmp_path / "slurm", "*.err") == [f"{jobs[1].id}_0_log.err"]


@pytest.mark.full
def test_requeued_run_ends_as_if_it_had_been_left_alone(executor, monkeypatch, tmp_path):
    config = small(epochs=300, log_every=20)
    (job,) = executor().submit([config])
    wait_until(lambda: has_checkpoint(config), "checkpoint")
    subprocess.run(["scancel", "--signal=USR2", job.id], check=True)  # as before the time limit
    wait_until(lambda: queue() == {job.id: "PD"}, "requeued job")
    assert not job.done()
    assert store.find(config) is None
    wait_for([job])
    said = (tmp_path / "slurm" / f"{job.id}_0_log.out").read_text()
    assert re.search(r"miss: training digits binary seed 0 \(\w+\) from epoch \d+, about ", said)
    assert job.failure() is None
    run, expected = store.find(config), trained_here(config, monkeypatch, tmp_path / "here")
    assert_same_history(run.history, expected.history)
    assert_same_arrays(run.arrays(), expected.arrays())


@pytest.mark.full
def test_jobs_requeued_by_others_go_on_and_jobs_canceled_have_failed(executor, tmp_path):
    def started(job) -> bool:
        return (tmp_path / "slurm" / f"{job.id}_0_log.err").exists()

    first, second, third = jobs = executor(width=1).submit([endless(seed) for seed in range(3)])
    wait_until(lambda: started(first), "running job")
    assert queue() == {first.id: "R", second.id: "PD", third.id: "PD"}
    subprocess.run(["scontrol", "requeue", first.id], check=True)  # as a pre-emption
    others = {first.id: "PD", second.id: "R", third.id: "PD"}
    wait_until(lambda: queue() == others and started(second), "running job")
    assert not any(job.done() for job in jobs)
    subprocess.run(["scancel", *(job.id for job in jobs)], check=True)
    wait_for(jobs)
    log = Path(second.failure().removeprefix("ended without a result; see "))
    assert "CANCELLED" in log.read_text()
    assert third.failure() == "left the queue before it started"


@pytest.mark.full
def test_stop_leaves_no_job(executor):
    stopped = executor()
    jobs = stopped.submit([endless(0), endless(1), endless(2)]) + stopped.submit([endless(3)])
    wait_until(lambda: "R" in queue().values(), "running job")
    stopped.stop()
    wait_until(lambda: not queue(), "empty queue")
    wait_for(jobs)
    assert all(job.failure() for job in jobs)
    stopped.stop()  # there is nothing left to stop


@pytest.mark.full
def test_refused_jobs(executor, capfd):
    refused = executor(partition="nowhere")
    with pytest.raises(RuntimeError, match=r"^SLURM refused the jobs: .*[Ii]nvalid partition.*$"):
        refused.submit([endless(0), endless(1)])
    assert refused.submit([]) == []
    refused.stop()
    assert capfd.readouterr() == ("", "")


def test_without_submitit(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "submitit", None)
    with pytest.raises(ValueError, match=r"submitit: pip install -r requirements-slurm\.txt$"):
        SlurmExecutor("name", tmp_path / "slurm")
    assert list(tmp_path.iterdir()) == []


def test_without_slurm(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match=r"no sbatch, srun, .* here: .*requirements-slurm\.txt$"):
        SlurmExecutor("name", tmp_path / "slurm")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "option, value, minimum",
    [("threads", 0, 1), ("gpus", -1, 0), ("minutes", 4, 5), ("width", 0, 1)],
)
def test_numbers_out_of_range(tmp_path, option, value, minimum):
    message = f"^{option} is {value}; allowed: a whole number ≥ {minimum}$"
    with pytest.raises(ValueError, match=message):
        SlurmExecutor("name", tmp_path, **{option: value})


@pytest.fixture
def answers(monkeypatch):
    """What squeue lists, answer by answer; None is a controller that does not answer."""
    lines = []

    def ask(*command):
        answer = lines.pop(0)
        if answer is None:
            raise RuntimeError("squeue failed: slurm_load_jobs error")
        return answer

    monkeypatch.setattr(cluster, "_ask", ask)
    monkeypatch.setattr(cluster, "POLL_SECONDS", 0)
    monkeypatch.setattr(cluster, "GRACE_POLLS", 2)
    return lines


@pytest.mark.parametrize(
    "given, lost",
    [
        (["7_0\n7_1\n", "7_0\n", ""], [False, False, False]),
        (["7_0\n", "7_1\n", "7_1\n"], [False, False, True]),
        (["7_1\n", "7_0\n", "7_1\n", "7_1\n"], [False, False, False, True]),
        (["7_1\n", None, None, "7_1\n"], [False, False, False, True]),
    ],
    ids=["listed", "gone", "late", "no answer"],
)
def test_job_is_lost_once_it_is_missing_from_two_answers(answers, given, lost):
    answers += given
    listed = cluster._Queue()
    listed.add("7_0")
    assert [listed.lost("7_0") for _ in given] == lost


def test_squeue_is_asked_once_for_all_jobs(answers, monkeypatch):
    monkeypatch.setattr(cluster, "POLL_SECONDS", 1000)
    listed = cluster._Queue()
    listed.add("7_0")
    monkeypatch.setattr(listed, "_asked", time.monotonic() - 1000)
    answers.append("7_0\n")
    for _ in range(3):
        assert not listed.lost("7_0")
    assert answers == []


def trace_of(raising: Callable[[], None]) -> str:
    try:
        raising()
    except Exception:
        return traceback.format_exc()


def test_line_of_an_exception():
    def plain():
        raise RuntimeError("CUDA error: out of memory\nCompile with something\n\nelse")

    def chained():
        try:
            plain()
        except RuntimeError as error:
            raise OSError(28, "No space left on device") from error

    line = cluster._exception_line
    assert line(trace_of(plain)) == "RuntimeError: CUDA error: out of memory"
    assert line(trace_of(chained)) == "OSError: [Errno 28] No space left on device"
