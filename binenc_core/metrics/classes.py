"""Statistics of points grouped by class, in float64 and in chunks that bound the memory."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import one_hot

# Values taken to float64 at once: what stays in a processor's cache, or keeps a GPU busy.
CPU_CHUNK, GPU_CHUNK = 2**18, 2**24


def chunks(x: Tensor, *others: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Rows of the points (N, P) in float64, and the same rows of `others` (N,), some at a time."""
    values = CPU_CHUNK if x.device.type == "cpu" else GPU_CHUNK
    size = max(1, values // x.shape[1])
    for rows, *parts in zip(*(part.split(size) for part in (x, *others)), strict=True):
        yield rows.double(), *parts


def compact(labels: Tensor) -> Tensor:
    """Labels (N,) renumbered 0 … C−1 over the classes that occur, in order, int64."""
    return torch.unique(labels, return_inverse=True)[1]


def class_counts(labels: Tensor) -> Tensor:
    """Number of points of each class (C,), float64, of labels (N,) numbered 0 … C−1."""
    return torch.bincount(labels).double()


def class_sums(rows: Tensor, labels: Tensor, classes: int) -> Tensor:
    """Sum of the rows (N, K) of each class, (C, K), all float64; `labels` int64 (N,)."""
    # A product, as index_add_ on a GPU varies from run to run.
    return one_hot(labels, classes).double().T @ rows


def class_means(x: Tensor, labels: Tensor) -> Tensor:
    """μ_c: mean of each class's points, float64 (C, P).

    `x` (N, P) of any dtype, `labels` int64 (N,) in which every class 0 … C−1 occurs.
    """
    counts = class_counts(labels)
    sums = sum(class_sums(rows, own, len(counts)) for rows, own in chunks(x, labels))
    return sums / counts[:, None]


def within_class_squares(x: Tensor, labels: Tensor, means: Tensor, directions: Tensor) -> Tensor:
    """Sums of squared deviations from the class means along K directions, float64 (C, K).

    Entry (c, k) is Σ ((x − μ_c)·u_k)² over the points of class c, for `directions` (P, K): all
    that figure 4 needs of the covariances, without a P×P matrix.
    """
    return sum(
        class_sums(((rows - means[own]) @ directions).square(), own, len(means))
        for rows, own in chunks(x, labels)
    )


def total_within_squares(x: Tensor, labels: Tensor, means: Tensor) -> Tensor:
    """Σ ‖x − μ_c‖² over all points, float64 scalar: N·Tr(Sw)."""
    return sum((rows - means[own]).square().sum() for rows, own in chunks(x, labels))
