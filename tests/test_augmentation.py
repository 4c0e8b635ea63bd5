import pytest
import torch
from torch import nn

from binenc_core.training import loop
from binenc_core.training.augmentation import PADDING, augmented, crop_offsets
from binenc_core.training.state import build, derived_seed
from small_runs import few_digits, small

CPU = torch.device("cpu")


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def pixels(count, channels=3, height=7, width=9):
    shape = (count, channels, height, width)
    return torch.randint(1, 256, shape, generator=seeded(), dtype=torch.uint8)


def one(image, row, column, flip):
    """A plain crop of one padded image, and a plain flip."""
    channels, height, width = image.shape
    black = 0 if image.dtype == torch.uint8 else -1
    padded = torch.full((channels, height + 8, width + 8), black, dtype=image.dtype)
    padded[:, 4 : 4 + height, 4 : 4 + width] = image
    cropped = padded[:, row : row + height, column : column + width]
    return cropped.flip(2) if flip else cropped


@pytest.mark.parametrize("channels", [1, 3])
def test_a_batch_is_moved_as_its_images_one_by_one(channels):
    images = pixels(200, channels)
    moves = crop_offsets(200, "crop_flip", seeded(1))
    expected = [one(i, *m) for i, m in zip(images, moves.tolist(), strict=True)]
    found = augmented(images, moves)
    assert found.dtype == torch.uint8
    assert torch.equal(found, torch.stack(expected))


def test_a_batch_is_moved_as_torchvision_moves_it():
    """torchvision's own padding and crop of each image, with the same corners."""
    from torchvision.transforms.functional import crop, hflip, pad

    images, moves = pixels(20), crop_offsets(20, "crop_flip", seeded(2))
    found = augmented(images, moves)
    for image, moved, (row, column, flip) in zip(images, found, moves.tolist(), strict=True):
        expected = crop(pad(image, 4), row, column, 7, 9)
        assert torch.equal(moved, hflip(expected) if flip else expected)


def test_scaled_images_are_padded_with_black_too():
    images = pixels(20, channels=1).float() / 127.5 - 1
    moves = crop_offsets(20, "crop", seeded())
    expected = [one(i, *m) for i, m in zip(images, moves.tolist(), strict=True)]
    assert torch.equal(augmented(images, moves), torch.stack(expected))


def test_in_its_place_and_unflipped_an_image_is_itself():
    images = pixels(5)
    moves = torch.tensor([[PADDING, PADDING, 0]]).repeat(5, 1)
    assert torch.equal(augmented(images, moves), images)


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


@pytest.fixture
def batches(monkeypatch):
    """The images of each step of the trainings that follow, and those that are evaluated."""
    seen = {"step": [], "evaluate": []}
    step, evaluate = loop.step, loop.evaluate

    def watched(parts, images, *rest):
        seen["step"].append(images.clone())
        return step(parts, images, *rest)

    def evaluated(model, data, *rest):
        seen["evaluate"].append(data)
        return evaluate(model, data, *rest)

    monkeypatch.setattr(loop, "step", watched)
    monkeypatch.setattr(loop, "evaluate", evaluated)
    return seen


def test_training_images_are_moved_by_the_runs_own_draws(batches):
    """The same images, moved as the generator of that purpose says, anew in every epoch."""
    digits = few_digits()
    loop.train(small(), CPU, digits)
    plain = batches["step"][:]
    batches["step"].clear()
    loop.train(small(augmentation="crop_flip"), CPU, digits)
    generator = seeded(derived_seed(0, "augmentation"))
    order = seeded(derived_seed(0, "order"))
    moved = iter(zip(plain, batches["step"], strict=True))
    for _ in range(2):
        moves = crop_offsets(150, "crop_flip", generator)
        for batch in torch.randperm(150, generator=order).split(64):
            images, found = next(moved)
            assert torch.equal(found, augmented(images, moves[batch]))
            assert not torch.equal(found, images)


def test_no_image_is_moved_in_an_evaluation(batches):
    digits = few_digits()
    loop.train(small(augmentation="crop_flip"), CPU, digits)
    for data in batches["evaluate"]:
        assert torch.equal(data.train_images, digits.train_images)
        assert torch.equal(data.test_images, digits.test_images)


def test_all_heads_see_the_same_moves(batches):
    for head in ("binary", "none"):
        loop.train(small(head, augmentation="crop"), CPU, few_digits())
    assert all(map(torch.equal, batches["step"][:6], batches["step"][6:]))


def test_the_state_of_the_draws_is_in_the_checkpoint_where_there_are_any():
    assert "random.augmentation" in build(small(augmentation="crop"), (1, 8, 8), 10, CPU).tensors()
    assert "random.augmentation" not in build(small(), (1, 8, 8), 10, CPU).tensors()


def test_moved_images_are_as_channels_last_convolutions_read_them():
    moved = augmented(pixels(4), crop_offsets(4, "crop", seeded()))
    assert moved.is_contiguous(memory_format=torch.channels_last)
    assert nn.Conv2d(3, 2, 3)(moved.float()).shape == (4, 2, 5, 7)
