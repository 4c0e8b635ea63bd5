import copy

import numpy as np
import pytest
import torch
from torch import nn

from binenc_core.config import HEADS
from binenc_core.evaluation import evaluate
from binenc_core.metrics.names import LATEST
from binenc_core.training import loop
from replication.runs import timing
from small_runs import CPU, assert_same_arrays, built, few_digits, small


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
    seen = observed(monkeypatch, lambda parts, images, labels: (images, labels))
    loop.train(small(), CPU, digits)
    assert [len(images) for images, _ in seen] == [64, 64, 22, 64, 64, 22]

    def rows(batches):
        """Images with their labels."""
        pairs = [zip(images, labels, strict=True) for images, labels in batches]
        return [(image.numpy().tobytes(), int(label)) for own in pairs for image, label in own]

    first, second = rows(seen[:3]), rows(seen[3:])
    known = rows([(digits.train_images, digits.train_labels)])
    assert sorted(first) == sorted(second) == sorted(known)
    assert first != second
    assert first != known


def test_all_heads_see_the_same_batches_and_the_same_dropout(digits, monkeypatch):
    batches = observed(monkeypatch, lambda parts, images, labels: images)
    dropout, states = nn.functional.dropout, []

    def watched(values, p, live, inplace):
        if live:
            states.append((torch.get_rng_state().numpy().tobytes(), values.shape))
        return dropout(values, p, live, inplace)

    monkeypatch.setattr(nn.functional, "dropout", watched)
    runs = []
    for config in (*map(small, HEADS), small(seed=1)):
        loop.train(config, CPU, digits)
        runs.append((batches[:], states[:]))
        batches.clear()
        states.clear()
    images, masks = runs[0]
    assert (len(images), len(masks)) == (6, 12)  # two layers in each of six steps
    for own, drawn in runs[1:4]:
        assert all(map(torch.equal, own, images))
        assert drawn == masks
    other, drawn = runs[4]
    assert not torch.equal(other[0], images[0])
    assert drawn[0] != masks[0]


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


@pytest.mark.parametrize("live", [True, False])
def test_without_dropout_all_other_layers_are_in_training_mode(live):
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.5), nn.BatchNorm1d(2)).eval()
    loop.set_mode(model, live)
    assert [layer.training for layer in model] == [True, live, True]
    assert model.training


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


def test_a_step_waits_for_nothing(digits, monkeypatch):
    """The epoch's two sums are all that is read from the device."""
    reads = []
    item = torch.Tensor.item
    monkeypatch.setattr(torch.Tensor, "item", lambda self: reads.append(1) or item(self))
    for name in ("tolist", "numpy", "cpu", "__float__", "__int__", "__bool__"):
        monkeypatch.setattr(torch.Tensor, name, lambda self, *a, n=name: reads.append(n))
    parts = built(small(batch_size=10))
    loop.train_epoch(parts, digits, small(batch_size=10), 0)
    assert reads == [1, 1]


@pytest.mark.parametrize(
    ("head", "gamma", "softmax", "decay"),
    [("binary", 10, "once", 0), ("binary", 10, "twice", 0), ("none", 0, "once", 0.5)],
)
def test_training_is_a_plain_loop_with_plain_adam(digits, head, gamma, softmax, decay):
    config = small(head, dropout=0, width=32, softmax=softmax, weight_decay=decay)
    parts = built(config)
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
            if softmax == "twice":
                logits = logits.softmax(dim=1)
            targets = digits.train_labels[batch]
            loss = -logits.log_softmax(dim=1)[torch.arange(len(batch)), targets].mean()
            if gamma:
                loss = loss + gamma * x.square().exp().mean()
            adam.zero_grad()
            loss.backward()
            for parameter in model.parameters():
                parameter.data.mul_(1 - 1e-3 * decay)
            adam.step()
    for ours, theirs, start in zip(
        parts.model.parameters(), model.parameters(), before, strict=True
    ):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)
        assert (theirs - start).abs().max() > 1e-3


def test_the_learning_rate_halves_as_often_as_asked(digits, monkeypatch):
    rates = observed(
        monkeypatch, lambda parts, *_: parts.optimizers.members[0].param_groups[0]["lr"]
    )
    config = small(epochs=5, halve_every=2, learning_rate=0.08, batch_size=150, log_every=100)
    loop.train(config, CPU, digits)
    assert rates == pytest.approx([0.08, 0.08, 0.04, 0.04, 0.02], rel=1e-12)


def test_means_of_an_epoch_count_every_image_once(digits):
    """With a learning rate of 0 the epoch's means are those of the whole set."""
    config = small(dropout=0, learning_rate=0)
    parts = built(config)
    with torch.no_grad():
        parts.model.classifier.weight.mul_(30)  # so that batches differ
    sums = loop.train_epoch(parts, digits, config, 0)
    expected = evaluate(parts.model, digits, config).metrics["train"]
    assert sums.loss == pytest.approx(expected["loss"], rel=1e-5)
    assert sums.accuracy == pytest.approx(expected["accuracy"], rel=1e-6)


def assert_same_outcome(one, other):
    np.testing.assert_equal(one.records, other.records)
    assert_same_arrays(one.arrays, other.arrays)
    assert one.diverged_epoch == other.diverged_epoch


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"backbone": "cnn", "precision": "bf16"},
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
    other = loop.train(small(seed=1, **changes), CPU, digits)
    assert other.records[0]["loss"] != first.records[0]["loss"]


def test_without_gamma_the_binary_head_is_the_linear_one_to_the_bit(digits):
    linear = loop.train(small("linear", epochs=4), CPU, digits)
    assert_same_outcome(loop.train(small(gamma=0, epochs=4), CPU, digits), linear)
    assert loop.train(small(epochs=4), CPU, digits).records != linear.records


def test_the_global_random_state_is_left_alone(digits):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    loop.train(small(), CPU, digits)
    assert torch.equal(torch.get_rng_state(), before)
    timing.estimated_seconds(small(), CPU)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("head", ["binary", "none"])
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


# The first and the last step of epoch 2.
@pytest.mark.parametrize(("value", "bad_step"), [(float("nan"), 6), (float("inf"), 8)])
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


@pytest.mark.parametrize(("head", "rate"), [("binary", 1e10), ("linear", 1e30), ("none", 1e30)])
def test_weights_that_overflow_in_the_last_step_of_an_epoch_are_no_error(digits, head, rate):
    """With one step an epoch the loss of epoch 0 is finite, and the weights after it are not."""
    config = small(head, learning_rate=rate, batch_size=150, epochs=4)
    outcome = loop.train(config, CPU, digits)
    assert outcome.diverged_epoch in (0, 1)
    assert {record["epoch"] for record in outcome.records} <= set(range(outcome.diverged_epoch))


def test_bf16_trains_to_nearly_the_same_loss(digits):
    exact, rounded = (
        loop.train(small("linear", epochs=20, log_every=100, precision=p), CPU, digits)
        for p in ("fp32", "bf16")
    )
    assert rounded.records[-2]["loss"] != exact.records[-2]["loss"]
    assert rounded.records[-2]["loss"] == pytest.approx(exact.records[-2]["loss"], rel=0.1)
