import copy
import hashlib
import math

import numpy as np
import pytest
import torch
from torch import nn

from binenc_core.config import HEADS
from binenc_core.metrics.names import LATEST
from binenc_core.training import loop
from binenc_core.training.state import build
from replication.runs import timing
from small_runs import DIVERGING_GAMMA, assert_same_arrays, few_digits, small

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits():
    return few_digits()


def observed(monkeypatch, look):
    """What `look(parts, images, labels)` gives before each step of the trainings that follow."""
    seen = []
    step = loop.step

    def watched(parts, images, labels, *rest):
        seen.append(look(parts, images, labels))
        return step(parts, images, labels, *rest)

    monkeypatch.setattr(loop, "step", watched)
    return seen


def test_batches_cover_the_set_once_an_epoch_in_an_order_that_changes(digits, monkeypatch):
    seen = observed(monkeypatch, lambda parts, images, labels: images)
    loop.train(small(), CPU, digits)
    assert [len(images) for images in seen] == [64, 64, 22, 64, 64, 22]

    def rows(images):
        return [row.numpy().tobytes() for row in images]

    first, second = (rows(torch.cat(part)) for part in (seen[:3], seen[3:]))
    assert sorted(first) == sorted(second) == sorted(rows(digits.train_images))
    assert first != second
    assert first != rows(digits.train_images)


def test_images_stay_with_their_labels(digits, monkeypatch):
    label_of = {
        image.numpy().tobytes(): int(label)
        for image, label in zip(digits.train_images, digits.train_labels, strict=True)
    }
    seen = observed(monkeypatch, lambda parts, images, labels: (images, labels))
    loop.train(small(epochs=1), CPU, digits)
    for images, labels in seen:
        assert [label_of[image.numpy().tobytes()] for image in images] == labels.tolist()


def test_all_heads_see_the_same_batches_and_the_same_dropout(digits, monkeypatch):
    batches = observed(monkeypatch, lambda parts, images, labels: images)
    dropout, states = nn.functional.dropout, []

    def watched(values, p, live, inplace):
        if live:
            state = hashlib.sha256(torch.get_rng_state().numpy().tobytes()).hexdigest()
            states.append((state, values.shape))
        return dropout(values, p, live, inplace)

    monkeypatch.setattr(nn.functional, "dropout", watched)
    for head in HEADS:
        loop.train(small(head), CPU, digits)
    loop.train(small(seed=1), CPU, digits)
    runs = [batches[start : start + 6] for start in range(0, 30, 6)]
    masks = [states[start : start + 12] for start in range(0, 60, 12)]
    assert len(batches) == 30
    assert len(states) == 60  # two layers in each of six steps
    for run, drawn in zip(runs[1:4], masks[1:4], strict=True):
        assert all(map(torch.equal, run, runs[0]))
        assert drawn == masks[0]
    assert not torch.equal(runs[4][0], runs[0][0])
    assert masks[4][0] != masks[0][0]


@pytest.mark.parametrize(
    ("asked", "expected"), [("every", [True] * 9), ("first", [True] * 3 + [False] * 6)]
)
def test_dropout_masks_are_seen_in_the_epochs_asked(digits, monkeypatch, asked, expected):
    """With a learning rate of 0, two passes of a batch differ where a mask is drawn."""

    def has_mask(parts, images, labels):
        with torch.no_grad():
            return not torch.equal(parts.model(images)[0], parts.model(images)[0])

    masks = observed(monkeypatch, has_mask)
    config = small(epochs=3, dropout_epochs=asked, learning_rate=0)
    loop.train(config, CPU, digits)  # evaluated after each epoch
    assert masks == expected


def test_batches_are_normalized_in_every_epoch_also_without_dropout(digits, monkeypatch):
    """As a network in evaluation mode would not: its running means would stay."""
    seen = observed(
        monkeypatch,
        lambda parts, images, labels: parts.model.backbone.bn1.num_batches_tracked.item(),
    )
    modes = observed(monkeypatch, lambda parts, images, labels: parts.model.training)
    config = small("none", backbone="resnet18", epochs=3, batch_size=75)
    loop.train(config, CPU, digits)
    assert seen == [0, 1, 2, 3, 4, 5]
    assert all(modes)


@pytest.mark.parametrize("live", [True, False])
def test_without_dropout_all_other_layers_are_in_training_mode(live):
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5), nn.BatchNorm1d(2)).eval()
    loop.set_mode(model, live)
    assert [layer.training for layer in model] == [True, live, True]
    assert model.training


