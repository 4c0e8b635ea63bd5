"""The code book's matrix and distances: known codes, their order, and what the captions say."""

import numpy as np
import pytest

from made_codes import coded_run, random_codes
from made_runs import csv_of, made_run
from replication.data.datasets import CLASSES, DATASETS
from replication.figures.codes import code_books, code_distances, code_matrix
from replication.figures.codes.code_books import hamming, of_pairs


@pytest.fixture
def runs(tmp_path):
    """Two seeds of both heads on the digits, and one of binary encoding on FashionMNIST."""
    digits = [
        coded_run(tmp_path, random_codes(seed + 10 * (head == "linear")), head=head, seed=seed)
        for seed in (1, 0)
        for head in ("linear", "binary")
    ]
    fashion = coded_run(tmp_path, random_codes(5, 128), dataset="fashion_mnist", certainty=0.9)
    return [*digits, fashion]


@pytest.fixture
def books(runs):
    return code_books.data(runs)


def test_books_are_those_of_the_last_epoch_in_the_books_order(books):
    found = [(b.run.config.dataset, b.run.config.head, b.run.config.seed) for b in books]
    assert found == [
        *(("digits", head, seed) for head in ("binary", "linear") for seed in (0, 1)),
        ("fashion_mnist", "binary", 0),
    ]
    assert (books[0].codes == random_codes(0)).all()
    assert [code_books.undecided(books[place]) for place in (0, -1)] == [0, 1]


def test_runs_without_codes_are_passed_over_or_refused(tmp_path, runs):
    """One that diverged at once has no arrays but its epochs; other heads have other codes."""
    path = tmp_path / "empty.npz"
    np.savez(path, epochs=np.arange(0))
    lost = made_run("digits", seed=7, epochs=100, arrays_path=path)
    assert len(code_books.data([lost, *runs])) == len(runs)
    with pytest.raises(ValueError, match="no run has class codes; allowed heads: binary, linear"):
        code_books.data([lost])


def test_the_matrix_shows_the_first_seed_of_each_dataset_and_head(books):
    shown = code_matrix.data(books)
    assert [(b.run.config.head, b.run.config.seed) for b in shown] == [
        *(("binary", 0), ("linear", 0), ("binary", 0))
    ]
    fig = code_matrix.figure(shown)
    assert [len(trace.y) for trace in fig.data] == [CLASSES] * 3
    assert [np.shape(trace.z)[1] for trace in fig.data] == [16, 16, 128]
    assert fig.data[0].y == tuple("0123456789")
    assert fig.data[2].y == DATASETS["fashion_mnist"].class_names


def test_dimensions_are_sorted_class_by_class(books):
    """The class below halves the blocks of the classes above: the columns fall as numbers."""
    drawn = code_matrix.signed(books[0])
    assert (drawn[0] == 1).all()
    assert (np.diff(2.0 ** -np.arange(CLASSES) @ drawn) <= 0).all()


def test_the_labels_lead_back_to_the_networks_own_dimensions(books):
    (trace,) = code_matrix.figure(books[:1]).data
    for label, column in zip(trace.x, np.asarray(trace.z).T, strict=True):
        dimension, _, negated = label.partition(", ")
        own = books[0].codes[:, int(dimension)]
        assert (column == 100 * (~own if negated else own)).all()


def test_the_matrixs_csv_has_every_fraction_as_measured(books):
    table = csv_of(code_matrix.figure(code_matrix.data(books)))
    own = table[(table["dataset"] == "digits") & (table["head"] == "binary")]
    percents = own[[str(dimension) for dimension in range(16)]].to_numpy()
    assert percents == pytest.approx(100 * books[0].fractions)
    assert list(own["class"]) == list("0123456789")
    fashion = table[table["dataset"] == "fashion_mnist"]
    assert set(fashion[[str(dimension) for dimension in range(128)]].to_numpy().ravel()) == {10, 90}


def test_the_matrix_of_distances_is_the_mean_over_the_seeds(books):
    fig = code_distances.figure(books)
    mean = (hamming(random_codes(0)) + hamming(random_codes(1))) / 2
    drawn = np.asarray(fig.data[0].z)
    assert np.isnan(np.diag(drawn)).all()
    assert of_pairs(drawn) == pytest.approx(of_pairs(mean))
    assert (drawn == drawn.T)[~np.eye(CLASSES, dtype=bool)].all()


def test_the_distribution_holds_every_pair_and_the_largest_mean(books):
    fig = code_distances.figure(books)
    lines = [trace for trace in fig.data if trace.type == "scatter"]
    for trace in lines:
        if trace.legendgroup == "limit":
            assert trace.x[0] == trace.x[1]
        else:
            assert sum(trace.y) == pytest.approx(1)
    limits = [trace.x[0] for trace in lines if trace.legendgroup == "limit"]
    assert limits == pytest.approx([16 * 5 / 9, 128 * 5 / 9])


def test_the_distances_csv_has_a_column_for_each_seed(books):
    table = csv_of(code_distances.figure(books))
    assert len(table) == 45 * 3
    setting = code_distances.figure(books).layout.meta["setting"]
    assert "P = 16, γ = 10 (mean_exp), 100 epochs, seed" in setting
    own = table[(table["dataset"] == "digits") & (table["head"] == "binary")]
    for seed in (0, 1):
        assert list(own[f"seed {seed}"]) == list(of_pairs(hamming(random_codes(seed))))
    assert table.loc[table["dataset"] == "fashion_mnist", "seed 1"].isna().all()


def test_the_linear_head_alone_has_its_figures(runs):
    books = code_books.data([run for run in runs if run.config.head == "linear"])
    assert "with linear penultimate" in code_distances.figure(books).layout.meta["caption"]
    assert len(code_matrix.figure(code_matrix.data(books)).data) == 1
