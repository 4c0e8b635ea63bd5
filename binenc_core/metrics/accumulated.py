"""Encoding and collapse over batches, as torchmetrics: their state adds up, over processes too."""

import torch
from torch import Tensor
from torchmetrics import Metric

from binenc_core.metrics.classes import class_sums
from binenc_core.metrics.collapse import between_eigenpairs, geometry
from binenc_core.metrics.encoding import code_metrics


class _OfClasses(Metric):
    """Float64 sums of zeros, one for each name, and the number of points of each class."""

    full_state_update = False
    counts: Tensor

    def __init__(self, classes: int, **shapes: tuple[int, ...]):
        super().__init__()
        self.classes = classes
        for name, shape in {"counts": (classes,), **shapes}.items():
            zeros = torch.zeros(shape, dtype=torch.float64)
            self.add_state(name, zeros, dist_reduce_fx="sum")

    def _grouped(self, rows: Tensor, labels: Tensor) -> Tensor:
        """Sums (C, K) of the rows (B, K) of each class."""
        return class_sums(rows, labels, self.classes)

    def _count(self, labels: Tensor) -> None:
        self.counts += torch.bincount(labels, minlength=self.classes)

    def _check_counts(self) -> None:
        if absent := (self.counts == 0).nonzero().flatten().tolist():
            raise ValueError(f"class {absent[0]} has no points; allowed: each class has some")


class EncodingMetric(_OfClasses):
    """Do the points of a class have the same bits (paper, figure 2), over batches.

    `update(x, labels)`: x (B, P) of any float type, labels int64 (B,) from 0 to `classes` − 1.
    `compute()`: bit_agreement, distinct_codes, hamming_mean and hamming_min, as
    `encoding.encoding_metrics` gives them for all points at once. Raises ValueError there for a
    class without points.
    """

    positive: Tensor

    def __init__(self, classes: int, dimensions: int):
        super().__init__(classes, positive=(classes, dimensions))

    def update(self, x: Tensor, labels: Tensor) -> None:
        """Add the points of a batch."""
        self._count(labels)
        self.positive += self._grouped((x > 0).double(), labels)

    def compute(self) -> dict[str, float]:
        """The quantities of all points so far, by name."""
        self._check_counts()
        return code_metrics(self.positive / self.counts[:, None])


class CollapseMetric(_OfClasses):
    """Neural collapse NC1 and NC2 (paper, figure 4), over batches.

    `update(x, labels)` as `EncodingMetric`'s; `compute()`: equinorm, equiangularity, max_angle,
    within_between, within_covariance, within_variance and within_between_traces, as
    `collapse.collapse_metrics` gives them for all points at once, to the rounding of sums. Keeps a
    P×P matrix. Raises ValueError there for a class without points.
    """

    sums: Tensor
    products: Tensor
    squares: Tensor

    def __init__(self, classes: int, dimensions: int):
        super().__init__(
            classes,
            sums=(classes, dimensions),
            products=(dimensions, dimensions),
            squares=(classes, 1),
        )

    def update(self, x: Tensor, labels: Tensor) -> None:
        """Add the points of a batch."""
        rows = x.double()
        self._count(labels)
        self.sums += self._grouped(rows, labels)
        self.products += rows.T @ rows
        self.squares += self._grouped(rows.sum(dim=1, keepdim=True).square(), labels)

    def compute(self) -> dict[str, float]:
        """The quantities of all points so far, by name."""
        self._check_counts()
        counts, classes = self.counts, self.classes
        means = self.sums / counts[:, None]
        m = means - means.mean(dim=0)
        sw = (self.products - self.sums.T @ means) / counts.sum()
        eigenvalues, directions = between_eigenpairs(means)
        within = (directions * (sw @ directions)).sum(dim=0)
        around = self.squares[:, 0] - counts * means.sum(dim=1).square()
        ratio = (within / eigenvalues).sum() / classes if len(eigenvalues) else torch.nan
        return {
            **geometry(m),
            "within_between": float(ratio),
            "within_covariance": float((around / (counts - 1)).mean() / means.shape[1] ** 2),
            "within_variance": float(sw.trace() / means.shape[1]),
            "within_between_traces": float(sw.trace() / m.square().sum() * classes),
        }
