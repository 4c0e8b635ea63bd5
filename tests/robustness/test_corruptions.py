"""Corruptions with known answers, and the accuracy under them."""

import pytest
import torch

from binenc_core.robustness import CORRUPTIONS, corruptions
from binenc_core.robustness.corruptions import accuracy_under, drawn

IMAGES = torch.rand(200, 1, 28, 28, generator=torch.Generator().manual_seed(1)) * 2 - 1
DRAWS = drawn(IMAGES)


@pytest.mark.parametrize("applied", [corruptions.noisy, corruptions.faded, corruptions.occluded])
def test_no_severity_leaves_the_images_as_they_are(applied):
    assert torch.allclose(applied(IMAGES, 0, DRAWS), IMAGES, atol=1e-6)


def test_noise_has_the_standard_deviation_asked_for():
    noise = corruptions.noisy(IMAGES, 2.0, DRAWS) - IMAGES
    assert noise.std().item() == pytest.approx(2, rel=0.01)
    assert noise.mean().item() == pytest.approx(0, abs=0.02)


@pytest.mark.parametrize("share", [0.5, 1])
def test_the_contrast_taken_away_is_a_share_of_the_deviation_from_the_mean(share):
    found = corruptions.faded(IMAGES, share, DRAWS)
    means = IMAGES.mean(dim=(1, 2, 3), keepdim=True)
    assert torch.allclose(found - means, (1 - share) * (IMAGES - means), atol=1e-6)


@pytest.mark.parametrize("share", [0.05, 0.1])
def test_blur_keeps_constant_images_and_spreads_a_point_as_far_as_asked_for(share):
    constant = torch.full((2, 3, 8, 8), -0.3)
    assert torch.allclose(corruptions.blurred(constant, share, DRAWS), constant)
    point = torch.zeros(1, 1, 28, 28, dtype=torch.float64)
    point[..., 14, 14] = 1
    found = corruptions.blurred(point, share, DRAWS)[0, 0]
    assert found.sum().item() == pytest.approx(1)
    places = torch.arange(28.0, dtype=torch.float64) - 14
    variance = (found.sum(dim=0) * places**2).sum().item()
    # The filter ends at three standard deviations, and has the values at whole pixels.
    assert variance == pytest.approx((28 * share) ** 2, rel=0.05)


@pytest.mark.parametrize(("share", "side"), [(0.25, 7), (0.5, 14), (1, 28)])
def test_occlusion_hides_one_square_inside_each_image(share, side):
    images = torch.ones(200, 3, 28, 28)
    hidden = corruptions.occluded(images, share, DRAWS) == 0
    assert hidden.flatten(1).sum(dim=1).eq(3 * side**2).all()
    assert torch.equal(hidden[:, 0], hidden[:, 2])
    for axis in (2, 3):  # that many rows and columns, one after the other
        covered = hidden[:, 0].any(dim=axis - 1).int()
        assert covered.sum(dim=1).eq(side).all()
        assert covered.diff(dim=1).abs().sum(dim=1).le(2).all()


def test_squares_lie_at_every_height_and_width():
    hidden = corruptions.occluded(torch.ones(200, 1, 28, 28), 0.5, DRAWS)[:, 0] == 0
    for axis in (1, 2):
        begins = hidden.any(dim=axis).int().argmax(dim=1)
        assert set(begins.tolist()) == set(range(15))


def test_the_same_draws_for_the_same_seed_in_every_dtype():
    double = drawn(IMAGES.double())
    assert torch.equal(double.noise, DRAWS.noise.double())
    assert torch.equal(double.places, DRAWS.places.double())
    assert not torch.equal(drawn(IMAGES, seed=1).noise, DRAWS.noise)


def brightness(images):
    """Class 1 where the mean is positive."""
    mean = images.mean(dim=(1, 2, 3))
    return torch.stack([torch.zeros_like(mean), mean], dim=1)


def test_accuracy_under_every_corruption_and_severity():
    labels = (IMAGES.mean(dim=(1, 2, 3)) > 0).long()
    labels[:50] = 1 - labels[:50]
    found = accuracy_under(brightness, IMAGES, labels)
    assert list(found) == list(CORRUPTIONS)
    for name, corruption in CORRUPTIONS.items():
        assert list(found[name]) == [0, *corruption.severities]
        assert found[name][0] == 0.75
    # The mean is kept by fading; noise of 28² pixels moves it more than it is away from 0.
    assert found["contrast"][0.8] == 0.75
    assert found["noise"][2.0] < 0.7
    assert accuracy_under(brightness, IMAGES, labels) == found


@pytest.mark.parametrize(("side", "channels"), [(8, 1), (32, 3)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_kind_of_image_has_every_severity(side, channels, dtype):
    images = torch.full((3, channels, side, side), 0.5, dtype=dtype)
    found = accuracy_under(brightness, images, torch.ones(3, dtype=torch.int64))
    assert {a for name, own in found.items() if name != "noise" for a in own.values()} == {1}


def test_global_random_numbers_are_left_alone():
    before = torch.get_rng_state()
    accuracy_under(brightness, IMAGES[:2], torch.ones(2, dtype=torch.int64))
    assert torch.equal(torch.get_rng_state(), before)
