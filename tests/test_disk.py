"""A full disk, and a folder that cannot be written: told in a line, with nothing lost."""

import math
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from campaign_commands import QUICK, campaign_file, run
from replication.data.recipes import recipe
from replication.runs import store
from small_runs import kept_in, use_folders

# Its checkpoint of more than a megabyte holds the weights and both moments of each.
LARGE = QUICK | {"width": 256}
FULL = "No space left on device"


def words(settings: dict) -> list[str]:
    """The settings as options of `train`."""
    return [
        word
        for name, value in settings.items()
        for word in (f"--{name.replace('_', '-')}", str(value))
    ]


@pytest.fixture
def small_disk(tmp_path):
    """A folder for commands whose runs are kept on a disk of one megabyte."""
    disk = tmp_path / "store" / "runs"
    disk.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no small disk can be mounted here: {error}")
    yield tmp_path / "store"
    subprocess.run(["umount", disk], check=True)


def remount(folder: Path, options: str) -> None:
    mount = ["mount", "-o", f"remount,{options}", folder / "runs"]
    subprocess.run(mount, check=True, capture_output=True)


def assert_readable(folder: Path, settings: dict) -> None:
    with pytest.MonkeyPatch.context() as patch:
        use_folders(patch, folder)
        found = store.find(recipe(**settings))
        assert len(found.history) == 2
        assert found.arrays()["epochs"].tolist() == [0]


@pytest.mark.full
def test_a_full_disk_fails_the_runs_of_a_campaign_that_do_not_fit(small_disk, tmp_path):
    """Those before and after it are kept."""
    path = campaign_file(tmp_path / "some.toml", QUICK, LARGE, QUICK | {"seed": 1})
    code, out, err = run(small_disk, "campaign", path, "--processes", 1)
    assert (code, err) == (1, "")
    (failed,) = [line for line in out.splitlines() if line.startswith("failed: ")]
    large = f"digits none seed 0, width {LARGE['width']} ({recipe(**LARGE).id})"
    assert failed.startswith(f"failed: {large}: OSError: cannot")
    assert FULL in failed
    fitting = [QUICK, QUICK | {"seed": 1}]
    assert kept_in(small_disk / "runs") == sorted(recipe(**settings).id for settings in fitting)
    for settings in fitting:
        assert_readable(small_disk, settings)


@pytest.mark.full
def test_a_disk_that_is_full_when_a_run_ends_keeps_its_checkpoint(small_disk, tmp_path):
    """Two pages are left beside the checkpoint, for a run of four files of a page or more each."""
    settings = QUICK | {"seed": 1}
    config = recipe(**settings)
    for folder in (tmp_path / "roomy", small_disk):
        own = settings if folder.name == "roomy" else QUICK
        assert run(folder, "train", *words(own))[0] == 0
    page = os.sysconf("SC_PAGE_SIZE")
    checkpoint = (tmp_path / "roomy" / "runs" / config.id / store.CHECKPOINT).stat().st_size
    used = shutil.disk_usage(small_disk / "runs").used
    remount(small_disk, f"size={used + (math.ceil(checkpoint / page) + 2) * page}")
    code, _, err = run(small_disk, "train", *words(settings))
    assert code == 1
    assert FULL in err
    assert err.count("\n") == 1
    left = [f".{config.id}.checkpoint", recipe(**QUICK).id]
    assert kept_in(small_disk / "runs") == left
    remount(small_disk, "size=4m")
    code, out, err = run(small_disk, "train", *words(settings))
    assert (code, err) == (0, "")
    assert f"({config.id}) from epoch 1, about" in out
    assert_readable(small_disk, settings)
    assert_readable(small_disk, QUICK)
