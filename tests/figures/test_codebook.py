"""Numbers of code books: known codes, the metrics of the training, and what leaves them alone."""

from itertools import permutations, product

import numpy as np
import pytest

from made_codes import moved, random_codes
from replication.figures.codes import codebook

# Four classes and three balanced bits: a regular tetrahedron.
TETRAHEDRON = np.array([[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]) > 0


def test_a_tetrahedron():
    assert (codebook.of_pairs(codebook.hamming(TETRAHEDRON)) == 2).all()
    assert list(codebook.smaller_side(TETRAHEDRON)) == [2, 2, 2]
    assert codebook.distinct_splits(TETRAHEDRON) == 3
    assert codebook.vertex_geometry(TETRAHEDRON) == pytest.approx((0, 0), abs=1e-9)


def test_complementary_bits_are_one_split():
    codes = np.hstack([TETRAHEDRON, ~TETRAHEDRON[:, :2], TETRAHEDRON[:, :1]])
    assert codebook.distinct_splits(codes) == 3
    assert codebook.splits(codes)[0].all()


def test_pairs_and_sides_of_bits():
    assert list(codebook.of_pairs(np.arange(9).reshape(3, 3))) == [1, 2, 5]
    unbalanced = np.array([[1, 1, 0], [0, 1, 0], [0, 1, 0], [0, 0, 0]]) > 0
    assert list(codebook.smaller_side(unbalanced)) == [1, 1, 0]


@pytest.mark.parametrize("seed", range(3))
def test_the_geometry_is_that_of_the_metrics_of_collapse(seed):
    torch = pytest.importorskip("torch")
    from binenc_core.metrics import collapse

    codes = random_codes(seed)
    means = torch.tensor(np.where(codes, 1.0, -1.0))
    centered = means - means.mean(dim=0)
    expected = (collapse.equiangularity(centered), collapse.max_angle(centered))
    assert codebook.vertex_geometry(codes) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_order_and_signs_of_dimensions_mean_nothing(seed):
    codes, other = random_codes(seed), random_codes(seed + 10)
    same = moved(codes)
    assert (same != codes).any()
    assert codebook.matched_bits(codes, same) == 1
    assert codebook.mantel_correlation(codes, same) == pytest.approx(1)
    assert codebook.matched_bits(other, same) == pytest.approx(codebook.matched_bits(other, codes))
    assert codebook.mantel_correlation(other, same) == pytest.approx(
        codebook.mantel_correlation(other, codes)
    )
    assert codebook.distinct_splits(same) == codebook.distinct_splits(codes)
    assert sorted(codebook.smaller_side(same)) == sorted(codebook.smaller_side(codes))
    assert codebook.vertex_geometry(same) == pytest.approx(codebook.vertex_geometry(codes))


def test_the_match_is_the_best_of_all_orders_and_signs():
    one, other = (random_codes(seed, bits=4, classes=6) for seed in (1, 2))
    every = [
        (one == (other[:, order] ^ np.array(signs))).mean()
        for order in permutations(range(4))
        for signs in product([False, True], repeat=4)
    ]
    assert codebook.matched_bits(one, other) == pytest.approx(max(every))


def test_a_wrong_bit_costs_its_share():
    codes = random_codes(3)
    changed = moved(codes)
    changed[2, 7] ^= True
    assert codebook.matched_bits(codes, changed) == pytest.approx(1 - 1 / codes.size)


def test_what_is_not_defined_is_nan():
    assert np.isnan(codebook.vertex_geometry(np.ones((10, 4), dtype=bool))).all()
    assert np.isnan(codebook.mantel_correlation(TETRAHEDRON, random_codes(0, classes=4)))
