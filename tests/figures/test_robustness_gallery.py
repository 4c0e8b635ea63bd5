"""The gallery: each architecture's images, and what the attacks made of them."""

import base64
import io

import numpy as np
import pandas as pd

from made_assessments import IMAGES, PIXELS, four_heads, made_assessment
from replication.figures.robustness import robustness_gallery


def test_pixels_go_from_white_to_ink_and_no_further(tmp_path):
    """The made pictures are −1, 0 and 2."""
    gallery = robustness_gallery.data([made_assessment(tmp_path)])
    pixels = gallery.pixels["binary"]
    assert pixels.shape == (2, 3, PIXELS, PIXELS)
    assert [set(np.unique(own)) for own in np.moveaxis(pixels, 1, 0)] == [{0}, {128}, {255}]


def test_the_first_group_and_each_heads_first_seed_are_shown(tmp_path):
    found = [
        *four_heads(tmp_path, dataset="fashion_mnist", seeds=2),
        *four_heads(tmp_path, dataset="mnist"),
    ]
    gallery = robustness_gallery.data(found)
    assert gallery.group.title == "FashionMNIST, as described"
    assert list(gallery.pixels) == ["binary", "linear", "none", "nonlinear"]
    assert set(gallery.table["seed"]) == {0}
    assert list(gallery.table["class"][:2]) == ["Trouser", "Coat"]


def test_each_image_has_its_own_rows_numbers(tmp_path):
    sizes = np.arange(1, IMAGES + 1) / 100
    found = made_assessment(tmp_path, relative={"deepfool": 0.5, "margin": sizes, "apgd": 0.4})
    fig = robustness_gallery.figure(robustness_gallery.data([found]))
    table = pd.read_csv(io.StringIO(fig.layout.meta["csv"]))
    assert list(table["image"]) == [3, 12]
    assert list(table["smallest"]) == [0.02, 0.05]
    assert list(table["deepfool"]) == [0.5, 0.5]
    words = [note.text for note in fig.layout.annotations]
    assert {"1", "4", "0.020", "0.050"} <= set(words)
    assert words.count("0.500<br>failed (a, d)") == 2


def test_what_deepfool_did_not_fool_and_what_was_wrong_before_is_said(tmp_path):
    labels = np.arange(IMAGES) % 10
    found = made_assessment(
        tmp_path,
        relative={"deepfool": np.where(labels == 1, np.inf, 0.1), "deepfool_last": 0.1},
        table={"predicted": np.where(labels == 4, 9, labels)},
    )
    words = [
        note.text
        for note in robustness_gallery.figure(robustness_gallery.data([found])).layout.annotations
    ]
    assert "4,<br>taken for<br>9" in words
    assert sum("not fooled" in text for text in words) == 1


def test_pictures_are_drawn_apart_as_png_files(tmp_path):
    fig = robustness_gallery.figure(robustness_gallery.data(four_heads(tmp_path)))
    assert len(fig.data) == 4 * 2 * 3
    for axis in {trace.xaxis for trace in fig.data}:
        starts = [trace.x0 for trace in fig.data if trace.xaxis == axis]
        assert (np.diff(starts) > PIXELS).all()
    for trace in fig.data:
        data = base64.b64decode(trace.source.removeprefix("data:image/png;base64,"))
        assert data.startswith(b"\x89PNG")
