"""The command `campaign` in processes of its own, as a reader starts, interrupts and repeats it."""

import os
import re
import shlex
import shutil
import signal
from pathlib import Path

import pytest

from campaign_commands import (
    LONGER,
    QUICK,
    campaign_file,
    checkpoints,
    run,
    started,
    trained,
    wait_until,
)
from replication.campaigns import grids
from replication.runs import store, trainer
from small_runs import assert_same_bytes, use_folders

SEEDS = [0, 1, 2]
INTERRUPTED = (
    "\ninterrupted: finished runs are kept, and the same command goes on with the others "
    "from their last logged epoch\n"
)


@pytest.fixture
def longer(tmp_path):
    """The file of a campaign of three runs of a second or more."""
    return campaign_file(tmp_path / "longer.toml", LONGER | {"seed": SEEDS})


def ids(path: Path) -> list[str]:
    """Ids of the runs of a campaign, sorted."""
    return sorted(config.id for config in grids.read(str(path)).configs)


def assert_numbers_are_those_of_an_undisturbed_training(folder: Path, path: Path) -> None:
    """The runs of a command equal those that this process trains without a pause, to the bit."""
    for config in grids.read(str(path)).configs:
        with pytest.MonkeyPatch.context() as patch:
            use_folders(patch, folder)
            actual = store.find(config)
            use_folders(patch, folder / "undisturbed")
            assert_same_bytes(actual, trainer.get_or_train(config, "cpu", str))


def test_a_failed_run_is_listed_and_the_others_are_trained_then_frozen(tmp_path):
    """One run cannot be read, another needs more memory than there are addresses."""
    folder = tmp_path / "store"
    path = campaign_file(
        tmp_path / "some.toml", QUICK | {"seed": SEEDS}, QUICK | {"width": 10**12, "seed": 7}
    )
    good = campaign_file(tmp_path / "good.toml", QUICK | {"seed": SEEDS})
    configs = grids.read(str(path)).configs
    code, out, err = run(folder, "campaign", good, "--freeze")
    assert (code, err) == (1, "")
    assert out.splitlines()[-1] == "nothing to freeze: no seed of good has all of its runs"
    assert not (folder / "results").exists()
    damaged = folder / "runs" / configs[1].id
    damaged.mkdir(parents=True)
    code, out, err = run(folder, "campaign", path)
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert "some: 2 of 4 runs, hits: 0" in lines
    failed = [line for line in lines if line.startswith("failed: ")]
    assert failed[0] == (
        f"failed: digits none seed 1, width 16 ({configs[1].id}): the run {damaged} is damaged; "
        "delete it to train it again"
    )
    large = rf"digits none seed 7, width {10**12} \({configs[3].id}\)"
    assert re.fullmatch(rf"failed: {large}: \w+: .*", failed[1])
    assert "memory" in failed[1]
    assert len(failed) == 2
    assert not (folder / "results").exists()
    assert trained(folder) == sorted([configs[0].id, configs[2].id])

    # Two seeds of three are whole, and freezing trains nothing, nor does asking for the first.
    damaged.rmdir()
    code, out, err = run(folder, "campaign", good, "--seeds", 1)
    assert (code, err, out.splitlines()[-1]) == (0, "", "good: 1 of 1 runs, hits: 1")
    code, out, err = run(folder, "campaign", good, "--freeze")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"not frozen: good seed {SEEDS[1]}, 0 of 1 runs",
        "froze 2 runs into results/good",
    ]
    code, out, err = run(folder, "campaign", good)
    assert (code, err, out.splitlines()[-1]) == (0, "", "good: 3 of 3 runs, hits: 2")
    code, out, err = run(folder, "campaign", good, "--freeze")
    assert (code, out.splitlines()) == (0, ["froze 3 runs into results/good"])
    assert trained(folder) == ids(good)
    frozen = store.load_campaign(folder / "results" / "good")
    assert [run.config for run in frozen] == configs[:3]
    assert {run.info["threads"] for run in frozen} == {1}

    # The command in its README, typed again without the runs, finds them frozen.
    readme = (folder / "results" / "good" / "README.md").read_text(encoding="utf8")
    words = shlex.split(re.search(r"Command, .* \| `(.*)` \|", readme)[1])
    train, freeze = (words[: words.index("&&")], words[words.index("&&") + 1 :])
    assert train[:3] == freeze[:3] == ["python", "-m", "replication"]
    shutil.rmtree(folder / "runs")
    code, out, err = run(folder, *train[3:])
    assert (code, err) == (0, "")
    assert out.splitlines()[0] == "good: 3 of 3 runs, hits: 3"
    assert run(folder, *freeze[3:])[:2] == (0, "froze 3 runs into results/good\n")
    assert trained(folder) == ids(good)


