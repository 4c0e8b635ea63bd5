import os
import subprocess
import sys
from pathlib import Path

import pytest

from campaign_commands import children, wait_until
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
if sys.stdin.readline():
    worker.stop()
    print("stopped", flush=True)
    sys.stdin.read()
"""
DEAF = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"


def _checkpoint() -> Path:
    return trainer.checkpoint_of(small(**LONG))


@pytest.fixture(params=["", DEAF], ids=["usual", "deaf to interrupts"])
def kernel(request):
    """A process whose own process has trained some epochs; a script may make it deaf to SIGINT."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    process = subprocess.Popen(
        [sys.executable, "-c", f"{request.param}\n{KERNEL}"],
        env=os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    wait_until(_checkpoint().exists, "a checkpoint", 120)
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


@pytest.mark.parametrize("end", ["killed", "shut down"])
def test_no_process_outlives_its_kernel(kernel, end):
    pids = children(kernel.pid)
    assert len(pids) >= 1
    if end == "killed":
        kernel.kill()
    else:
        kernel.stdin.close()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids), "their end")
    assert _checkpoint().exists()


def test_stop_ends_the_training_and_keeps_its_epochs(kernel):
    before = children(kernel.pid)
    kernel.stdin.write(b"stop\n")
    kernel.stdin.flush()
    assert kernel.stdout.readline() == b"stopped\n"
    assert len(children(kernel.pid)) < len(before)
    assert _checkpoint().exists()
