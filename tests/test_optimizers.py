"""An optimizer for each part: its steps, and what of them knows the axes."""

import copy

import numpy as np
import pytest
import torch
from torch.nn import Parameter

from binenc_core.config import OPTIMIZERS as NAMES
from binenc_core.dataset import validation_split
from binenc_core.training import loop
from binenc_core.training.optimizers import OPTIMIZERS, sum_of_rates
from small_runs import CPU, assert_same_arrays, built, few_digits, small

LR, EPS, STEPS = 0.01, 1e-8, 6
SHAPE = (4, 6)
AXES = ("adam", "adam_no_momentum", "adam_short_memory", "rmsprop", "adagrad", "signsgd", "lion")
NO_AXES = ("adam_averaged", "sgd", "sgd_normalized", "muon")


def gradients(shape=SHAPE) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape, generator=generator) for _ in range(STEPS)]


def stepped(name: str, start: torch.Tensor, each: list[torch.Tensor]) -> torch.Tensor:
    """What so many steps with these gradients make of a weight."""
    weight = Parameter(start.clone())
    optimizer = OPTIMIZERS[name]([weight], LR, EPS)
    for gradient in each:
        weight.grad = gradient.clone()
        optimizer.step()
    return weight.detach()


def by_hand(name: str, start: np.ndarray, each: list[np.ndarray]) -> np.ndarray:
    """The published updates in numpy."""
    w, m, v = start.copy(), np.zeros_like(start), 0.0
    for t, g in enumerate(each, start=1):
        if name in ("signsgd", "sgd_normalized"):
            m = 0.9 * m + 0.1 * g
            step = np.sign(m) if name == "signsgd" else m / np.sqrt((m**2).mean())
        elif name == "lion":
            step = np.sign(0.9 * m + 0.1 * g)
            m = 0.99 * m + 0.01 * g
        elif name == "sgd":
            m = 0.9 * m + g
            step = m
        else:
            first = {"adam_no_momentum": 0.0}.get(name, 0.9)
            second = {"adam_short_memory": 0.9}.get(name, 0.999)
            square = g**2 if name != "adam_averaged" else (g**2).mean(axis=1, keepdims=True)
            m, v = first * m + (1 - first) * g, second * v + (1 - second) * square
            step = m / (1 - first**t) / (np.sqrt(v / (1 - second**t)) + EPS)
            step = step + (0.1 * w if name == "adam_decay" else 0)
        w = w - LR * step
    return w


@pytest.mark.parametrize(
    "name",
    [
        *("adam", "adam_no_momentum", "adam_short_memory", "adam_decay", "adam_averaged"),
        *("signsgd", "lion", "sgd", "sgd_normalized"),
    ],
)
def test_steps_are_the_published_ones(name):
    start, each = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1)), gradients()
    expected = by_hand(name, start.double().numpy(), [g.double().numpy() for g in each])
    np.testing.assert_allclose(stepped(name, start, each), expected, rtol=1e-4, atol=1e-6)
    if name.startswith(("signsgd", "lion", "sgd")):
        assert torch.equal(stepped(name, start, [torch.zeros(SHAPE)] * 3), start)


@pytest.mark.parametrize("name", [*AXES, *NO_AXES])
def test_a_rotated_problem_has_the_rotated_steps_where_no_axis_is_special(name):
    rotation = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(2)))[0]
    start, each = torch.randn(SHAPE, generator=torch.Generator().manual_seed(1)), gradients()
    plain = stepped(name, start, each) @ rotation
    rotated = stepped(name, start @ rotation, [gradient @ rotation for gradient in each])
    # Muon orthogonalizes in bfloat16.
    away = float((plain - rotated).norm() / (plain - start @ rotation).norm())
    assert (away < 0.02) == (name in NO_AXES), away


def test_every_name_has_an_optimizer_but_frozen():
    assert {*OPTIMIZERS, "frozen"} == set(NAMES)


def run_epochs(config, epochs: int):
    parts = built(config)
    for epoch in range(epochs):
        loop.train_epoch(parts, few_digits(), config, epoch)
    return parts


def test_all_parts_share_one_fused_adam_unless_they_differ():
    (shared,) = built(small()).optimizers.members
    assert shared.defaults["fused"]
    assert sum(len(group["params"]) for group in shared.param_groups) == 10
    parts = built(small(classifier_optimizer="sgd", classifier_rate=3))
    assert [type(member).__name__ for member in parts.optimizers.members] == ["AdamW", "SGD"]
    parts.begin_epoch(small(learning_rate=0.5), 0)
    assert [m.param_groups[0]["lr"] for m in parts.optimizers.members] == [0.5, 1.5]


def test_muon_leaves_vectors_to_adam():
    parts = built(small(classifier_optimizer="muon"))
    kinds = {type(m).__name__: m.param_groups[0]["params"] for m in parts.optimizers.members}
    assert [p.dim() for p in kinds["Muon"]] == [2]


