"""What codes can reach: known designs, every code of small cubes, and the rules one by one."""

from itertools import combinations, combinations_with_replacement

import numpy as np
import pytest
from scipy.linalg import hadamard

from replication.figures.codes.code_books import hamming, of_pairs, smaller_side, vertex_geometry
from replication.figures.codes.hypercube import floors, simplex_distance, whole_number_floors

CLASSES = 10


def design() -> np.ndarray:
    """Ten codes of 18 bits, all 10 bits apart: the residual of the squares modulo 19."""
    squares = {i * i % 19 for i in range(1, 19)}
    blocks = [{(square + shift) % 19 for square in squares} for shift in range(19)]
    points = [point for point in range(19) if point not in blocks[0]]
    return np.array([[point in block for block in blocks[1:]] for point in points])


def from_hexadecimal(*rows: str) -> np.ndarray:
    """Codes of 64 bits."""
    return np.array([[bit == "1" for bit in f"{int(row, 16):064b}"] for row in rows])


# Found by annealing.
BEST_64 = from_hexadecimal(
    *("ffffffffffffffff", "fffffff000000000", "ffe0000ffffc0000", "e01fe00ff003ff00"),
    *("981c1f0e0f83c0fc", "061218e9cc603cf2", "598186c10a5b3b8f", "05c861b4a196367d"),
    *("2021767035edc963", "02668912523cc79f"),
)


def test_the_simplex_distance_is_the_largest_mean_distance_of_any_code():
    """A bit is worth k·(C−k) pairs, so the best of all bits is the best of one."""
    every_bit = np.array(np.meshgrid(*[[False, True]] * 6)).reshape(6, -1)
    means = [of_pairs(hamming(bit[:, None])).mean() for bit in every_bit.T]
    best = max(means)
    assert best == pytest.approx(simplex_distance(1, 6))
    for bit, mean in zip(every_bit.T, means, strict=True):
        assert (mean == pytest.approx(best)) == (smaller_side(bit[:, None])[0] == 3)


@pytest.mark.parametrize(
    ("bits", "equiangularity", "max_angle"),
    [(9, 0, 0), (18, 0, 0), (64, 0.0155, 0.0154), (128, 0.0049, 0.0031)],
)
def test_floors_of_whole_numbers_alone(bits, equiangularity, max_angle):
    found = whole_number_floors(bits, CLASSES)
    assert found == pytest.approx((equiangularity, max_angle), abs=5e-5)


def test_nine_bits_hold_no_etf():
    """All distances would be 5, but of three codes never all three distances are odd."""
    assert floors(9, CLASSES).equiangularity > 0.1
    assert floors(9, CLASSES).max_angle > 0.05


def test_balanced_codes_reach_both_floors():
    """The design, and it without two of its bits, and seven times it with two bits more."""
    one = design()
    # Two bits that split the classes in 2, 3, 3 and 2.
    pair = next([a, b] for a, b in combinations(range(18), 2) if (one[:, a] & one[:, b]).sum() == 2)
    more = np.hstack([np.tile(one, 7), one[:, pair]])
    for codes in (one, np.tile(one, 2), np.delete(one, pair, axis=1), more, BEST_64):
        assert (smaller_side(codes) == 5).all()
        expected = pytest.approx(floors(codes.shape[1], CLASSES), abs=1e-7)
        assert vertex_geometry(codes) == expected
    assert floors(36, CLASSES) == pytest.approx((0, 0), abs=1e-7)


@pytest.mark.parametrize("bits", [1, 2, 3, 4, 5])
def test_equal_to_the_best_of_all_balanced_codes_of_six_classes(bits):
    splits = [[label in side for label in range(6)] for side in combinations(range(1, 6), 3)]
    geometries = [
        np.square(away).mean() ** 0.5
        for columns in combinations_with_replacement(splits, bits)
        for away in [2 * (of_pairs(hamming(np.array(columns).T)) - 0.6 * bits) / bits]
    ]
    assert floors(bits, 6).equiangularity == pytest.approx(min(geometries))


@pytest.mark.parametrize("bits", [7, 10, 16, 64, 128])
def test_the_rules_only_raise_the_floors(bits):
    by_rules, by_numbers = floors(bits, CLASSES), whole_number_floors(bits, CLASSES)
    assert by_rules.equiangularity >= by_numbers.equiangularity
    assert by_rules.max_angle >= by_numbers.max_angle


@pytest.mark.parametrize("bits", [16, 64, 128])
def test_unbalanced_codes_know_no_floor(bits):
    codes = hadamard(bits)[:CLASSES] > 0
    assert set(of_pairs(hamming(codes))) == {bits // 2}
    assert vertex_geometry(codes) == pytest.approx((0, 0), abs=1e-7)


@pytest.mark.parametrize("function", [floors, whole_number_floors])
def test_an_odd_number_of_classes_is_refused(function):
    with pytest.raises(ValueError, match=r"classes is 9; allowed: an even number$"):
        function(64, 9)
