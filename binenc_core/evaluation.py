"""A trained network on a dataset -> the metrics and small arrays of one logged epoch."""

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from binenc_core.config import LINEAR_HEADS, RunConfig
from binenc_core.data import Dataset
from binenc_core.loss import total_loss
from binenc_core.metrics.binarity import binarity_metrics, standardize
from binenc_core.metrics.classes import class_means
from binenc_core.metrics.collapse import collapse_metrics
from binenc_core.metrics.encoding import encoding_metrics, positive_fractions
from binenc_core.metrics.names import HISTOGRAM_RANGE
from binenc_core.models import Classifier

EVALUATION_BATCH = 1000
HISTOGRAM_EDGES = np.linspace(*HISTOGRAM_RANGE, 61)


class Outputs(NamedTuple):
    """What the network gives for N images: float32 (N, C) and (N, P), and labels int64 (N,)."""

    logits: Tensor
    x: Tensor
    labels: Tensor


class Evaluation(NamedTuple):
    """Metrics by split ("train", "test") and name; arrays of the training set by name."""

    metrics: dict[str, dict[str, float]]
    arrays: dict[str, NDArray]


@torch.inference_mode()
def outputs(model: Classifier, images: Tensor, labels: Tensor) -> Outputs:
    """Outputs of the network in evaluation mode, for images and labels on its device."""
    model.eval()
    parts = [model(batch) for batch in images.split(EVALUATION_BATCH)]
    logits, x = (torch.cat(part) for part in zip(*parts, strict=True))
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
    test = outputs(model, data.test_images, data.test_labels)
    gamma = config.gamma_at(epoch)
    metrics = {
        "train": _fit_metrics(train, config, gamma),
        "test": _fit_metrics(test, config, gamma),
    }
    if not all(math.isfinite(fit["loss"]) for fit in metrics.values()):
        return None
    weights = model.classifier.weight.to(train.x.device)
    centers = class_means(train.x, train.labels)
    arrays = {
        "class_means": centers.float().cpu().numpy(),
        "positive_fractions": positive_fractions(train.x, train.labels).float().cpu().numpy(),
    }
    for split, out in (("train", train), ("test", test)):
        predicted = out.logits.argmax(dim=1)
        metrics[split] |= encoding_metrics(out.x, out.labels, predicted)
        metrics[split] |= collapse_metrics(out.x, out.labels, predicted, weights, centers)
        if config.head in LINEAR_HEADS:
            values = out.x.cpu().numpy()
            binarity, mixtures = binarity_metrics(values)
            metrics[split] |= binarity
            if split == "train":
                arrays |= {f"mixture_{k}": v.astype("f4") for k, v in mixtures._asdict().items()}
                arrays["latent_histogram"] = latent_histogram(values)
    return Evaluation(metrics, arrays)


def _fit_metrics(out: Outputs, config: RunConfig, gamma: float) -> dict[str, float]:
    loss = total_loss(out.logits, out.x, out.labels, gamma, config.penalty, config.softmax)
    return {
        "loss": float(loss),
        "cross_entropy": float(cross_entropy(out.logits, out.labels)),
        "accuracy": float((out.logits.argmax(dim=1) == out.labels).double().mean()),
    }


def latent_histogram(values: NDArray) -> NDArray[np.uint32]:
    """Counts of each dimension's standardized values in HISTOGRAM_EDGES, (P, bins).

    `values` (N, P); what lies beyond the outer edges counts in the outer bins.
    """
    clipped = standardize(values).clip(HISTOGRAM_EDGES[0], HISTOGRAM_EDGES[-1])
    counts = [np.histogram(column, HISTOGRAM_EDGES)[0] for column in clipped.T]
    return np.array(counts, dtype=np.uint32)
