"""Campaigns on this machine: two processes against two threads, and the cost of finding runs.

Each campaign is the command itself, in a process of its own with a fresh folder of runs.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from replication.base.provenance import ROOT
from replication.campaigns import grids

ROUNDS = 2
RATIO_GOAL = 1.5
# Long enough that the start of a process is little of it.
TRAINED = {"dataset": "digits", "head": ["binary", "linear"], "seed": [0, 1]}
TRAINED |= {"width": 512, "epochs": 100}
HITS, HITS_GOAL = 200, 5  # runs, s
FOUND = {"dataset": "digits", "head": "binary", "width": 8, "latent_dim": 2, "epochs": 20}


def campaign_file(path: Path, grid: dict) -> Path:
    """Write the campaign of one grid."""
    # What JSON says of texts, numbers and lists, TOML says in the same way.
    lines = [f"{name} = {json.dumps(value)}" for name, value in grid.items()]
    path.write_text("\n".join(['about = "Timed."', "[[grid]]", *lines]), encoding="utf8")
    return path


def seconds(path: Path, runs: Path, *options: str) -> float:
    """Wall time of a campaign that keeps its runs in a folder."""
    quiet = {"BINENC_RUNS": str(runs), "TQDM_DISABLE": "1"}
    command = [sys.executable, "-m", "replication", "campaign", str(path), "--device", "cpu"]
    begun = time.perf_counter()
    done = subprocess.run(
        [*command, *options], cwd=ROOT, env=os.environ | quiet, capture_output=True, text=True
    )
    taken = time.perf_counter() - begun
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return taken


def side_by_side(folder: Path) -> None:
    """Print the times of a campaign with two processes and with two threads, and their ratio."""
    path = campaign_file(folder / "trained.toml", TRAINED)
    ways = {
        "1 process of 2 threads": ("--processes", "1", "--threads", "2"),
        "2 processes of 1 thread": ("--processes", "2", "--threads", "1"),
    }
    times: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(ROUNDS):
        for way, options in ways.items():
            times[way].append(seconds(path, folder / f"{number}{options[1]}", *options))
    threads, processes = (min(taken) for taken in times.values())
    count = len(grids.read(str(path)).configs)
    print(
        f"campaign of {count} digits runs: 1 process of 2 threads {threads:.1f} s, 2 processes of "
        f"1 thread {processes:.1f} s, ratio {threads / processes:.2f} "
        f"(goal: {RATIO_GOAL} or more)",
        flush=True,
    )


def all_hits(folder: Path) -> None:
    """Print the time of a campaign whose runs are all on disk."""
    first = campaign_file(folder / "first.toml", FOUND)
    every = campaign_file(folder / "every.toml", FOUND | {"seed": list(range(HITS))})
    runs = folder / "found"
    seconds(first, runs)
    copy_runs(runs, every)
    times = [seconds(every, runs) for _ in range(ROUNDS)]
    print(
        f"campaign of {HITS} runs that are all hits: {min(times):.1f} s (goal: under {HITS_GOAL} s)"
    )


def copy_runs(runs: Path, path: Path) -> None:
    """Put every run of a campaign on disk, as copies of its first."""
    first, *others = grids.read(str(path)).configs
    files = {file.name: file.read_bytes() for file in (runs / first.id).iterdir()}
    for config in others:
        folder = runs / config.id
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content)
        (folder / "config.json").write_text(json.dumps(config.as_dict()), encoding="utf8")


def main() -> None:
    """Print the times of both benchmarks: the best of rounds, taken in turns."""
    print(f"{os.cpu_count()} cores, best of {ROUNDS} rounds", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        side_by_side(Path(folder))
        all_hits(Path(folder))


if __name__ == "__main__":
    main()