def test_softmax_twice_keeps_the_loss_above_its_floor(digits):
    """The network fits all images, and its objective stays above ln(1 + 9/e)."""
    config = small("linear", epochs=60, width=64, latent_dim=16, batch_size=16, log_every=100)
    config = config.change(dropout=0, learning_rate=3e-3)
    twice = loop.train(config.change(softmax="twice"), CPU, digits).records[-2]
    once = loop.train(config, CPU, digits).records[-2]
    floor = math.log(1 + 9 / math.e)
    assert once["loss"] < 0.1
    assert floor < twice["loss"] < floor + 0.1
    assert twice["cross_entropy"] < floor


def test_gamma_grows_from_epoch_to_epoch(digits, monkeypatch):
    seen = []
    loss = loop.total_loss
    monkeypatch.setattr(loop, "total_loss", lambda *a: seen.append(a[3]) or loss(*a))
    config = small(
        gamma=0.01, gamma_growth=2, gamma_cap=0.03, epochs=3, batch_size=150, log_every=100
    )
    outcome = loop.train(config, CPU, digits)
    assert seen == [0.01, 0.02, 0.03]
    assert outcome.records[-1]["loss"] > outcome.records[-1]["cross_entropy"] + 0.03


def test_weight_decay_is_adamws(digits):
    """Decoupled: a step shrinks every weight by rate × decay, beside Adam's own step."""
    plain, decayed = (build(small(dropout=0, weight_decay=w), (1, 8, 8), 10, CPU) for w in (0, 0.1))
    before = plain.model.classifier.weight.detach().clone()
    for parts, config in ((plain, small(dropout=0)), (decayed, small(weight_decay=0.1, dropout=0))):
        loop.step(parts, digits.train_images, digits.train_labels, config, config.gamma)
    difference = plain.model.classifier.weight - decayed.model.classifier.weight
    torch.testing.assert_close(difference, 1e-3 * 0.1 * before, rtol=1e-2, atol=1e-7)


