"""Is a network right as often as its probabilities say, and after scaling them by a temperature?"""

import math
from typing import NamedTuple

import torch
from scipy.optimize import minimize_scalar
from torch import Tensor
from torch.nn.functional import cross_entropy, one_hot
from torchmetrics.functional.classification import multiclass_calibration_error

from binenc_core.reliability import BINS
from binenc_core.reliability.detection import Estimate, interval, resampled

# Between these T is sought; an end is reached where every held-out image is classified correctly.
TEMPERATURES = (1e-3, 1e3)


def temperature(logits: Tensor, labels: Tensor) -> float:
    """The T with the least negative log-likelihood of softmax(logits / T) (Guo et al. 2017).

    `logits` (N, C), `labels` int64 (N,). To be fitted on images on which nothing is measured.
    """
    values = logits.double()

    def loss(log_temperature: float) -> float:
        return float(cross_entropy(values / math.exp(log_temperature), labels))

    bounds = tuple(map(math.log, TEMPERATURES))
    return math.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x)


def probabilities(logits: Tensor) -> Tensor:
    """Softmax in float64, kept below 1 also in the float32 of torchmetrics.

    It would count 1 itself in a bin of its own, where errors do not offset the last bin's.
    """
    return logits.double().softmax(dim=1).clamp(max=1 - torch.finfo(torch.float32).eps)


def calibration_error(logits: Tensor, labels: Tensor) -> float:
    """Expected calibration error of the softmax of `logits` (N, C): BINS bins of equal width."""
    classes = logits.shape[1]
    values = probabilities(logits)
    return float(multiclass_calibration_error(values, labels, num_classes=classes, n_bins=BINS))


def estimate(logits: Tensor, labels: Tensor) -> Estimate:
    """The calibration error with its bootstrap interval over the images.

    A resample is less calibrated than its sample, as any sample is less so than what it is drawn
    from: the interval is moved down by the mean excess, to 0 at least. It is that of the error
    which so many images show, and that is above 0 also for a network that is calibrated.
    """
    value = calibration_error(logits, labels)
    confidence, predicted = probabilities(logits).max(dim=1)
    gaps = (confidence - (predicted == labels).double())[:, None] * _membership(confidence)
    draws = resampled(lambda counts: (counts @ gaps).abs().sum(dim=1), len(gaps), gaps.device)
    draws = draws / len(gaps)
    low, high = interval(draws - (draws.mean() - value))
    return Estimate(value, max(low, 0.0), max(high, 0.0))


class Bins(NamedTuple):
    """A reliability diagram: of each bin the number of images, mean confidence and accuracy.

    Float64 (BINS,); nan in empty bins.
    """

    count: Tensor
    confidence: Tensor
    accuracy: Tensor


def bins(logits: Tensor, labels: Tensor) -> Bins:
    """The bins of the softmax of `logits` (N, C), by its largest probability."""
    confidence, predicted = probabilities(logits).max(dim=1)
    inside = _membership(confidence)
    count = inside.sum(dim=0)
    right = (predicted == labels).double()
    return Bins(count, confidence @ inside / count, right @ inside / count)


def _membership(confidence: Tensor) -> Tensor:
    """1 in the bin of each confidence below 1, float64 (N, BINS)."""
    edges = torch.linspace(0, 1, BINS + 1, dtype=torch.float64, device=confidence.device)
    return one_hot(torch.bucketize(confidence, edges, right=True) - 1, BINS).double()
