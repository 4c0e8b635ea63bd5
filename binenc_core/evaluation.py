"""A trained network on a dataset -> the metrics and small arrays of one logged epoch."""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from binenc_core.config import LINEAR_HEADS, RunConfig
from binenc_core.dataset import Dataset, as_bytes
from binenc_core.loss import total_loss
from binenc_core.metrics.binarity import binarity_metrics, standardize
from binenc_core.metrics.classes import class_means
from binenc_core.metrics.collapse import collapse_metrics
from binenc_core.metrics.encoding import (
    class_vertex_cosines,
    encoding_metrics,
    majority_codes,
    positive_fractions,
)
from binenc_core.metrics.mixtures import Mixtures
from binenc_core.metrics.names import HISTOGRAM_RANGE
from binenc_core.metrics.vertices import vertex_metrics
from binenc_core.metrics.weights import weight_metrics
from binenc_core.models import Classifier

# Of networks whose x can be drawn as it is, so many test images are kept at each logged epoch.
DRAWN_DIMENSIONS, DRAWN_IMAGES = 2, 500
HISTOGRAM_EDGES = np.linspace(*HISTOGRAM_RANGE, 61)


class Outputs(NamedTuple):
    """What the network gives for N images: float32 (N, C) and (N, P), and labels int64 (N,)."""

    logits: Tensor
    x: Tensor
    labels: Tensor


class Training(NamedTuple):
    """What the training set has fixed, whichever images are asked.

    The classifier's `weights` (C, P), the class means `centers` float64 (C, P), and the classes'
    `codes` bool (C, P).
    """

    weights: Tensor
    centers: Tensor
    codes: Tensor


class Evaluation(NamedTuple):
    """Metrics by split (`RunConfig.splits`) and name; small arrays by name.

    `latest` are arrays of which a training keeps those of its last logged epoch alone.
    """

    metrics: dict[str, dict[str, float]]
    arrays: dict[str, NDArray]
    latest: dict[str, NDArray]

    def add_weights(self, weights: Tensor, initial: Tensor, rates: float) -> None:
        """Add what `metrics.weights.weight_metrics` says of the classifier, and its weights."""
        means = torch.from_numpy(self.arrays["class_means"]).double()
        now, before = weights.detach().cpu(), initial.cpu()
        next(iter(self.metrics.values())).update(weight_metrics(now, before, rates, means))
        self.arrays["classifier_weights"] = now.clone().numpy()


@torch.inference_mode()
def outputs(model: Classifier, images: Tensor, labels: Tensor) -> Outputs:
    """Outputs of the network in evaluation mode, for images and labels on its device."""
    model.eval()
    layer = model.classifier
    # Filled batch by batch: to join the batches would take x twice, 1 GB for MNIST at width 2048.
    logits = layer.weight.new_empty(len(images), layer.out_features)
    x = layer.weight.new_empty(len(images), layer.in_features)
    for begin in range(0, len(images), model.images_at_once):
        rows = slice(begin, begin + model.images_at_once)
        logits[rows], x[rows] = model(images[rows])
    if x.device.type == "mps":  # has no float64, which the metrics need
        return Outputs(logits.cpu(), x.cpu(), labels.cpu())
    return Outputs(logits, x, labels)


