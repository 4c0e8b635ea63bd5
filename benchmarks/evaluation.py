"""Our metrics of both splits against loops over classes, pairs and dimensions.

Both are given the same outputs of a network with 64 latent dimensions for 60,000 training and
10,000 test images; these are made, and look like those of a trained network.
"""

import statistics
import time

import torch
from torch.nn.functional import one_hot

from benchmarks.plain_metrics import (
    plain_binarity,
    plain_codes,
    plain_collapse,
    plain_encoding,
    plain_fit,
)
from binenc_core.config import RunConfig
from binenc_core.evaluation import Outputs, Training, split_metrics
from binenc_core.metrics.classes import class_means
from binenc_core.metrics.encoding import majority_codes, positive_fractions
from binenc_core.metrics.names import METRICS
from replication.base.devices import resolve_device
from replication.data.datasets import CLASSES
from replication.data.recipes import recipe

DIMENSIONS = 64
IMAGES = {"train": 60_000, "test": 10_000}
MISTAKEN = 0.02  # fraction of images that lie halfway to another class
ROUNDS = 3
TARGET = 3
ALLOWED_DIFFERENCE = 1e-6

Metrics = dict[str, dict[str, float]]


def made_up_outputs(config: RunConfig) -> tuple[dict[str, Outputs], torch.Tensor]:
    """Outputs by split, and the classifier's weights.

    The classes of `binary` are on vertices of a hypercube, in peaks of width 0.02 at ±0.5; those of
    `linear` at random points, so that a dimension has ten broad peaks that overlap.
    """
    generator = torch.Generator().manual_seed(0)
    centers = torch.randn(CLASSES, DIMENSIONS, generator=generator)
    if config.head == "binary":
        centers, width = 0.5 * centers.sign(), 0.02
    else:
        centers, width = 2 * centers, 0.7
    weights = centers - centers.mean(dim=0)
    found = {}
    for split, count in IMAGES.items():
        labels = torch.randint(CLASSES, (count,), generator=generator)
        other = torch.randint(CLASSES, (count,), generator=generator)
        mistaken = torch.rand(count, generator=generator) < MISTAKEN
        way = torch.rand(count, generator=generator) * mistaken
        x = torch.lerp(centers[labels], centers[other], way[:, None])
        x += width * torch.randn(x.shape, generator=generator)
        # A class is the nearest center, as after neural collapse.
        logits = x @ weights.T - centers.square().sum(dim=1) / 2
        found[split] = Outputs(logits, x, labels)
    return found, weights


def ours(outputs: dict[str, Outputs], weights: torch.Tensor, config: RunConfig) -> Metrics:
    """Every metric as `binenc_core.evaluation` finds it, by split and name."""
    train = outputs["train"]
    codes = majority_codes(positive_fractions(train.x, train.labels))
    training = Training(weights, class_means(train.x, train.labels), codes)
    return {split: split_metrics(out, training, config)[0] for split, out in outputs.items()}


def plain(outputs: dict[str, Outputs], weights: torch.Tensor, config: RunConfig) -> Metrics:
    """Every metric by loops, by split and name."""
    train = outputs["train"]
    belongs = one_hot(train.labels).double()
    centers = (belongs.T @ train.x.double() / belongs.sum(dim=0)[:, None]).numpy()
    codes = plain_codes(train.x.double().numpy(), train.labels.numpy())
    metrics = {}
    for split, out in outputs.items():
        logits, x, labels = out.logits.double().numpy(), out.x.double().numpy(), out.labels.numpy()
        predicted = logits.argmax(axis=1)
        metrics[split] = (
            plain_fit(logits, x, labels, config.gamma)
            | plain_binarity(x)
            | plain_encoding(x, labels, predicted, codes)
            | plain_collapse(x, labels, predicted, weights.double().numpy(), centers)
        )
    return metrics


def largest_difference(found: Metrics, expected: Metrics) -> tuple[float, str]:
    """The largest relative difference of any metric, and where it is.

    Raises AssertionError where a metric is missing or differs by more than is allowed.
    """
    differences = {}
    for split in IMAGES:
        assert found[split].keys() == expected[split].keys() < METRICS.keys()
        for name, value in expected[split].items():
            off = abs(found[split][name] - value)
            differences[f"{name}, {split}"] = off / abs(value) if off else 0.0
    where = max(differences, key=differences.get)
    assert differences[where] <= ALLOWED_DIFFERENCE, (where, differences[where])
    return differences[where], where


def main() -> None:
    """Print the times of both, their ratio, and how far apart their numbers are."""
    device = resolve_device()
    device = torch.device("cpu") if device.type == "mps" else device  # as evaluation does
    print(f"device {device.type}, {torch.get_num_threads()} threads, ours median of {ROUNDS}")
    for head in ("binary", "linear"):
        config = recipe("mnist", head=head)
        outputs, weights = made_up_outputs(config)
        moved = {
            split: Outputs(*(part.to(device) for part in out)) for split, out in outputs.items()
        }
        seconds = []
        for _ in range(ROUNDS):
            begun = time.perf_counter()
            found = ours(moved, weights.to(device), config)
            seconds.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        loops = plain(outputs, weights, config)
        before, after = time.perf_counter() - begun, statistics.median(seconds)
        difference, where = largest_difference(found, loops)
        print(
            f"one epoch's metrics, {head} head: loops {before:.1f} s, ours {after:.2f} s, "
            f"ratio {before / after:.1f} (goal: {TARGET} or more); "
            f"same to {difference:.0e} ({where})",
            flush=True,
        )


if __name__ == "__main__":
    main()
