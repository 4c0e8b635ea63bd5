"""A campaign that is killed again and again ends as one that was left alone."""

import csv
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from campaign_commands import campaign_file, checkpoints, run, started, trained

KILLS, EARLY = 10, 4
SOONER = 0.7
# Trainings of one to three seconds each, of a head with mixtures among the records and of one
# without γ.
GRID = {
    "dataset": "digits",
    "head": ["binary", "linear"],
    "seed": [0, 1, 2],
    "width": 32,
    "latent_dim": 3,
    "epochs": 40,
    "log_every": 5,
}


def arguments(path: Path) -> tuple:
    return ("campaign", path, "--processes", 2)


def frozen_files(path: Path, folder: Path) -> dict[str, bytes]:
    """What freezing the campaign gives, by name, without durations: `seconds` and the row Time.

    A kill may leave a draft, a hidden folder that no reader looks into.
    """
    assert run(folder, "campaign", path, "--freeze")[0] == 0
    root = folder / "results"
    paths = [own for own in (root / "killed").rglob("*") if own.is_file()]
    files = {own.relative_to(root).as_posix(): own.read_bytes() for own in paths}
    rows = list(csv.reader(files["killed/runs.csv"].decode("utf8").splitlines()))
    column = rows[0].index("seconds")
    for row in rows[1:]:
        assert float(row[column]) > 0
        row[column] = ""
    files["killed/runs.csv"] = repr(rows).encode()
    readme, times = re.subn(rb"\| Time \| .* \|", b"", files["killed/README.md"])
    assert times == 1
    files["killed/README.md"] = readme
    return files


def undisturbed(path: Path, folder: Path) -> tuple[float, float]:
    """Run the campaign once: seconds until its first checkpoint, and in all."""
    begun = time.monotonic()
    with started(folder, *arguments(path)) as command:
        while not checkpoints(folder) and command.process.poll() is None:
            time.sleep(0.01)
        first = time.monotonic() - begun
        assert command.end()[0] == 0
    return first, time.monotonic() - begun


def moments(first: float, total: float) -> list[float]:
    """Seconds after which to kill: four in the start, six that together train about once."""
    rng = random.Random(0)
    early = [rng.uniform(0, first) for _ in range(EARLY)]
    later = [
        first + rng.uniform(0, 2 * (total - first) / (KILLS - EARLY)) for _ in range(KILLS - EARLY)
    ]
    drawn = early + later
    rng.shuffle(drawn)
    return drawn


def killed_after(path: Path, folder: Path, seconds: float) -> bool:
    """Start the campaign and kill all its processes; whether it had not ended before."""
    with started(folder, *arguments(path)) as command:
        try:
            command.process.wait(seconds)
        except subprocess.TimeoutExpired:
            command.signal_group(signal.SIGKILL)
            return True
        assert command.end()[0] == 0
        return False


@pytest.mark.full
def test_a_campaign_killed_ten_times_freezes_the_same_bytes(tmp_path):
    path = campaign_file(tmp_path / "killed.toml", GRID)
    alone = tmp_path / "alone"
    drawn = moments(*undisturbed(path, alone))  # taken from the end
    expected = frozen_files(path, alone)
    assert len(expected) == 6 + 3
    assert len(trained(alone)) == 6

    store, unfinished = 0, []
    while drawn:
        folder = tmp_path / f"store{store}"
        if killed_after(path, folder, drawn[-1]):
            drawn.pop()
            unfinished.append(len(checkpoints(folder)))
        else:  # faster than it was alone: the other kills are for another, and earlier
            assert frozen_files(path, folder) == expected
            store += 1
            drawn[-1] *= SOONER
    assert max(unfinished) > 0
    folder = tmp_path / f"store{store}"
    code, _, err = run(folder, *arguments(path))
    assert (code, err) == (0, "")
    assert frozen_files(path, folder) == expected