@torch.inference_mode()
def evaluate(
    model: Classifier, data: Dataset, config: RunConfig, epoch: int = 0
) -> Evaluation | None:
    """Every metric of `metrics.names` that applies to the head, on the train and the test set.

    The loss has the γ of `epoch`. None where a loss is not finite: the weights have overflowed.
    """
    train = outputs(model, data.train_images, data.train_labels)
    weights = model.classifier.weight.to(train.x.device)
    centers = class_means(train.x, train.labels)
    fractions = positive_fractions(train.x, train.labels)
    training = Training(weights, centers, majority_codes(fractions))
    measured = split_metrics(train, training, config, epoch)
    if measured is None:
        return None
    train_metrics, mixtures = measured
    arrays = {}
    if config.head != "none":
        arrays |= {"class_means": centers.float(), "positive_fractions": fractions.float()}
    if mixtures is not None:
        train_metrics |= vertex_metrics(centers, model.rotation)
        arrays |= {f"mixture_{name}": part.float() for name, part in mixtures._asdict().items()}
        arrays["latent_histogram"] = latent_histogram(train.x)
        # What standardizing removes.
        std, mean = torch.std_mean(train.x.double(), dim=0, correction=0)
        arrays |= {"latent_mean": mean.float(), "latent_std": std.float()}
    del train  # before those of the test set: without a penultimate layer they take 490 MB
    test = outputs(model, data.test_images, data.test_labels)
    measured = split_metrics(test, training, config, epoch)
    if measured is None:
        return None
    metrics = dict(zip(config.splits, (train_metrics, measured[0]), strict=True))
    if mixtures is not None:
        arrays |= least_aligned_images(test, training.codes, data.test_images)
        if config.latent_dim <= DRAWN_DIMENSIONS:
            arrays["test_latents"] = test.x[:DRAWN_IMAGES].float()
    named = {"test_labels": test.labels, "test_predicted": test.logits.argmax(dim=1)}
    return Evaluation(
        metrics,
        {name: array.cpu().numpy() for name, array in arrays.items()},
        {name: array.to(torch.uint8).cpu().numpy() for name, array in named.items()},
    )


@torch.inference_mode()
def split_metrics(
    out: Outputs, training: Training, config: RunConfig, epoch: int = 0
) -> tuple[dict[str, float], Mixtures | None] | None:
    """Every metric of one split by name, and the mixtures behind them for a linear head.

    All tensors are on one device, which has float64. The loss has the γ of `epoch`. None where it
    is not finite.
    """
    metrics = _fit_metrics(out, config, config.gamma_at(epoch))
    if not math.isfinite(metrics["loss"]):
        return None
    predicted = out.logits.argmax(dim=1)
    metrics |= encoding_metrics(out.x, out.labels, predicted, training.codes)
    metrics |= collapse_metrics(out.x, out.labels, predicted, training.weights, training.centers)
    if config.head not in LINEAR_HEADS:
        return metrics, None
    binarity, mixtures = binarity_metrics(out.x)
    return metrics | binarity, mixtures


def _fit_metrics(out: Outputs, config: RunConfig, gamma: float) -> dict[str, float]:
    loss = total_loss(out.logits, out.x, out.labels, gamma, config.penalty, config.softmax)
    return {
        "loss": float(loss),
        "cross_entropy": float(cross_entropy(out.logits, out.labels)),
        "accuracy": float((out.logits.argmax(dim=1) == out.labels).double().mean()),
    }


def latent_histogram(values: Tensor) -> Tensor:
    """Counts of each dimension's standardized values in HISTOGRAM_EDGES, uint32 (P, bins).

    `values` (N, P); what lies beyond the outer edges counts in the outer bins.
    """
    bins = len(HISTOGRAM_EDGES) - 1
    # An inner edge belongs to the bin above it.
    inner = torch.from_numpy(HISTOGRAM_EDGES[1:-1]).to(values.device)
    found = torch.bucketize(standardize(values), inner, right=True)
    dimensions = values.shape[1]
    places = found + bins * torch.arange(dimensions, device=values.device)
    counts = torch.bincount(places.flatten(), minlength=bins * dimensions)
    return counts.view(dimensions, bins).to(torch.uint32)


def least_aligned_images(out: Outputs, codes: Tensor, images: Tensor) -> dict[str, Tensor]:
    """Of each class the image whose x points furthest away from its class's vertex.

    `codes` bool (C, P), `images` (N, K, H, W). Arrays by name: index among the images, int32 (C,);
    cosine to the vertex, float32 (C,); predicted class, uint8 (C,); the pixels, uint8 (C, H, W), or
    (C, H, W, 3) in color.
    """
    cosines = class_vertex_cosines(out.x, out.labels, codes)
    others = out.labels != torch.arange(len(codes), device=out.labels.device)[:, None]
    index = cosines.expand(len(codes), -1).masked_fill(others, math.inf).argmin(dim=1)
    return {
        "furthest_index": index.int(),
        "furthest_cosine": cosines[index].float(),
        "furthest_predicted": out.logits[index].argmax(dim=1).to(torch.uint8),
        "furthest_image": as_bytes(images[index.to(images.device)]).movedim(1, -1).squeeze(-1),
    }