def test_without_weight_decay_the_optimizer_is_adam_to_the_bit(digits):
    adamw = build(small(), (1, 8, 8), 10, CPU)
    adam = build(small(), (1, 8, 8), 10, CPU)
    plain = torch.optim.Adam(adam.model.parameters(), lr=1e-3, fused=True)
    adam.optimizers.members[:] = [plain]
    plain.param_groups[0]["rate"] = 1.0
    for parts in (adamw, adam):
        torch.manual_seed(0)
        loop.train_epoch(parts, digits, small(), 0)
    pairs = zip(adamw.model.parameters(), adam.model.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


def test_a_step_waits_for_nothing(digits, monkeypatch):
    """The epoch's two sums are all that is read from the device."""
    reads = []
    item = torch.Tensor.item
    monkeypatch.setattr(torch.Tensor, "item", lambda self: reads.append(1) or item(self))
    for name in ("tolist", "numpy", "cpu", "__float__", "__int__", "__bool__"):
        monkeypatch.setattr(torch.Tensor, name, lambda self, *a, n=name: reads.append(n))
    parts = build(small(batch_size=10), (1, 8, 8), 10, CPU)
    loop.train_epoch(parts, digits, small(batch_size=10), 0)
    assert reads == [1, 1]


@pytest.mark.parametrize(("head", "gamma"), [("binary", 10), ("linear", 0), ("none", 0)])
def test_training_is_a_plain_loop_with_plain_adam(digits, head, gamma):
    config = small(head, dropout=0, width=32)
    parts = build(config, (1, 8, 8), 10, CPU)
    model = copy.deepcopy(parts.model)
    parts.shuffle.manual_seed(3)
    for epoch in range(2):
        loop.train_epoch(parts, digits, config, epoch)

    adam = torch.optim.Adam(model.parameters(), lr=1e-3, foreach=False, fused=False)
    before = [parameter.detach().clone() for parameter in model.parameters()]
    shuffle = torch.Generator().manual_seed(3)
    for _ in range(2):
        order = torch.randperm(150, generator=shuffle)
        for start in range(0, 150, 64):
            batch = order[start : start + 64]
            logits, x = model(digits.train_images[batch])
            targets = digits.train_labels[batch]
            loss = -logits.log_softmax(dim=1)[torch.arange(len(batch)), targets].mean()
            if gamma:
                loss = loss + gamma * x.square().exp().mean()
            adam.zero_grad()
            loss.backward()
            adam.step()
    for ours, theirs, start in zip(
        parts.model.parameters(), model.parameters(), before, strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)
        assert (theirs - start).abs().max() > 1e-3


def test_adams_first_step_is_the_learning_rate_times_the_sign_of_the_gradient(digits):
    config = small(dropout=0, learning_rate=0.01)
    parts = build(config, (1, 8, 8), 10, CPU)
    before = parts.model.classifier.bias.detach().clone()
    loop.step(parts, digits.train_images, digits.train_labels, config, config.gamma)
    gradient = parts.model.classifier.bias.grad
    change = parts.model.classifier.bias.detach() - before
    torch.testing.assert_close(change, -0.01 * gradient.sign(), rtol=1e-4, atol=1e-7)


def first_rate(parts, *_) -> float:
    return parts.optimizers.members[0].param_groups[0]["lr"]


def test_the_learning_rate_halves_after_every_20_epochs(digits, monkeypatch):
    rates = observed(monkeypatch, first_rate)
    loop.train(small(epochs=41, batch_size=150, log_every=100, width=4), CPU, digits)
    assert rates == [1e-3] * 20 + [5e-4] * 20 + [2.5e-4]


def test_the_learning_rate_halves_as_often_as_asked(digits, monkeypatch):
    rates = observed(monkeypatch, first_rate)
    config = small(epochs=5, halve_every=2, learning_rate=0.08, batch_size=150, log_every=100)
    loop.train(config, CPU, digits)
    assert rates == pytest.approx([0.08, 0.08, 0.04, 0.04, 0.02], rel=1e-12)


def test_means_of_an_epoch_count_every_image_once(digits):
    """With a learning rate of 0 the epoch's means are those of the whole set."""
    config = small(dropout=0, learning_rate=0, seed=4)
    parts = build(config, (1, 8, 8), 10, CPU)
    parts.shuffle.manual_seed(0)
    with torch.no_grad():
        parts.model.classifier.weight.mul_(30)  # so that batches differ
    sums = loop.train_epoch(parts, digits, config, 0)
    with torch.inference_mode():
        logits, x = parts.model(digits.train_images)
    losses = -logits.log_softmax(dim=1)[torch.arange(150), digits.train_labels]
    losses = losses + 10 * x.square().exp().mean(dim=1)
    hits = (logits.argmax(dim=1) == digits.train_labels).float()
    order = torch.randperm(150, generator=torch.Generator().manual_seed(0))
    batch_means = torch.stack([losses[batch].mean() for batch in order.split(64)])
    assert sums.loss == pytest.approx(losses.mean().item(), rel=1e-5)
    assert sums.accuracy == pytest.approx(hits.mean().item(), rel=1e-6)
    assert sums.loss != pytest.approx(batch_means.mean().item(), rel=1e-4)


def assert_same_outcome(one, other):
    np.testing.assert_equal(one.records, other.records)
    assert_same_arrays(one.arrays, other.arrays)
    assert one.diverged_epoch == other.diverged_epoch


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"backbone": "cnn"},
        {"precision": "bf16"},
        {
            "backbone": "resnet18",
            "penalty": "mean_square",
            "augmentation": "crop_flip",
            "epochs": 1,
        },
    ],
)
@pytest.mark.sampled
def test_a_training_gives_the_same_numbers_again(digits, changes):
    first = loop.train(small(**changes), CPU, digits)
    assert first.records
    torch.manual_seed(99)
    torch.rand(7)
    assert_same_outcome(loop.train(small(**changes), CPU, digits), first)


def test_another_seed_gives_other_numbers(digits):
    first, other = (loop.train(small(seed=seed), CPU, digits) for seed in (0, 1))
    losses = [[record["loss"] for record in outcome.records] for outcome in (first, other)]
    assert not set(losses[0]) & set(losses[1])


def test_without_gamma_the_binary_head_is_the_linear_one_to_the_bit(digits, monkeypatch):
    models = []

    def kept(*arguments):
        models.append(build(*arguments))
        return models[-1]

    monkeypatch.setattr(loop, "build", kept)
    binary = loop.train(small(gamma=0, epochs=4), CPU, digits)
    linear = loop.train(small("linear", epochs=4), CPU, digits)
    with_penalty = loop.train(small(epochs=4), CPU, digits)
    assert_same_outcome(binary, linear)
    states = [list(parts.model.parameters()) for parts in models]
    assert all(map(torch.equal, states[0], states[1]))
    assert not torch.equal(states[0][0], states[2][0])
    assert with_penalty.records != linear.records


def test_the_global_random_state_is_left_alone(digits):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    loop.train(small(), CPU, digits)
    assert torch.equal(torch.get_rng_state(), before)
    timing.estimated_seconds(small(), CPU)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("head", HEADS)