@pytest.mark.full
def test_a_diverged_run_is_no_failure(tmp_path):
    folder = tmp_path / "store"
    grid = QUICK | {"head": "binary", "gamma": [1e39, 2e39]}
    path = campaign_file(tmp_path / "lost.toml", grid)
    code, out, err = run(folder, "campaign", path, "--processes", 1)
    assert (code, err) == (0, "")
    assert out.splitlines()[1:] == [
        "digits binary seed 0, gamma 2e+39: diverged in epoch 0 "
        "(done 2 (2 diverged) · running 0 · waiting 0 · failed 0)",
        "lost: 2 of 2 runs, hits: 0",
        "diverged in epoch 0: digits binary seed 0, gamma 1e+39",
        "diverged in epoch 0: digits binary seed 0, gamma 2e+39",
    ]
    code, out, err = run(folder, "campaign", path, "--freeze")
    assert (code, out.splitlines()[-1]) == (0, "froze 2 runs into results/lost")


@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])  # a person's, a batch system's
def test_an_interrupted_campaign_says_so_and_goes_on_with_the_same_numbers(
    tmp_path, one_thread, number
):
    folder = tmp_path / "store"
    longer = campaign_file(tmp_path / "longer.toml", LONGER | {"seed": [0, 1]})
    with started(folder, "campaign", longer, "--processes", 2) as command:
        wait_until(lambda: len(checkpoints(folder)) == 2, "two checkpoints")
        command.signal_group(number)
        code, out, err = command.end()
        assert (code, err) == (130, INTERRUPTED)
        assert out == ""
        wait_until(command.is_alone, "the end of its processes")
    assert len(checkpoints(folder)) == 2
    assert trained(folder) == []
    code, out, err = run(folder, "campaign", longer)
    assert (code, out.splitlines()[-1], err) == (0, "longer: 2 of 2 runs, hits: 0", "")
    assert trained(folder) == ids(longer)
    assert_numbers_are_those_of_an_undisturbed_training(folder, longer)


@pytest.mark.parametrize("early", [False, True], ids=["its processes begin", "it begins"])
@pytest.mark.full
def test_an_interrupted_start_says_nothing_but_that(tmp_path, longer, early):
    with started(tmp_path / "store", "campaign", longer) as command:
        if early:
            wait_until((tmp_path / "store" / "runs").exists, "the runs folder")
        else:
            wait_until(command.workers, "its processes")
        command.signal_group(signal.SIGINT)
        assert command.end() == (130, "", INTERRUPTED)
        wait_until(command.is_alone, "the end of its processes")


@pytest.mark.full
def test_two_campaigns_on_one_store_train_no_run_twice(tmp_path):
    """Though each begins with the runs that the other begins with."""
    folder = tmp_path / "store"
    path = campaign_file(tmp_path / "both.toml", LONGER | {"seed": [0, 1, 2, 3, 4], "epochs": 12})
    with (
        started(folder, "campaign", path, "--processes", 2) as one,
        started(folder, "campaign", path, "--processes", 2) as other,
    ):
        for command in (one, other):
            code, out, err = command.end()
            assert (code, err) == (0, "")
            assert re.fullmatch(r"both: 5 of 5 runs, hits: \d", out.splitlines()[-1])
    assert trained(folder) == ids(path)


@pytest.mark.full
def test_a_process_that_is_killed_takes_only_its_run_with_it(tmp_path, longer):
    folder = tmp_path / "store"
    with started(folder, "campaign", longer, "--processes", 2) as command:
        wait_until(lambda: len(checkpoints(folder)) == 2, "two checkpoints")
        os.kill(command.workers()[0], signal.SIGKILL)
        code, out, err = command.end()
    assert (code, err) == (1, "")
    (failed,) = [line for line in out.splitlines() if line.startswith("failed: ")]
    assert failed.endswith("): its process was killed (exit code -9)")
    assert "longer: 2 of 3 runs, hits: 0" in out.splitlines()
    (lost,) = checkpoints(folder)
    assert lost.name.split(".")[1] in failed
    code, out, err = run(folder, "campaign", longer)
    assert (code, out.splitlines()[-1], err) == (0, "longer: 3 of 3 runs, hits: 2", "")
    assert trained(folder) == ids(longer)
    assert checkpoints(folder) == []


@pytest.mark.full
def test_nothing_outlives_a_campaign_that_is_killed_and_its_locks_are_taken_over(tmp_path):
    folder = tmp_path / "store"
    path = campaign_file(tmp_path / "two.toml", LONGER | {"seed": [0, 1], "epochs": 100})
    with started(folder, "campaign", path, "--processes", 2) as command:
        wait_until(lambda: len(checkpoints(folder)) == 2, "two checkpoints")
        command.process.kill()
        command.process.wait()
        wait_until(command.is_alone, "the end of its processes")
    assert trained(folder) == []  # its processes did not even end their runs
    assert len(list((folder / "runs").glob(".*.lock"))) == 2
    code, out, err = run(folder, "campaign", path)
    assert (code, out.splitlines()[-1], err) == (0, "two: 2 of 2 runs, hits: 0", "")
    assert trained(folder) == ids(path)


@pytest.mark.full
def test_as_many_processes_as_asked(tmp_path, longer):
    with started(tmp_path / "store", "campaign", longer, "--processes", 1) as command:
        wait_until(lambda: checkpoints(tmp_path / "store"), "a checkpoint")
        assert len(command.workers()) == 1
        assert len(checkpoints(tmp_path / "store")) == 1
