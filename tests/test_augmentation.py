import pytest
import torch

from binenc_core.dataset import scaled
from binenc_core.training import loop
from binenc_core.training.augmentation import PADDING, augmented, crop_offsets
from binenc_core.training.state import derived_seed
from small_runs import CPU, few_digits, small


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def pixels(count, channels=3):
    shape = (count, channels, 7, 9)
    return torch.randint(1, 256, shape, generator=seeded(), dtype=torch.uint8)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_batch_is_moved_as_torchvision_moves_it(channels):
    """torchvision's own padding, crop and flip of each image, also of one that is scaled."""
    from torchvision.transforms.functional import crop, hflip, pad

    images, moves = pixels(200, channels), crop_offsets(200, "crop_flip", seeded(2))
    found, scaled_found = augmented(images, moves), augmented(scaled(images), moves)
    assert found.dtype == torch.uint8
    for image, moved, (row, column, flip) in zip(images, found, moves.tolist(), strict=True):
        expected = crop(pad(image, 4), row, column, 7, 9)
        assert torch.equal(moved, hflip(expected) if flip else expected)
    assert torch.equal(scaled_found, scaled(found))


def test_every_corner_and_both_flips_occur_equally_often():
    moves = crop_offsets(162_000, "crop_flip", seeded())
    assert (moves.shape, moves.dtype) == ((162_000, 3), torch.int64)
    found, counts = moves.unique(dim=0, return_counts=True)
    assert len(found) == 9 * 9 * 2
    assert found.min() == 0 and found[:, :2].max() == 2 * PADDING
    assert counts.min() > 850 and counts.max() < 1150  # 1000 ± 32 by chance


def test_a_crop_without_flips_has_the_same_corners():
    cropped, flipped = (crop_offsets(50, name, seeded(3)) for name in ("crop", "crop_flip"))
    assert torch.equal(cropped[:, :2], flipped[:, :2])
    assert not cropped[:, 2].any() and flipped[:, 2].any()


def test_training_images_alone_are_moved_and_under_every_head_by_the_runs_own_draws(monkeypatch):
    """The same images, moved as the generator of that purpose says, anew in every epoch."""
    steps, evaluated = [], []
    step, evaluate = loop.step, loop.evaluate
    monkeypatch.setattr(loop, "step", lambda s, i, *a: steps.append(i.clone()) or step(s, i, *a))
    monkeypatch.setattr(
        loop, "evaluate", lambda m, data, *a: evaluated.append(data) or evaluate(m, data, *a)
    )
    digits = few_digits()
    for config in (small(), *(small(h, augmentation="crop_flip") for h in ("binary", "none"))):
        loop.train(config, CPU, digits)
    plain, moved, of_another_head = steps[:6], steps[6:12], steps[12:]
    assert all(map(torch.equal, moved, of_another_head))
    generator = seeded(derived_seed(0, "augmentation"))
    order = seeded(derived_seed(0, "order"))
    pairs = iter(zip(plain, moved, strict=True))
    for _ in range(2):
        moves = crop_offsets(150, "crop_flip", generator)
        for batch in torch.randperm(150, generator=order).split(64):
            images, found = next(pairs)
            assert torch.equal(found, augmented(images, moves[batch]))
            assert not torch.equal(found, images)
    for data in evaluated:
        assert torch.equal(data.train_images, digits.train_images)
        assert torch.equal(data.test_images, digits.test_images)


def test_moved_images_are_as_channels_last_convolutions_read_them():
    moved = augmented(pixels(4), crop_offsets(4, "crop", seeded()))
    assert moved.is_contiguous(memory_format=torch.channels_last)
