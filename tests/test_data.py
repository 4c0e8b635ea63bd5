import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from binenc_core import dataset
from binenc_core.models import Classifier
from replication.data import sources
from replication.data.datasets import DATASETS
from replication.data.load import load
from small_runs import small


def test_scaling_is_bit_for_bit_that_of_torchvision():
    from torchvision.transforms import Compose, Normalize, ToTensor

    transform = Compose([ToTensor(), Normalize(0.5, 0.5)])
    pixels = np.arange(256, dtype=np.uint8).reshape(2, 16, 8)
    theirs = torch.stack([transform(image[:, :, None]) for image in pixels])
    assert torch.equal(dataset.scaled(torch.from_numpy(pixels)[:, None]), theirs)


def test_a_network_takes_bytes_for_the_scaled_images():
    network = Classifier(small(), 8, 10, (0, 1)).eval()
    pixels = torch.arange(2 * 64).reshape(2, 1, 8, 8).to(torch.uint8)
    for given, expected in zip(network(pixels), network(dataset.scaled(pixels)), strict=True):
        assert torch.equal(given, expected)


@pytest.mark.parametrize("largest", [255, 16])
def test_images_go_back_to_pixels(largest):
    pixels = torch.arange(largest + 1, dtype=torch.uint8)
    expected = (pixels.double() * 255 / largest).round().to(torch.uint8)
    assert torch.equal(dataset.as_bytes(dataset.scaled(pixels, largest)), expected)
    assert dataset.as_bytes(pixels) is pixels


def test_digits_are_split_by_class_and_always_alike():
    digits = load("digits")
    assert all(torch.equal(a, b) for a, b in zip(digits, load("digits"), strict=True))
    assert tuple(digits.train_images.shape) == (1437, 1, 8, 8)
    assert tuple(digits.test_images.shape) == (360, 1, 8, 8)
    assert DATASETS["digits"][1:6] == (1437, 360, 1, 8, 10)
    # scikit-learn has 178, 182, 177, 183, 181, 182, 181, 179, 174 and 180 images of 0 ... 9.
    assert digits.train_labels.bincount().tolist() == [
        142, 146, 142, 146, 145, 145, 145, 143, 139, 144,
    ]  # fmt: skip
    assert digits.test_labels.bincount().tolist() == [36, 36, 35, 37, 36, 37, 36, 36, 35, 36]
    assert digits.test_labels[:12].tolist() == [7, 6, 3, 7, 7, 3, 2, 8, 9, 3, 2, 6]
    # The sum of the test set's pixel values, 0 ... 16: another choice of images has another.
    assert ((digits.test_images.double() + 1) * 8).sum() == 112350


def test_train_and_test_digits_are_all_of_scikit_learns():
    digits = load("digits")
    images = torch.cat([digits.train_images, digits.test_images]).double().flatten(1)
    labels = torch.cat([digits.train_labels, digits.test_labels])
    ours = np.column_stack([(images.numpy() + 1) * 8, labels.numpy()])
    original = load_digits()
    theirs = np.column_stack([original.data, original.target])
    assert sorted(map(tuple, ours)) == sorted(map(tuple, theirs))


@pytest.mark.parametrize(
    "name, mean, std, counts",
    [
        # The mean and deviation of the train pixels in [0, 1] that are customary for each set.
        ("mnist", 0.1307, 0.3081, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]),
        ("fashion_mnist", 0.2860, 0.3530, [6000] * 10),
    ],
)
def test_the_real_files(name, mean, std, counts, tmp_path):
    from torchvision import datasets

    folder = DATASETS[name].files.folder
    files = list((sources.default_folder() / folder).glob("*ubyte*"))
    if len(files) < 4:
        pytest.skip(f"{name} is not in the data folder: make data")
    (tmp_path / folder).mkdir(parents=True)
    for path in files:  # which torchvision reads unpacked alone
        (tmp_path / folder / path.name.removesuffix(".gz")).write_bytes(sources.content(path))
    loaded = load(name)
    train = loaded.train_images / 255
    assert train.mean().item() == pytest.approx(mean, abs=5e-5)
    assert train.std().item() == pytest.approx(std, abs=5e-5)
    assert loaded.train_labels.bincount().tolist() == counts
    count, _, side, _ = loaded.train_images.shape
    assert DATASETS[name][1:6] == (count, len(loaded.test_images), 1, side, 10)
    theirs = getattr(datasets, DATASETS[name].title)(tmp_path, train=False)
    assert torch.equal(loaded.test_labels, theirs.targets)
    assert torch.equal(loaded.test_images[:, 0], theirs.data)


def test_a_draw_of_fewer_images_is_the_beginning_of_one_of_more():
    few, many = dataset.draw(80, 10), dataset.draw(80, 40)
    assert torch.equal(few, many[:10])
    assert few.tolist() != list(range(10))
    assert sorted(dataset.draw(80, None).tolist()) == list(range(80))
    with pytest.raises(ValueError, match="images is 81; allowed: 1 to 80"):
        dataset.draw(80, 81)
