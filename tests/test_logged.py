import subprocess
import sys

import pytest

from replication.base.provenance import ROOT
from replication.runs import checkpoints, logged
from replication.runs.store import CHECKPOINT
from replication.runs.trainer import get_or_train
from small_runs import assert_same_arrays, small

pytestmark = pytest.mark.usefixtures("own_root")


def test_it_reads_what_a_checkpoint_has_logged():
    path = get_or_train(small(), "cpu", str).arrays_path.with_name(CHECKPOINT)
    whole, found = checkpoints.load(path), logged.read(path)
    assert (found.epochs, found.records) == (2, whole.records)
    assert_same_arrays(found.arrays, whole.arrays)


@pytest.mark.parametrize("content", [None, b"", b"no checkpoint"])
def test_without_a_whole_checkpoint_there_is_nothing(tmp_path, content):
    path = tmp_path / "checkpoint"
    if content is not None:
        path.write_bytes(content)
    assert logged.read(path) is None


def test_it_reads_without_pytorch():
    code = "import sys, replication.runs.logged; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
