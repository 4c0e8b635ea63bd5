import os
import subprocess
import sys
from pathlib import Path

import pytest

from campaign_commands import wait_until
from replication.base.provenance import ROOT
from replication.runs import trainer
from small_runs import small

pytestmark = [pytest.mark.full, pytest.mark.usefixtures("own_root")]

LONG = {"epochs": 2000, "width": 64}  # none of these trainings ends by itself
# As much of a kernel as the process beside it knows: one that goes on until its input ends.
KERNEL = f"""
import sys

from replication.widgets.worker import Worker
from small_runs import small

worker = Worker()
worker.start(small(**{LONG}), "cpu")
sys.stdin.read()
"""


def _checkpoint() -> Path:
    return trainer.checkpoint_of(small(**LONG))


@pytest.fixture
def kernel():
    """A process whose own process has trained some epochs."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    process = subprocess.Popen(
        [sys.executable, "-c", KERNEL],
        env=os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
    )
    wait_until(_checkpoint().exists, "a checkpoint", 120)
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize("end", ["killed", "shut down"])
def test_no_process_outlives_its_kernel(kernel, end):
    children = Path(f"/proc/{kernel.pid}/task").glob("*/children")
    pids = [int(pid) for file in children for pid in file.read_text().split()]
    assert len(pids) >= 1
    if end == "killed":
        kernel.kill()
    else:
        kernel.stdin.close()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "their end")
    assert _checkpoint().exists()
