import pytest
import torch

from binenc_core.training import loop
from binenc_core.training.state import build, derived_seed, own_random_state
from small_runs import few_digits, small

CPU = torch.device("cpu")


def test_seeds_of_a_run_differ_by_purpose_and_stay():
    assert derived_seed(0, "backbone") == 66_048_037_389_079_993
    purposes = ("backbone", "head", "order", "dropout", "augmentation")
    seeds = {derived_seed(seed, purpose) for seed in range(50) for purpose in purposes}
    assert len(seeds) == 250
    assert all(0 <= seed < 2**63 for seed in seeds)


def trained(config, epochs=1):
    parts = build(config, (1, 8, 8), 10, CPU)
    for epoch in range(epochs):
        loop.train_epoch(parts, few_digits(), config, epoch)
    return parts


def copied(state):
    return {name: tensor.clone() for name, tensor in state.items()}


def test_a_state_holds_weights_moments_and_random_states():
    parts = trained(small())
    names = set(parts.tensors())
    for name, _ in parts.model.named_parameters():
        assert f"model.{name}" in names
        for moment in ("exp_avg", "exp_avg_sq", "step"):
            assert f"optimizer.{name}.{moment}" in names
    assert {"random.shuffle", "random.cpu"} <= names


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"backbone": "cnn"},
        {"backbone": "resnet18", "precision": "bf16", "penalty": "mean_square"},
        {"augmentation": "crop_flip", "activation": "silu"},
    ],
)
@pytest.mark.sampled
def test_a_restored_state_goes_on_to_the_bit(changes):
    config = small(**{"width": 8, **changes})
    with own_random_state(CPU):
        parts = trained(config)
        state = copied(parts.tensors())
        loop.train_epoch(parts, few_digits(), config, 1)
        expected = copied(parts.tensors())
        other = build(config.change(seed=5), (1, 8, 8), 10, CPU)
        other.restore(state)
        loop.train_epoch(other, few_digits(), config, 1)
        found = other.tensors()
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name
        assert not name.startswith("model.") or not torch.equal(state[name], tensor), name


def test_a_state_holds_what_a_resnet_normalizes_by():
    parts = trained(small(backbone="resnet18"))
    state = parts.tensors()
    assert (state["model.backbone.bn1.running_mean"] != 0).any()
    assert state["model.backbone.bn1.num_batches_tracked"] == 3


def test_restored_moments_lie_in_memory_as_the_weights():
    config = small(backbone="cnn", width=8)
    parts = trained(config)
    state = {name: tensor.contiguous() for name, tensor in copied(parts.tensors()).items()}
    other = build(config, (1, 8, 8), 10, CPU)
    other.restore(state)
    for parameter in other.model.parameters():
        moments = other.optimizers.state_of(parameter)
        assert moments["exp_avg"].stride() == parameter.stride()
        assert moments["exp_avg_sq"].stride() == parameter.stride()
