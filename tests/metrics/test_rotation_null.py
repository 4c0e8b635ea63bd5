"""How near directions are to vertices, against the rotation null."""

import numpy as np
import pytest
import torch
from scipy.stats import ortho_group

from binenc_core.metrics.vertices import against_chance, random_frames, row_cosines


def gaussian(rows: int, dimensions: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, dimensions, generator=generator, dtype=torch.float64)


def test_vertices_have_cosine_one_and_an_axis_the_least():
    signs = gaussian(10, 64).sign()
    found = against_chance(3 * signs)
    assert found.cosine == pytest.approx(1)
    assert found.excess == pytest.approx(0.2, abs=0.02)
    assert found.z > 20
    torch.testing.assert_close(row_cosines(torch.eye(9)), torch.full((9,), 1 / 3))


@pytest.mark.parametrize("dimensions", [2, 16, 64])
def test_random_directions_do_not_exceed_chance(dimensions):
    z = [against_chance(gaussian(10, dimensions, seed)).z for seed in range(40)]
    assert abs(np.mean(z)) < 4 / np.sqrt(40)
    assert 0.6 < np.std(z) < 1.5


@pytest.mark.parametrize(("rows", "dimensions"), [(4, 12), (10, 6)])
def test_the_null_is_that_of_whole_random_rotations(rows, dimensions):
    """Vectors that are neither orthogonal nor of one length, more of them than dimensions too."""
    own = gaussian(rows, dimensions) @ gaussian(dimensions, dimensions, 1) + 5
    rotations = torch.from_numpy(ortho_group.rvs(dimensions, size=4000, random_state=0))
    brute = row_cosines(own @ rotations).mean(dim=1)
    found = against_chance(own)
    null = found.cosine - found.excess
    spread = found.excess / found.z
    assert null == pytest.approx(float(brute.mean()), abs=4 * float(brute.std()) / np.sqrt(300))
    assert spread == pytest.approx(float(brute.std()), rel=0.2)


def test_size_does_not_matter_and_the_origin_is_left_out():
    own = gaussian(5, 8)
    assert against_chance(100 * own) == pytest.approx(against_chance(own))
    assert against_chance(torch.cat([own, torch.zeros(2, 8)])) == pytest.approx(against_chance(own))
    assert np.isnan(against_chance(torch.zeros(3, 8))).all()


def test_the_frames_are_orthonormal_and_prefer_no_sign():
    """QR alone gives the first entry of every frame the same sign."""
    frames = random_frames(3, 5)
    expected = torch.eye(3, dtype=torch.float64).expand(len(frames), 3, 3)
    torch.testing.assert_close(frames @ frames.transpose(1, 2), expected)
    # 300 draws of entries with variance 1/5: four standard errors are 0.10.
    assert frames.mean(dim=0).abs().max() < 0.11
