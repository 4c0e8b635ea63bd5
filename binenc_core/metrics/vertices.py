"""How near a few directions are to the vertices of a hypercube, against chance.

Chance is the rotation null: the same vectors under random rotations, which keep every length and
angle among them and know no axes. Whatever exceeds it is owed to the axes.
"""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

ROTATIONS, SEED = 300, 0


class AgainstChance(NamedTuple):
    """Mean cosine to the nearest vertex, its excess over the rotation null, and that in its SDs."""

    cosine: float
    excess: float
    z: float


def row_cosines(rows: Tensor) -> Tensor:
    """Cosine between each row and its nearest vertex, ‖x‖₁ / (√P ‖x‖₂), (…, P) → (…).

    nan for a row at the origin, which lies in no direction.
    """
    return rows.abs().sum(dim=-1) / rows.norm(dim=-1) / rows.shape[-1] ** 0.5


def against_chance(rows: Tensor) -> AgainstChance:
    """The mean over rows (K, P) of `row_cosines`, and what exceeds its rotation null.

    The null is the mean over 300 random rotations, always the same ones; all in float64 on the CPU.
    Rows at the origin are left out; nan where there is no other, z where the null has no spread.
    """
    own = rows.double().cpu()
    own = own[own.norm(dim=1) > 0]
    if not len(own):
        return AgainstChance(*[float("nan")] * 3)
    # Rotating K vectors of a space takes no more than a random frame for the K axes they span.
    left, singular, _ = torch.linalg.svd(own, full_matrices=False)
    null = row_cosines(left * singular @ random_frames(len(singular), own.shape[1])).mean(dim=1)
    cosine = row_cosines(own).mean()
    spread = null.std()
    z = (cosine - null.mean()) / spread if spread > 0 else torch.tensor(float("nan"))
    return AgainstChance(float(cosine), float(cosine - null.mean()), float(z))


def vertex_metrics(centers: Tensor, rotation: Tensor | None = None) -> dict[str, float]:
    """How near the training class means (C, P) are to vertices, by its name in `metrics.names`.

    With a fixed rotation also of what the penultimate layer itself gives.
    """
    found = against_chance(centers)
    metrics = dict(zip(("vertex_means", "vertex_excess", "vertex_z"), found, strict=True))
    if rotation is not None:
        before = centers @ rotation.to(centers.device).double().T
        metrics["vertex_excess_unrotated"] = against_chance(before).excess
    return metrics


@cache
def random_frames(vectors: int, dimensions: int) -> Tensor:
    """300 uniformly random sets of orthonormal rows, float64 (300, `vectors`, `dimensions`)."""
    generator = torch.Generator().manual_seed(SEED)
    shape = (ROTATIONS, dimensions, vectors)
    columns, triangle = torch.linalg.qr(
        torch.randn(shape, generator=generator, dtype=torch.float64)
    )
    # QR alone has the signs that its algorithm prefers: with a positive diagonal it is uniform.
    signs = triangle.diagonal(dim1=1, dim2=2).sign()
    return (columns * signs[:, None]).transpose(1, 2)
