"""Calibration of probabilities that are known to be right, or wrong by a known amount."""

import pytest
import torch

from binenc_core.reliability import calibration

CLASSES = 4


def drawn(scale: float, images: int = 20_000, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits times `scale`, and labels drawn from the softmax of the logits themselves."""
    generator = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(images, CLASSES, generator=generator).double()
    labels = torch.multinomial(logits.softmax(dim=1), 1, generator=generator)[:, 0]
    return scale * logits, labels


def sure(confidence: float, right: int, images: int = 100) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits that give class 0 this probability, and labels that say so in `right` images."""
    rest = (1 - confidence) / (CLASSES - 1)
    logits = torch.tensor([confidence] + [rest] * (CLASSES - 1)).double().log()
    return logits.expand(images, -1), (torch.arange(images) >= right).long()


def test_what_is_right_as_often_as_it_says_has_no_error():
    assert calibration.calibration_error(*sure(0.75, 75)) == pytest.approx(0, abs=1e-12)
    assert calibration.calibration_error(*drawn(1.0)) < 0.01


@pytest.mark.parametrize(("confidence", "right"), [(0.9, 60), (0.5, 100), (0.97, 0)])
def test_a_known_gap_is_the_error(confidence, right):
    found = calibration.calibration_error(*sure(confidence, right))
    assert found == pytest.approx(abs(confidence - right / 100), abs=1e-6)


def test_the_error_is_weighted_by_the_images_of_each_bin_as_the_bins_are():
    parts = zip(sure(0.9, 60), sure(0.5, 50, 300), strict=True)
    logits, labels = (torch.cat(two) for two in parts)
    labels[100:250] = 0
    labels[250:] = 1
    assert calibration.calibration_error(logits, labels) == pytest.approx(0.075, abs=1e-6)
    count, confidence, accuracy = calibration.bins(logits, labels)
    assert count.sum() == len(labels)
    gaps = (count * (confidence - accuracy).abs()).nansum() / len(labels)
    assert float(gaps) == pytest.approx(0.075, abs=1e-6)
    assert accuracy[count == 0].isnan().all()


def test_probability_1_is_in_the_last_bin():
    """Not in one of its own, where right and wrong images of the last bin do not cancel."""
    parts = zip(sure(0.94, 100), ([[9e2, 0, 0, 0]] * 100, [1] * 12 + [0] * 88), strict=True)
    logits, labels = (torch.cat([one, torch.tensor(two).to(one.dtype)]) for one, two in parts)
    assert calibration.calibration_error(logits, labels) == pytest.approx(0.97 - 0.94, abs=1e-6)
    assert calibration.bins(logits, labels).count.tolist() == [0] * 14 + [200]


@pytest.mark.parametrize("scale", [1e-2, 0.3, 1.0, 4.0, 100.0])
def test_temperature_scaling_finds_a_known_temperature(scale):
    logits, labels = drawn(scale)
    assert calibration.temperature(logits, labels) == pytest.approx(scale, rel=0.03)


def test_temperature_scaling_mends_the_error_of_images_it_has_not_seen():
    t = calibration.temperature(*drawn(5.0))
    logits, labels = drawn(5.0, seed=1)
    assert calibration.calibration_error(logits, labels) > 0.1
    assert calibration.calibration_error(logits / t, labels) < 0.01
    logits, _ = drawn(1.0, 100)
    without_errors = calibration.temperature(logits, logits.argmax(dim=1))
    assert calibration.TEMPERATURES[0] <= without_errors < 0.1


def test_the_interval_holds_a_known_error_and_is_the_same_each_time():
    """Of those who say .9 and are right in .7: the error is .2 on average."""
    covered = 0
    for seed in range(60):
        generator = torch.Generator().manual_seed(seed)
        right = int(torch.binomial(torch.tensor(200.0), torch.tensor(0.7), generator=generator))
        _, low, high = calibration.estimate(*sure(0.9, right, 200))
        covered += low <= 0.2 <= high
    assert 51 <= covered <= 60
    assert calibration.estimate(*drawn(2.0, 500)) == calibration.estimate(*drawn(2.0, 500))


def test_the_interval_of_what_is_calibrated_shrinks_with_more_images():
    found = [calibration.estimate(*drawn(1.0, images)) for images in (200, 2000, 20_000)]
    assert all(low < value < high for value, low, high in found)
    assert found[0].low > found[1].high > found[2].high
    for value, low, high in found:  # which resampled errors alone would not be around
        assert (low + high) / 2 == pytest.approx(value, abs=0.1 * (high - low))
