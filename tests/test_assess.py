import os
import re
import shutil
import signal
import sys
import time
from concurrent.futures import Future
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from campaign_commands import QUICK, campaign_file, run, started, wait_until
from replication.__main__ import main
from replication.campaigns import local
from replication.campaigns.assess import get_or_assess_all
from replication.runs import store
from replication.runs.trainer import get_or_train
from replication.studies import assessments
from replication.studies.catalog import STUDIES, StudyResult
from served_files import everything_in
from small_runs import DIVERGING_GAMMA, frozen, quick, small, state_of

pytestmark = pytest.mark.usefixtures("own_folders")


def here_and_now(executor, work, arguments) -> list[Future]:
    """What processes would do, in this one."""
    futures = [Future() for _ in arguments]
    for future, own in zip(futures, arguments, strict=True):
        try:
            future.set_result(work(*own))
        except Exception as error:
            future.set_exception(error)
    return futures


@pytest.fixture
def study(monkeypatch):
    """A robustness study that counts images and says so, in this process; its calls."""
    calls = []

    def found(model, data, config, images) -> StudyResult:
        calls.append((config.seed, images))
        if config.seed == 5:
            raise ValueError("the network is odd\nand more")
        number = images or len(data.test_labels)
        # The weights are the trained ones, not those of a fresh network.
        weight = float(model.classifier.weight.detach().sum())
        table = pd.DataFrame({name: [weight] for name in STUDIES["robustness"].columns})
        return StudyResult(number, table, {"severities": np.zeros((1, 1))})

    module = ModuleType("replication.studies.robustness")
    module.assess = found
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(local.LocalExecutor, "schedule", here_and_now)
    return calls


@pytest.mark.full
def test_networks_are_trained_and_assessed_once_in_the_order_asked(study):
    configs = [quick(seed=1), quick(seed=0), quick(seed=1)]
    said = []
    made = get_or_assess_all("robustness", configs, 7, "cpu", say=said.append)
    assert [a.config.seed for a in made] == [1, 0]
    assert sorted(study) == [(0, 7), (1, 7)]
    assert said[0] == "robustness of 2 networks, hits: 0, misses: 2"
    for one in made:  # of the trained weights, not those of a fresh network
        weight = state_of(get_or_train(one.config, "cpu", str))["model.classifier.weight"]
        assert one.table["smallest"][0] == pytest.approx(float(weight.sum()), rel=1e-6)
    again = get_or_assess_all("robustness", configs[::-1], 7, "cpu", say=said.append)
    assert [a.config.seed for a in again] == [1, 0]
    assert said[-1] == "robustness of 2 networks, hits: 2, misses: 0"
    assert len(study) == 2


def test_a_network_whose_frozen_run_has_no_weights_is_trained_again(study):
    (run,) = frozen("some", quick())
    run.checkpoint_path.unlink()
    with pytest.raises(RuntimeError, match="has no weights; delete it to have them trained again"):
        get_or_assess_all("robustness", [quick()], device="cpu", say=str)
    shutil.rmtree(run.arrays_path.parent)
    get_or_assess_all("robustness", [quick()], device="cpu", say=str)
    assert run.checkpoint_path.exists()


@pytest.mark.full
def test_failures_and_divergence_stop_no_other_and_are_told_in_one_line(study):
    diverged = small(gamma=DIVERGING_GAMMA)
    configs = [quick(seed=5), diverged, quick()]
    refused = r"diverged in epoch 0; allowed: networks whose training went through"
    told = refused + r"; .* seed 5: ValueError: the network is odd$"
    with pytest.raises(RuntimeError, match=told):
        get_or_assess_all("robustness", configs, device="cpu", say=str)
    assert [seed for seed, _ in study] == [5, 0]
    found = [assessments.find("robustness", config) is not None for config in configs]
    assert found == [False, False, True]
    with pytest.raises(RuntimeError, match=refused):
        get_or_assess_all("robustness", [diverged], device="cpu", say=str)


def test_a_wrong_number_of_images_is_told_before_anything_is_trained(tmp_path):
    with pytest.raises(ValueError, match="images is 361; allowed: a whole number from 1 to 360"):
        get_or_assess_all("robustness", [quick()], 361, "cpu", say=str)
    assert list(tmp_path.iterdir()) == []


def test_without_pytorch_what_is_missing_is_named(study, monkeypatch):
    made = get_or_assess_all("robustness", [quick()], device="cpu", say=str)
    monkeypatch.setitem(sys.modules, "torch", None)
    assert get_or_assess_all("robustness", [quick()], say=str)[0].images == made[0].images
    with pytest.raises(RuntimeError, match="robustness of 1 networks, the first of them digits"):
        get_or_assess_all("robustness", [quick(), quick(seed=1)], say=str)


@pytest.fixture
def grid(tmp_path):
    return str(campaign_file(tmp_path / "two.toml", QUICK | {"seed": [0, 1]}))


@pytest.mark.full
def test_the_command_assesses_and_freezes(study, grid, capsys):
    words = ["assess", "robustness", grid, "--images", "7", "--device", "cpu", "--freeze"]
    assert main(words) == 0
    assert (
        "froze the robustness of 2 networks into results/robustness/two" in capsys.readouterr().out
    )
    frozen = assessments.frozen_of("robustness")
    assert sorted(a.config.seed for a in frozen.values()) == [0, 1]
    folder = store.RESULTS / "robustness" / "two"
    readme = (folder / "README.md").read_text(encoding="utf8")
    assert f"assess robustness {grid} --images 7 --freeze" in readme

    # Where one of the networks fails, what was frozen stays.
    before = everything_in(folder)
    text = Path(grid).read_text(encoding="utf8")
    Path(grid).write_text(text.replace("[0, 1]", "[0, 5]"), encoding="utf8")
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 1
    assert "seed 5: ValueError: the network is odd" in capsys.readouterr().err
    assert everything_in(folder) == before


def test_the_command_takes_the_first_seeds(study, grid):
    assert main(["assess", "robustness", grid, "--seeds", "1", "--device", "cpu"]) == 0
    assert [seed for seed, _ in study] == [0]
    assert not store.RESULTS.exists()


# ---- Processes that are ended --------------------------------------------------------------------


@pytest.fixture
def assessing(tmp_path):
    """The command at work on several networks in two processes, and these."""
    settings = QUICK | {"width": 64, "epochs": 15, "log_every": 7, "seed": [0, 1, 2]}
    path = campaign_file(tmp_path / "some.toml", settings)
    assert run(tmp_path / "store", "campaign", path, "--device", "cpu")[0] == 0
    words = ["assess", "robustness", path, "--images", 60, "--device", "cpu", "--processes", 2]
    with started(tmp_path / "store", *words) as command:
        wait_until(lambda: len(command.workers()) == 2, "processes that assess")
        yield command


@pytest.mark.full
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_study_ends_at_once(assessing, number):
    assessing.process.send_signal(number)
    code, _, err = assessing.end(timeout=20)
    assert code == 130
    assert "interrupted: finished runs are kept" in err
    wait_until(assessing.is_alone, "the end of all processes")


@pytest.mark.full
def test_a_process_that_is_killed_takes_one_network_with_it(assessing):
    time.sleep(3)  # it has begun
    os.kill(assessing.workers()[0], signal.SIGKILL)
    code, out, err = assessing.end()
    assert code == 1
    assert re.fullmatch(
        r"error: digits none seed \d: its process was killed \(exit code -9\)\n", err
    )
    assert "(3 of 3)" in out
