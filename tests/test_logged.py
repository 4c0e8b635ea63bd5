import pytest

from replication.runs import checkpoints, logged
from replication.runs.trainer import get_or_train
from small_runs import assert_same_arrays, small

pytestmark = pytest.mark.usefixtures("own_root")


def test_it_reads_what_a_checkpoint_has_logged():
    path = get_or_train(small(), "cpu", str).checkpoint_path
    whole, found = checkpoints.load(path), logged.read(path)
    assert (found.epochs, found.records) == (2, whole.records)
    assert_same_arrays(found.arrays, whole.arrays)


@pytest.mark.parametrize("content", [None, b"no checkpoint"])
def test_without_a_whole_checkpoint_there_is_nothing(tmp_path, content):
    path = tmp_path / "checkpoint"
    if content is not None:
        path.write_bytes(content)
    assert logged.read(path) is None
