import pytest
import torch

from replication.base.devices import resolve_device


@pytest.fixture
def machine(monkeypatch):
    """Makes a machine that has CUDA or MPS, or neither."""

    def pretend(cuda, mps):
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return pretend


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"),
    [
        (True, True, ["cuda", "mps", "cpu"]),
        (False, True, ["mps", "cpu"]),
        (False, False, ["cpu"]),
    ],
)
def test_auto_takes_cuda_then_mps_then_the_cpu(machine, cuda, mps, expected):
    machine(cuda, mps)
    assert resolve_device() == resolve_device("auto") == torch.device(expected[0])
    for name in expected:
        assert resolve_device(name) == torch.device(name)
    with pytest.raises(ValueError, match=f"; allowed: auto, {', '.join(expected)}$"):
        resolve_device("tpu")


@pytest.mark.parametrize("name", ["cuda", "tpu", ""])
def test_a_device_that_is_not_there_is_an_error_that_names_those_that_are(machine, name):
    machine(cuda=False, mps=True)
    with pytest.raises(ValueError, match=f"^device here is '{name}'; allowed: auto, mps, cpu$"):
        resolve_device(name)
