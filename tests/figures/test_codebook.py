"""Numbers of code books: known codes, the metrics of the training, and what leaves them alone."""

from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest

from made_codes import coded_run, moved, random_codes
from replication.figures.codes import code_books, code_seeds

# Four classes and three balanced bits: a regular tetrahedron.
TETRAHEDRON = np.array([[1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]]) > 0


def test_a_tetrahedron():
    assert (code_books.of_pairs(code_books.hamming(TETRAHEDRON)) == 2).all()
    assert list(code_books.smaller_side(TETRAHEDRON)) == [2, 2, 2]
    assert code_books.distinct_splits(TETRAHEDRON) == 3
    assert code_books.vertex_geometry(TETRAHEDRON) == pytest.approx((0, 0), abs=1e-9)


def test_complementary_bits_are_one_split():
    codes = np.hstack([TETRAHEDRON, ~TETRAHEDRON[:, :2], TETRAHEDRON[:, :1]])
    assert code_books.distinct_splits(codes) == 3
    assert code_books.splits(codes)[0].all()


def test_pairs_and_sides_of_bits():
    assert list(code_books.of_pairs(np.arange(9).reshape(3, 3))) == [1, 2, 5]
    unbalanced = np.array([[1, 1, 0], [0, 1, 0], [0, 1, 0], [0, 0, 0]]) > 0
    assert list(code_books.smaller_side(unbalanced)) == [1, 1, 0]


@pytest.mark.parametrize("seed", range(3))
def test_the_geometry_is_that_of_the_metrics_of_collapse(seed):
    torch = pytest.importorskip("torch")
    from binenc_core.metrics import collapse

    codes = random_codes(seed)
    means = torch.tensor(np.where(codes, 1.0, -1.0))
    centered = means - means.mean(dim=0)
    expected = (collapse.equiangularity(centered), collapse.max_angle(centered))
    assert code_books.vertex_geometry(codes) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_order_and_signs_of_dimensions_mean_nothing(seed):
    codes, other = random_codes(seed), random_codes(seed + 10)
    same = moved(codes)
    assert (same != codes).any()
    assert code_books.matched_bits(codes, same) == 1
    assert code_books.mantel_correlation(codes, same) == pytest.approx(1)
    assert code_books.matched_bits(other, same) == pytest.approx(
        code_books.matched_bits(other, codes)
    )
    assert code_books.mantel_correlation(other, same) == pytest.approx(
        code_books.mantel_correlation(other, codes)
    )
    assert code_books.distinct_splits(same) == code_books.distinct_splits(codes)
    assert sorted(code_books.smaller_side(same)) == sorted(code_books.smaller_side(codes))
    assert code_books.vertex_geometry(same) == pytest.approx(code_books.vertex_geometry(codes))


def test_the_match_is_the_best_of_all_orders_and_signs():
    one, other = (random_codes(seed, bits=4, classes=6) for seed in (1, 2))
    every = [
        (one == (other[:, order] ^ np.array(signs))).mean()
        for order in permutations(range(4))
        for signs in product([False, True], repeat=4)
    ]
    assert code_books.matched_bits(one, other) == pytest.approx(max(every))


def test_a_wrong_bit_costs_its_share():
    codes = random_codes(3)
    changed = moved(codes)
    changed[2, 7] ^= True
    assert code_books.matched_bits(codes, changed) == pytest.approx(1 - 1 / codes.size)


def test_what_is_not_defined_is_nan():
    assert np.isnan(code_books.vertex_geometry(np.ones((10, 4), dtype=bool))).all()
    assert np.isnan(code_books.mantel_correlation(TETRAHEDRON, random_codes(0, classes=4)))


# ---- Books of several seeds ---------------------------------------------------------------------


BITS, DISTANCES = code_seeds.MEASURES


def books_of(tmp_path, codes: list[np.ndarray]) -> list[code_books.Book]:
    return code_books.data([coded_run(tmp_path, own, seed=seed) for seed, own in enumerate(codes)])


def found(tmp_path, codes: list[np.ndarray]) -> pd.DataFrame:
    return code_seeds.data(books_of(tmp_path, codes))


def lines(resemblance, measure, head="binary"):
    return code_seeds.values(resemblance, "digits", head, measure)


def test_one_book_in_other_orders_and_signs_is_one_book(tmp_path):
    same = found(tmp_path, [random_codes(0), moved(random_codes(0)), moved(random_codes(0), 6)])
    for measure in code_seeds.MEASURES:
        own = lines(same, measure)
        assert list(own["value"]) == pytest.approx([1, 1, 1])
        assert code_seeds.beyond_chance(own) == 3
    assert code_seeds.verdict(lines(same, BITS)) == "**one code book** in every seed"


def test_random_books_are_new_in_each_seed_and_within_chance(tmp_path):
    new = found(tmp_path, [random_codes(seed, 32) for seed in range(4)])
    assert code_seeds.verdict(lines(new, BITS)) == "**a new code book in each seed**"
    for measure in code_seeds.MEASURES:
        own = lines(new, measure)
        assert len(own) == 6
        assert code_seeds.beyond_chance(own) <= 2
        assert (own["chance_low"] < own["chance_middle"]).all()
        assert (own["chance_middle"] < own["chance_high"]).all()
    assert lines(new, DISTANCES)["chance_middle"].iloc[0] == pytest.approx(0, abs=0.1)


def test_a_seed_of_its_own_splits_the_verdict(tmp_path):
    two = found(tmp_path, [random_codes(0), moved(random_codes(0)), random_codes(1)])
    assert "in 1 of 3 pairs of seeds" in code_seeds.verdict(lines(two, BITS))


@pytest.mark.parametrize("wrong", [8, 9])
def test_95_percent_of_the_bits_make_one_book(tmp_path, wrong):
    """Of 160 bits 8 may differ."""
    changed = moved(random_codes(0))
    changed[2, :wrong] ^= True
    pair = lines(found(tmp_path, [random_codes(0), changed]), BITS)
    assert pair["value"].iloc[0] == pytest.approx(1 - wrong / 160)
    assert code_seeds.verdict(pair).startswith("**one") == (wrong == 8)


def test_one_seed_has_nothing_to_compare(tmp_path):
    books = books_of(tmp_path, [random_codes(0)])
    alone = code_seeds.data(books)
    assert alone.empty
    assert code_seeds.figure(alone, books) is None


def test_books_that_all_classes_share_have_no_correlation(tmp_path):
    """As where a large γ has collapsed them: the bits agree, and no distance tells anything."""
    books = books_of(tmp_path, [np.ones((10, 16), dtype=bool)] * 2)
    collapsed = code_seeds.data(books)
    assert lines(collapsed, DISTANCES)["value"].isna().all()
    assert code_seeds.beyond_chance(lines(collapsed, DISTANCES)) == 0
    assert len(code_seeds.figure(collapsed, books).data) == 4


def test_the_figure_has_a_mark_for_each_pair_and_says_what_was_trained(tmp_path):
    books = books_of(tmp_path, [random_codes(seed) for seed in range(3)])
    seen = code_seeds.data(books)
    fig = code_seeds.figure(seen, books)
    marks = [trace for trace in fig.data if trace.legendgroup == "binary"]
    assert [list(trace.x) for trace in marks] == [
        list(lines(seen, measure)["value"]) for measure in code_seeds.MEASURES
    ]
    assert list(marks[0].customdata) == ["seeds 0 and 1", "seeds 0 and 2", "seeds 1 and 2"]
    assert "P = 16, γ = 10 (mean_exp), 100 epochs, seeds 0–2" in fig.layout.meta["setting"]
