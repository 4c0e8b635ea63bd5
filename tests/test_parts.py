import copy

import torch

from binenc_core.training import loop
from binenc_core.training.state import derived_seed, own_random_state
from small_runs import CPU, built, few_digits, small


def test_seeds_of_a_run_differ_by_purpose_and_stay():
    assert derived_seed(0, "backbone") == 66_048_037_389_079_993
    purposes = ("backbone", "head", "order", "dropout", "augmentation")
    seeds = {derived_seed(seed, purpose) for seed in range(50) for purpose in purposes}
    assert len(seeds) == 250
    assert all(0 <= seed < 2**63 for seed in seeds)


def trained(config):
    """What one epoch makes of a fresh network."""
    parts = built(config)
    loop.train_epoch(parts, few_digits(), config, 0)
    return parts


def test_a_restored_state_goes_on_to_the_bit():
    """Of a network that normalizes batches too: `get_or_train` is asked for the others'."""
    own = {"backbone": "resnet18", "precision": "bf16", "penalty": "mean_square"}
    config = small(augmentation="crop_flip", **own)
    with own_random_state(CPU):
        parts = trained(config)
        state = copy.deepcopy(parts.tensors())
        loop.train_epoch(parts, few_digits(), config, 1)
        expected = copy.deepcopy(parts.tensors())
        other = built(config.change(seed=5))
        other.restore(state)
        loop.train_epoch(other, few_digits(), config, 1)
        found = other.tensors()
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        assert torch.equal(found[name], tensor), name
        assert not name.startswith("model.") or not torch.equal(state[name], tensor), name


def test_restored_moments_lie_in_memory_as_the_weights():
    config = small(backbone="cnn", width=8)
    state = {name: tensor.contiguous() for name, tensor in trained(config).tensors().items()}
    other = built(config)
    other.restore(state)
    for parameter in other.model.parameters():
        assert parameter.dim() < 4 or parameter.is_contiguous(memory_format=torch.channels_last)
        moments = other.optimizers.state_of(parameter)
        assert moments["exp_avg"].stride() == parameter.stride()
        assert moments["exp_avg_sq"].stride() == parameter.stride()