@pytest.mark.parametrize("part", ["backbone", "penultimate", "classifier"])
def test_a_frozen_part_stays_and_the_others_move(part):
    config = small(**{f"{part}_optimizer": "frozen"})
    before = built(config).model
    after = run_epochs(config, 1).model
    for name, weight in before.named_parameters():
        same = torch.equal(weight, after.get_parameter(name))
        assert same == name.startswith(part), name


def test_a_cap_shrinks_weights_and_never_lets_them_grow():
    def rms(config):
        weight = run_epochs(config, 3).model.classifier.weight.detach()
        return float(weight.square().mean().sqrt())

    free = rms(small(learning_rate=0.05))
    assert rms(small(learning_rate=0.05, classifier_rms_cap=free / 2)) <= free / 2 * (1 + 1e-6)
    assert rms(small(learning_rate=0.05, classifier_rms_cap=free * 9)) == pytest.approx(free)


@pytest.mark.parametrize("start", ["uniform", "gaussian", "signs"])
def test_all_starts_have_one_size(start):
    weight = built(small(latent_dim=300, classifier_start=start)).model.classifier.weight.detach()
    assert float(weight.square().mean()) == pytest.approx(1 / 900, rel=0.06)
    assert (start == "signs") == (len(weight.abs().unique()) == 1)


OTHERS = [
    {"switch_epoch": 2, "switch_optimizer": "sgd", "switch_rate": 10},
    {"classifier_optimizer": "signsgd", "backbone_optimizer": "sgd", "backbone_rate": 10},
    {"classifier_optimizer": "adam_averaged", "penultimate_optimizer": "rmsprop"},
    {"classifier_optimizer": "adagrad", "backbone_optimizer": "muon"},
]


@pytest.mark.parametrize("changes", OTHERS)
@pytest.mark.parametrize("epochs", [2, 1])  # at the switch, and across it
@pytest.mark.sampled
def test_a_training_goes_on_to_the_bit_also_across_a_switch(changes, epochs):
    config = small(epochs=4, **changes)
    kept = []
    whole = loop.train(
        config, CPU, few_digits(), on_checkpoint=lambda done: kept.append(copy.deepcopy(done))
    )
    again = loop.train(config, CPU, few_digits(), start=kept[epochs - 1])
    np.testing.assert_equal(again.records, whole.records)
    assert_same_arrays(again.arrays, whole.arrays)


def test_a_switch_changes_nothing_before_it_and_no_other_part():
    switch = {"switch_epoch": 2, "switch_optimizer": "signsgd"}
    plain, switched = (
        loop.train(small(epochs=4, **changes), CPU, few_digits()).records
        for changes in ({}, switch)
    )
    np.testing.assert_equal(plain[:4], switched[:4])
    assert plain[4]["loss"] != switched[4]["loss"]
    parts = run_epochs(small(epochs=4, **switch), 2)
    before = copy.deepcopy(parts.tensors())
    parts.begin_epoch(small(epochs=4, **switch), 2)
    after = parts.tensors()
    moments = {n for n in before if n.startswith(("optimizer.backbone", "optimizer.penultimate"))}
    assert len(moments) == 8 * 3
    assert all(torch.equal(before[name], after[name]) for name in moments)
    assert not any(name.startswith("optimizer.classifier") for name in after)


def test_the_sum_of_rates_follows_schedule_and_switch():
    config = small(
        halve_every=2, learning_rate=0.1, switch_epoch=3, switch_optimizer="sgd", switch_rate=10
    )
    expected = 7 * (0.1 + 0.1 + 0.05 + 0.5)
    assert sum_of_rates(config, 4, 7) == pytest.approx(expected)


def test_a_rotation_turns_the_code_and_its_measures():
    config = small(latent_dim=6, rotation="random", epochs=1)
    model = built(config).model.eval()
    torch.testing.assert_close(model.rotation @ model.rotation.T, torch.eye(6))
    images = few_digits().test_images
    with torch.no_grad():
        _, x = model(images)
        z = model.penultimate(model.backbone(images))
    torch.testing.assert_close(x, z @ model.rotation)
    (train, test) = loop.train(config, CPU, few_digits()).records
    assert train["vertex_excess_unrotated"] != train["vertex_excess"]
    assert "vertex_excess_unrotated" not in test
    assert 0 < train["weight_path_ratio"] <= 1 + 1e-6


def test_the_test_set_is_not_in_a_held_out_training():
    data = few_digits(200)
    split = validation_split(data, 0.2)
    assert (len(split.train_labels), len(split.test_labels)) == (160, 40)
    rows = torch.cat([split.train_images, split.test_images]).flatten(1)
    own = data.train_images.flatten(1)
    np.testing.assert_array_equal(np.unique(rows, axis=0), np.unique(own, axis=0))
    again = validation_split(data, 0.2)
    assert all(map(torch.equal, split, again))
    records = loop.train(small(held_out=0.2, epochs=1), CPU, data).records
    assert [record["split"] for record in records] == ["train", "validation"]