def test_records_and_arrays_are_of_the_logged_epochs(digits, head):
    outcome = loop.train(small(head, epochs=6, log_every=2), CPU, digits)
    rows = [(record["epoch"], record["split"]) for record in outcome.records]
    assert rows == [(epoch, split) for epoch in (0, 2, 4, 5) for split in ("train", "test")]
    assert outcome.arrays["epochs"].tolist() == [0, 2, 4, 5]
    stacked = {name: own for name, own in outcome.arrays.items() if name not in LATEST}
    assert {len(values) for values in stacked.values()} == {4}
    assert {len(outcome.arrays[name]) for name in LATEST} == {len(digits.test_labels)}
    if head != "none":
        assert outcome.arrays["class_means"].shape == (4, 10, 2)
    assert outcome.diverged_epoch is None
    assert outcome.seconds > 0


def test_an_evaluation_changes_nothing_in_the_training(digits):
    often, seldom = (
        loop.train(small(epochs=4, log_every=n), CPU, digits).records[-2:] for n in (1, 3)
    )
    np.testing.assert_equal(often, seldom)


def test_training_learns(digits):
    config = small("linear", epochs=30, width=64, latent_dim=16, batch_size=16, log_every=100)
    outcome = loop.train(config, CPU, digits)
    start, end = (outcome.records[row]["accuracy"] for row in (0, -2))
    assert start < 0.5
    assert end > 0.7


def test_a_loss_that_starts_infinite_diverges_in_epoch_0(digits):
    outcome = loop.train(small(gamma=DIVERGING_GAMMA), CPU, digits)
    assert (outcome.records, outcome.arrays, outcome.diverged_epoch) == ([], {}, 0)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("bad_step", [6, 8])  # the first and the last step of epoch 2
def test_a_diverging_run_keeps_its_records(digits, monkeypatch, value, bad_step):
    whole = loop.train(small(epochs=5), CPU, digits)
    calls = observed(monkeypatch, lambda *_: None)
    loss = loop.total_loss
    monkeypatch.setattr(
        loop,
        "total_loss",
        lambda *a: loss(*a) * (value if len(calls) == bad_step + 1 else 1),
    )
    outcome = loop.train(small(epochs=5), CPU, digits)
    assert outcome.diverged_epoch == 2
    np.testing.assert_equal(outcome.records, whole.records[:4])
    before, after = (
        {name: own for name, own in arrays.items() if name not in LATEST}
        for arrays in (whole.arrays, outcome.arrays)
    )
    assert_same_arrays(after, {name: values[:2] for name, values in before.items()})
    assert len(calls) == 9  # the epoch is the last


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("rate", [1e10, 1e30])
def test_weights_that_overflow_in_the_last_step_of_an_epoch_are_no_error(digits, head, rate):
    """With one step an epoch the loss of epoch 0 is finite, and the weights after it are not."""
    config = small(head, learning_rate=rate, batch_size=150, epochs=4)
    outcome = loop.train(config, CPU, digits)
    assert outcome.diverged_epoch in (0, 1)
    assert {record["epoch"] for record in outcome.records} <= set(range(outcome.diverged_epoch))


def test_an_estimate_grows_with_the_epochs():
    short, long = (
        timing.estimated_seconds(small(epochs=n, log_every=n), CPU) for n in (1, 100_000)
    )
    assert 0 < short < long


def test_an_estimate_is_of_the_epochs_that_are_left(monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(loop.time, "perf_counter", lambda: next(clock))
    config = small("none", epochs=10, log_every=1)
    whole, half = (timing.estimated_seconds(config, CPU, done) for done in (0, 5))
    assert half == pytest.approx(whole / 2)


@pytest.mark.parametrize(("backbone", "number"), [("cnn", 5), ("resnet18", 20)])
def test_a_network_trains_with_fused_adam_on_channels_last_convolutions(backbone, number):
    parts = build(small(backbone=backbone), (1, 8, 8), 10, CPU)
    (optimizer,) = parts.optimizers.members
    assert optimizer.defaults["fused"]
    kernels = [layer.weight for layer in parts.model.modules() if isinstance(layer, nn.Conv2d)]
    assert len(kernels) == number
    assert all(w.is_contiguous(memory_format=torch.channels_last) for w in kernels)


def test_bf16_trains_to_nearly_the_same_loss(digits):
    exact, rounded = (
        loop.train(small("linear", epochs=20, log_every=100, precision=p), CPU, digits)
        for p in ("fp32", "bf16")
    )
    assert rounded.records[-2]["loss"] != exact.records[-2]["loss"]
    assert rounded.records[-2]["loss"] == pytest.approx(exact.records[-2]["loss"], rel=0.1)
