"""Campaigns as a reader starts them: a TOML file, and the command in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from replication.base.provenance import ROOT

# The settings of small_runs.quick; in less than a tenth of a second.
QUICK = {
    "dataset": "digits",
    "head": "none",
    "width": 16,
    "latent_dim": 2,
    "epochs": 1,
    "log_every": 1,
}
# A second or more, with a checkpoint every tenth.
LONGER = QUICK | {"epochs": 80, "log_every": 4}

# Processes that a process spawns import its script too: all of them keep the frozen campaigns
# beside it and note there what they have trained.
SCRIPT = """
import sys
from pathlib import Path

from replication.runs import store
from replication.__main__ import main

folder = Path(__file__).parent
store.RESULTS = folder / "results"
keep = store.keep


def noted(config, *rest):
    with (folder / "trained.txt").open("a") as file:
        file.write(config.id + "\\n")
    return keep(config, *rest)


store.keep = noted

if __name__ == "__main__":
    sys.exit(main())
"""


def campaign_file(path: Path, *grids: dict) -> Path:
    """Write a campaign of some grids."""
    lines = ['about = "A test."']
    for grid in grids:
        # What JSON says of texts, numbers and lists, TOML says in the same way.
        lines += ["[[grid]]", *(f"{name} = {json.dumps(value)}" for name, value in grid.items())]
    path.write_text("\n".join(lines) + "\n", encoding="utf8")
    return path


class Command:
    """The command line, started with runs, results and trained.txt in a folder of its own.

    It leads a process group, as one that was typed in a terminal does.
    """

    def __init__(self, folder: Path, *arguments: object):
        folder.mkdir(exist_ok=True)
        script = folder / "binenc.py"
        script.write_text(SCRIPT, encoding="utf8")
        own = {
            "BINENC_RUNS": str(folder / "runs"),
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
        }
        environment = dict(os.environ)
        environment.pop("TQDM_DISABLE", None)  # a campaign hides the bars of its processes itself
        if arguments[0] == "train":
            own["TQDM_DISABLE"] = "1"
        self.process = subprocess.Popen(
            [sys.executable, script, *map(str, arguments)],
            cwd=folder,
            env=environment | own,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # A script that runs the tests in the background may have them ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def end(self, timeout: float = 120) -> tuple[int, str, str]:
        """Wait for the end: exit code, what was said, and the errors."""
        out, err = self.process.communicate(timeout=timeout)
        return self.process.returncode, out, err

    def signal_group(self, number: int) -> None:
        """What Ctrl-C does in a terminal: every process of the group gets the signal."""
        os.killpg(self.process.pid, number)

    def workers(self) -> list[int]:
        """Process ids of the processes that train."""
        return [pid for pid in children(self.process.pid) if "spawn_main" in _words(pid)]

    def is_alone(self) -> bool:
        """Whether no process of the group is left."""
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return True
        return False


@contextmanager
def started(folder: Path, *arguments: object) -> Iterator[Command]:
    """A command that runs beside the test, of which nothing is left behind."""
    command = Command(folder, *arguments)
    try:
        yield command
    finally:
        if not command.is_alone():
            command.signal_group(signal.SIGKILL)
        command.process.communicate()


def run(folder: Path, *arguments: object) -> tuple[int, str, str]:
    """Exit code, output and errors of a command that is waited for."""
    with started(folder, *arguments) as command:
        return command.end()


def wait_until(condition: Callable[[], object], what: str, seconds: float = 120) -> None:
    """Wait for a condition, or fail."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"waited in vain for: {what}"
        time.sleep(0.02)


def checkpoints(folder: Path) -> list[Path]:
    """The checkpoints of the runs in training."""
    return list((folder / "runs").glob(".*.checkpoint"))


def trained(folder: Path) -> list[str]:
    """Ids of the runs that a process trained to the end, sorted; each time counts."""
    path = folder / "trained.txt"
    return sorted(path.read_text(encoding="utf8").split()) if path.exists() else []


def children(parent: int) -> list[int]:
    """Process ids of the children of a process."""
    task = Path(f"/proc/{parent}/task")
    return [int(pid) for file in task.glob("*/children") for pid in file.read_text().split()]


def _words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf8")
    except FileNotFoundError:
        return ""
