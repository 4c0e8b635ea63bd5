"""What the page says of codes that are known."""

import numpy as np
import pytest

from made_codes import coded_run, moved, random_codes
from replication.figures.codes import code_books, code_findings, code_seeds, least_aligned

VALUES = {"equiangularity": 0.125, "max_angle": 0.25}


def said(runs) -> str:
    books = code_books.data(runs)
    return code_findings.findings(books, code_seeds.data(books), least_aligned.data(runs), runs)


def coded(tmp_path, book, **changes):
    return coded_run(tmp_path, book, values=VALUES, **changes)


@pytest.fixture
def balanced() -> np.ndarray:
    """Sixteen bits that five classes each have."""
    rng = np.random.default_rng(0)
    return np.array([rng.permutation(10) < 5 for _ in range(16)]).T


def row(text: str, name: str) -> list[str]:
    (line,) = [line for line in text.splitlines() if line.startswith(f"| {name}")]
    return [cell.strip() for cell in line.split("|")[2:-1]]


def test_the_table_has_the_numbers_of_the_codes(tmp_path, balanced):
    text = said([coded(tmp_path, balanced, images=True), coded(tmp_path, balanced, head="linear")])
    assert row(text, "mean distance (at most 8.889 of 16 bits)") == ["8.89", "8.89"]
    assert row(text, "bits that half of the classes have") == ["100.00 %"] * 2
    assert row(text, "distinct codes") == ["10", "10"]
    assert row(text, "equiangularity of the class means") == ["0.125", "0.125"]
    assert row(text, "max angle of the class means") == ["0.25", "0.25"]
    assert "100.00 % with binary encoding and 100.00 % with linear penultimate" in text
    assert "(balanced bits: at least 0.0843)" in text
    assert "(balanced bits: at least 0.0642)" in text


def test_seeds_are_judged_head_by_head(tmp_path):
    """The linear books are one in disguise, the binary ones are new."""
    runs = [
        *(coded(tmp_path, random_codes(seed), seed=seed) for seed in (0, 1)),
        *(
            coded(tmp_path, book, head="linear", seed=seed)
            for seed, book in enumerate([random_codes(2), moved(random_codes(2))])
        ),
    ]
    text = said(runs)
    assert "Binary encoding: **a new code book in each seed**" in text
    assert "Linear penultimate: **one code book** in every seed. 100.00 ± 0.00 %" not in text
    assert "Linear penultimate: **one code book** in every seed. 100.00 % of the bits" in text
    assert "is less alike from seed to seed with binary encoding" in text


def test_close_pairs_are_those_of_every_seed(tmp_path):
    near = random_codes(0, 32)
    near[3] = near[5]
    other = random_codes(1, 32)
    other[3] = other[5]
    books = code_books.data(
        [coded(tmp_path, book, seed=seed) for seed, book in enumerate([near, other])]
    )
    assert "3 and 5" in code_findings.close_in_all(books, "digits", "binary")
    text = code_findings.close_in_all(books[:1], "digits", "binary")
    assert text.count(" and ") <= 9  # a fifth of 45


def test_the_images_are_counted(tmp_path, balanced):
    text = said([coded(tmp_path, balanced, images=True)])
    assert "Of the 10 test images furthest from their class's vertex 1 are misclassified" in text
    assert "from −0.50 to 0.90" in text
    assert "No images" not in text


def test_what_one_seed_without_images_cannot_tell_is_said(tmp_path, balanced):
    text = said([coded(tmp_path, balanced, seed=1)])
    assert "No images of Digits" in text
    assert "One seed: whether another one finds the same codes is not judged." in text
    assert "The rule" not in text


def test_a_collapsed_book_is_described_without_failing(tmp_path):
    flat = np.zeros((10, 16), dtype=bool)
    text = said([coded(tmp_path, flat, seed=seed) for seed in (0, 1)])
    assert row(text, "distinct codes") == ["1 ± 0"]
    assert row(text, "equiangularity of the vertices") == ["no value"]
    assert "nan" not in text
