"""The cluster executor: on a real SLURM of one node, where one can be started."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import slurm_node
from binenc_core.config import RunConfig
from campaign_commands import QUICK, campaign_file, wait_until
from replication.__main__ import main
from replication.base import provenance
from replication.campaigns import cluster
from replication.campaigns.cluster import SlurmExecutor
from replication.runs import store, trainer
from replication.runs.trainer import get_or_train
from small_runs import assert_same_bytes, assert_same_history, quick, small


@pytest.fixture(scope="module")
def slurm_conf():
    """A cluster for the tests of this file."""
    if reason := slurm_node.why_not():
        pytest.skip(reason)
    with slurm_node.one_node() as conf:
        yield conf


@pytest.fixture
def executor(slurm_conf, own_folders, monkeypatch, tmp_path):
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


@pytest.mark.full
def test_campaign_on_the_cluster(executor, one_thread, monkeypatch, tmp_path, capsys):
    campaign_file(tmp_path / "two.toml", QUICK | {"head": ["binary", "none"], "epochs": 3})
    words = ["campaign", "two.toml", "--executor", "slurm", "--device", "cpu"]
    assert main([*words, "--minutes", "5", "--width", "2"]) == 0
    assert main(["campaign", "two.toml", "--freeze"]) == 0
    out = capsys.readouterr().out
    assert "two: 2 of 2 runs, hits: 0" in out
    assert main(words) == 0
    assert "two: 2 of 2 runs, hits: 2" in capsys.readouterr().out
    frozen = store.load_campaign(store.RESULTS / "two")
    monkeypatch.setenv("BINENC_RUNS", str(tmp_path / "here"))
    for run in frozen:
        assert_same_history(run.history, get_or_train(run.config, "cpu", str, frozen={}).history)


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
def test_requeued_run_ends_as_if_it_had_been_left_alone(
    executor, one_thread, monkeypatch, tmp_path
):
    config = small(epochs=300, log_every=20)
    (job,) = executor().submit([config])
    wait_until(lambda: trainer.checkpoint_of(config).exists(), "checkpoint")
    subprocess.run(["scancel", "--signal=USR2", job.id], check=True)  # as before the time limit
    wait_until(lambda: queue() == {job.id: "PD"}, "requeued job")
    assert not job.done()
    assert store.find(config) is None
    wait_for([job])
    said = (tmp_path / "slurm" / f"{job.id}_0_log.out").read_text()
    assert re.search(r"miss: training digits binary seed 0 \(\w+\) from epoch \d+, about ", said)
    assert job.failure() is None
    run = store.find(config)
    monkeypatch.setenv("BINENC_RUNS", str(tmp_path / "here"))
    assert_same_bytes(run, get_or_train(config, "cpu", str))


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
    wait_until(lambda: trainer.is_busy(endless(1)), "training")
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


@pytest.mark.parametrize(
    ("absent", "message"),
    [
        ("submitit", r"submitit: pip install -r requirements-slurm\.txt$"),
        ("SLURM", r"no sbatch, srun, .* here: .*requirements-slurm\.txt$"),
    ],
)
def test_what_is_not_installed_is_told_in_one_line(monkeypatch, tmp_path, absent, message):
    if absent == "submitit":
        monkeypatch.setitem(sys.modules, "submitit", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match=message):
        SlurmExecutor("name", tmp_path / "slurm")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "value", "minimum"),
    [("threads", 0, 1), ("gpus", -1, 0), ("minutes", 4, 5)],
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
