"""The test images furthest from their vertex, and runs that have none."""

import numpy as np
import pytest

from made_codes import coded_run, random_codes
from made_runs import csv_of
from replication.data.datasets import CLASSES
from replication.figures.codes import least_aligned


@pytest.fixture
def runs(tmp_path):
    """The digits' first seed has no images, FashionMNIST's only run neither."""
    return [
        *(
            coded_run(tmp_path, random_codes(seed), images=seed > 0, head=head, seed=seed)
            for head in ("linear", "binary")
            for seed in (2, 1, 0)
        ),
        coded_run(tmp_path, random_codes(0, 128), dataset="fashion_mnist", epochs=10),
    ]


def test_shows_the_last_epoch_of_the_first_binary_seed_that_has_images(runs):
    (images,) = least_aligned.data(runs)
    assert (images.run.config.head, images.run.config.seed) == ("binary", 1)
    assert list(images.pixels[:, 0, 0]) == list(range(0, 100, 10))
    assert list(images.predicted) == [9, *range(1, CLASSES)]


def test_every_image_is_drawn_with_its_words_and_the_rest_named(runs):
    fig = least_aligned.figure(least_aligned.data(runs), runs)
    drawn = [trace for trace in fig.data if trace.type == "heatmap"]
    assert [int(np.asarray(trace.z).max()) for trace in drawn] == list(range(0, 100, 10))
    words = [note.text for note in fig.layout.annotations if "<br>" in note.text]
    assert words[:2] == ["0<br>9<br>−0.50", "1<br>✓<br>0.10"]
    assert len(words) == CLASSES
    meta = fig.layout.meta
    assert "FashionMNIST" in meta["caption"]
    assert "P = 16, γ = 10 (mean_exp), 100 epochs, seed" in meta["setting"]
    table = csv_of(fig)
    assert list(table["predicted"]) == [9, *range(1, CLASSES)]
    assert table["cosine"].iloc[0] == -0.5


def test_without_any_image_there_is_a_sentence_and_no_figure(runs):
    old = [run for run in runs if run.config.dataset == "fashion_mnist"]
    assert least_aligned.data(old) == []
    assert least_aligned.figure([], old) is None
    assert least_aligned.missing([], old).startswith("No images of FashionMNIST")
    digits = [run for run in runs if run.config.dataset == "digits"]
    assert least_aligned.missing(least_aligned.data(digits), digits) == ""


def test_images_in_color_are_drawn_in_color(tmp_path):
    runs = [coded_run(tmp_path, random_codes(0, 4), True, color=True, dataset="cifar10", epochs=10)]
    fig = least_aligned.figure(least_aligned.data(runs), runs)
    assert {trace.type for trace in fig.data} == {"image"}
    assert [np.asarray(trace.z)[0, 0].tolist() for trace in fig.data][3] == [0, 30, 255]
    assert fig.layout.annotations[0].text.startswith("Airplane<br>Truck<br>")


def test_of_many_classes_those_furthest_from_their_vertex_are_drawn(tmp_path):
    """Class c has the cosine c/10, class 0 has −0.5."""
    codes = random_codes(0, 36, classes=100)
    runs = [coded_run(tmp_path, codes, True, color=True, dataset="cifar100", epochs=10)]
    (images,) = least_aligned.data(runs)
    images.cosines[90] = -0.9
    fig = least_aligned.figure([images], runs)
    words = [note.text.split("<br>")[0] for note in fig.layout.annotations if "<br>" in note.text]
    assert words == [*map(str, range(9)), "90"]
    assert "Of CIFAR100 the 10 classes with the least cosines" in fig.layout.meta["caption"]
    assert len(csv_of(fig)) == 100


def test_the_linear_head_stands_in_where_it_alone_has_images(runs):
    (images,) = least_aligned.data([run for run in runs if run.config.head == "linear"])
    assert images.run.config.head == "linear"


def test_images_do_not_overlap(runs):
    fig = least_aligned.figure(least_aligned.data(runs), runs)
    for axis in {trace.xaxis for trace in fig.data}:
        starts = [trace.x0 for trace in fig.data if trace.xaxis == axis]
        assert (np.diff(starts) > 6).all()
        low, high = fig.layout[axis.replace("x", "xaxis")].range
        assert low <= min(starts) - 0.5
        assert high >= max(starts) + 5.5
