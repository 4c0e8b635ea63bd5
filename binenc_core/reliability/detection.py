"""How well a score tells positive images from the others, and what is right if only some are kept.

A score is a tensor (N,), larger for what is likelier positive; which images are, bool (N,).
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve
from torch import Tensor

from binenc_core.reliability import RESAMPLES, SEED

# With errors as the positive images the curves also have the risk at each coverage.
RANKING = ("auroc", "aupr")
METRICS = (*RANKING, "aurc", "excess_aurc")
# Resamples at once, and the ends of the interval of all.
BATCH, LEVELS = 100, (0.025, 0.975)


class Estimate(NamedTuple):
    """A value with its 95 % bootstrap interval over the images; nan where not defined or asked."""

    value: float
    low: float = np.nan
    high: float = np.nan


def resampled(measure: Callable[[Tensor], Tensor], images: int, device: torch.device) -> Tensor:
    """A measure of so many images drawn with replacement, for each of RESAMPLES draws, float64.

    `measure` takes how often each image was drawn, float64 (B, N), and gives (…, B); the result is
    (…, RESAMPLES). Drawn on the CPU from a fixed seed: the same on every device.
    """
    generator = torch.Generator().manual_seed(SEED)
    found = []
    for _ in range(RESAMPLES // BATCH):
        drawn = torch.randint(images, (BATCH, images), generator=generator).to(device)
        rows = torch.arange(BATCH, device=device)[:, None] * images
        counts = torch.bincount((drawn + rows).flatten(), minlength=BATCH * images)
        found.append(measure(counts.view(BATCH, images).double()))
    return torch.cat(found, dim=-1)


def interval(values: Tensor) -> tuple[float, float]:
    """The middle 95 % of resampled values, those that are nan left out; nan if all are."""
    low, high = values.nanquantile(values.new_tensor(LEVELS)).tolist()
    return low, high


def auroc(score: Tensor, positive: Tensor) -> float:
    """Area under the ROC curve; nan without a positive or without a negative image."""
    if not positive.any() or positive.all():
        return float("nan")
    return float(roc_auc_score(positive.cpu().numpy(), score.cpu().numpy()))


def aupr(score: Tensor, positive: Tensor) -> float:
    """Average precision; nan without a positive or without a negative image."""
    if not positive.any() or positive.all():
        return float("nan")
    return float(average_precision_score(positive.cpu().numpy(), score.cpu().numpy()))


def estimates(score: Tensor, positive: Tensor) -> dict[str, Estimate]:
    """Every metric of METRICS with its interval, by name."""
    order = score.argsort(descending=True)
    ends = _ends(score[order])

    def measure(counts: Tensor) -> Tensor:
        return _weighted(counts[:, order], positive[order], ends)

    whole = measure(torch.ones(1, len(score), dtype=torch.float64, device=score.device))[:, 0]
    values = dict(zip(METRICS, whole.tolist(), strict=True))
    values |= {"auroc": auroc(score, positive), "aupr": aupr(score, positive)}
    draws = resampled(measure, len(score), score.device)
    intervals = map(interval, draws)
    return {
        name: Estimate(values[name], *ends) for name, ends in zip(METRICS, intervals, strict=True)
    }


def _ends(ordered: Tensor) -> Tensor:
    """Where each group of equal scores ends, int64."""
    _, sizes = torch.unique_consecutive(ordered, return_counts=True)
    return sizes.cumsum(dim=0) - 1


def _weighted(counts: Tensor, positive: Tensor, ends: Tensor) -> Tensor:
    """METRICS of images that occur `counts` (B, N) times, (4, B), from the highest score down.

    `ends` is where groups of equal scores end: what is in one has no order, so its ROC curve is a
    straight line, its precision that of the whole group, and its risk the mean over all orders.
    """
    cumulated = torch.stack([counts * positive, counts]).cumsum(dim=2)[:, :, ends]
    cumulated = torch.nn.functional.pad(cumulated, (1, 0))
    found, taken = cumulated[:, :, 1:]
    new, size = cumulated.diff(dim=2)
    total, images = found[:, -1:], taken[:, -1:]
    false = cumulated[1] - cumulated[0]
    area = torch.trapezoid(cumulated[0], false, dim=1) / (total * (images - total))[:, 0]
    defined = (total > 0) & (total < images)
    precision = (new * found / taken.clamp(min=1)).sum(dim=1) / total[:, 0]
    precision = torch.where(defined[:, 0], precision, torch.nan)
    # The errors among the first m of a group are m·share on average; Σ 1/k are harmonic numbers.
    share = new / size.clamp(min=1)
    errors, kept = total - found, images - taken
    harmonic = _harmonic(counts.shape[1], counts.device)
    sums = share * size + (errors - share * kept) * (
        harmonic[(kept + size).long()] - harmonic[kept.long()]
    )
    risk = sums.sum(dim=1) / images[:, 0]
    right = images - total
    least = total - right * (harmonic[images.long()] - harmonic[right.long()])
    return torch.stack([area, precision, risk, risk - (least / images)[:, 0]])


def _harmonic(largest: int, device: torch.device) -> Tensor:
    """Σ 1/i over i = 1 … k, for k = 0 … `largest`, float64."""
    inverse = 1 / torch.arange(1, largest + 1, dtype=torch.float64, device=device)
    return torch.nn.functional.pad(inverse.cumsum(dim=0), (1, 0))


def roc(score: Tensor, positive: Tensor, grid: NDArray) -> NDArray:
    """True positive rate at each false positive rate of `grid`, shaped as it; nan as `auroc`."""
    if not positive.any() or positive.all():
        return np.full(len(grid), np.nan)
    false, true, _ = roc_curve(positive.cpu().numpy(), score.cpu().numpy())
    return np.interp(grid, false, true)


def selective_risk(score: Tensor, wrong: Tensor, grid: NDArray) -> NDArray:
    """Error rate among the images kept at each coverage of `grid`, those with the lowest scores.

    At least one is kept. Equal scores have no order: among them errors are spread evenly. (Geifman
    and El-Yaniv 2017.)
    """
    order = score.argsort()
    ends = np.concatenate([[0], _ends(score[order]).cpu().numpy() + 1])
    errors = np.concatenate([[0], wrong[order].double().cumsum(dim=0).cpu().numpy()])[ends]
    kept = np.maximum(np.floor(grid * len(score) + 1e-9), 1)
    return np.interp(kept, ends, errors) / kept
