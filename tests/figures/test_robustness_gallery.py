"""The gallery: each architecture's images, what the attacks made of them, and all lengths."""

import base64

import numpy as np
import pytest

from made_assessments import IMAGES, PIXELS, four_heads, made_assessment
from made_runs import csv_of
from replication.figures.robustness import robustness_gallery


def drawn(found):
    return robustness_gallery.figure(robustness_gallery.data(found))


def words(traces) -> list[str]:
    """What stands below the pictures."""
    return [
        text
        for trace in traces
        if trace.type == "scatter" and trace.mode == "text"
        for text in trace.text
    ]


def test_pixels_go_from_white_to_ink_and_no_further(tmp_path):
    """The made pictures are −1, 0 and 2."""
    gallery = robustness_gallery.data([made_assessment(tmp_path)])
    for shot in gallery.shots:
        pixels = shot.pixels["binary"]
        assert pixels.shape == (3, PIXELS, PIXELS)
        assert [set(np.unique(own)) for own in pixels] == [{0}, {128}, {255}]


def test_the_slider_goes_through_every_image_of_each_heads_first_seed(tmp_path):
    found = [
        *four_heads(tmp_path, dataset="fashion_mnist", seeds=2),
        *four_heads(tmp_path, dataset="mnist"),
    ]
    gallery = robustness_gallery.data(found)
    titles = [
        *("FashionMNIST, as described: Trouser", "FashionMNIST, as described: Coat"),
        *("MNIST, as described: 1", "MNIST, as described: 4"),
    ]
    assert [shot.title for shot in gallery.shots] == titles
    for shot in gallery.shots:
        assert list(shot.pixels) == ["binary", "linear", "none", "nonlinear"]
        assert {line["seed"] for line in shot.lines.values()} == {0}
    fig = robustness_gallery.figure(gallery)
    assert [frame.name for frame in fig.frames] == titles
    assert [step.label for step in fig.layout.sliders[0].steps] == titles
    for frame, name in zip(fig.frames, ("Trouser", "Coat", "1", "4"), strict=True):
        assert len(frame.data) == len(fig.data)
        assert words(frame.data).count(name) == 4
    assert words(fig.data) == words(fig.frames[0].data)


def test_networks_that_lack_an_architecture_of_the_first_are_left_out(tmp_path):
    found = four_heads(tmp_path) + four_heads(tmp_path, dataset="fashion_mnist")[:2]
    gallery = robustness_gallery.data(found)
    assert {shot.group.title for shot in gallery.shots} == {"MNIST, as described"}
    assert len(robustness_gallery.figure(gallery).frames) == 2


def test_each_image_has_its_own_rows_numbers(tmp_path):
    sizes = np.arange(1, IMAGES + 1) / 100
    found = made_assessment(tmp_path, relative={"deepfool": 0.5, "margin": sizes, "apgd": 0.4})
    fig = drawn([found])
    table = csv_of(fig).dropna(subset="image")
    assert list(table["image"]) == [3, 12]
    assert list(table["smallest"]) == [0.02, 0.05]
    assert list(table["deepfool"]) == [0.5, 0.5]
    assert [words(frame.data) for frame in fig.frames] == [
        ["1", "0.500 ✗", "0.020"],
        ["4", "0.500 ✗", "0.050"],
    ]
    for frame, smallest in zip(fig.frames, (0.02, 0.05), strict=True):
        assert list(frame.data[-1].x) == [0.5, smallest]


def test_what_deepfool_did_not_fool_and_what_was_wrong_before_is_said(tmp_path):
    labels = np.arange(IMAGES) % 10
    found = made_assessment(
        tmp_path,
        relative={"deepfool": np.where(labels == 1, np.inf, 0.1), "deepfool_last": 0.1},
        table={"predicted": np.where(labels == 4, 9, labels)},
    )
    first, second = (words(frame.data) for frame in drawn([found]).frames)
    assert "not fooled" in first[1] and "not fooled" not in second[1]
    assert second[0] == "4,<br>taken for<br>9"


def test_the_curves_count_all_images_of_all_networks(tmp_path):
    sizes = np.where(np.arange(IMAGES) < IMAGES // 4, 0.01, 0.1)
    found = [
        made_assessment(tmp_path, seed=seed, relative={"margin": sizes / (1 + seed)})
        for seed in (0, 1)
    ]
    gallery = robustness_gallery.data(found)
    bars = gallery.bars["MNIST, as described", "binary", "smallest"]
    assert bars.sum() == pytest.approx(1)
    lengths = np.concatenate([sizes, sizes / 2])
    expected = [np.mean(lengths >= edge) for edge in gallery.edges[:-1]]
    np.testing.assert_allclose(bars[::-1].cumsum()[::-1][1:], expected[1:])
    curves = [t for t in robustness_gallery.figure(gallery).data if t.type == "scatter"]
    (smallest,) = [trace for trace in curves if trace.line.dash == "solid"]
    np.testing.assert_allclose(smallest.y, bars, atol=1e-4)


def test_pictures_are_drawn_apart_as_png_files(tmp_path):
    pictures = [trace for trace in drawn(four_heads(tmp_path)).data if trace.type == "image"]
    assert len(pictures) == 4 * 3
    for axis in {trace.xaxis for trace in pictures}:
        starts = [trace.x0 for trace in pictures if trace.xaxis == axis]
        assert (np.diff(starts) > 1).all()
    for trace in pictures:
        assert trace.dx == trace.dy == pytest.approx(1 / PIXELS)
        data = base64.b64decode(trace.source.removeprefix("data:image/png;base64,"))
        assert data.startswith(b"\x89PNG")
