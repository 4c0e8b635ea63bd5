import hashlib

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from binenc_core import dataset
from binenc_core.models import Classifier
from replication.data import sources
from replication.data.datasets import DATASETS
from replication.data.folder import DataError
from replication.data.load import load
from replication.data.sources import Archive, RawFile
from small_runs import small

NAMES = tuple(file.name for file in sources.ARCHIVES["mnist"].files)


def idx(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Write four files as MNIST's and make them the expected ones; shapes are those to expect."""

    def write(contents, shapes):
        raw = tmp_path / "MNIST" / "raw"
        raw.mkdir(parents=True)
        files = []
        for name, content, shape in zip(NAMES, contents, shapes, strict=True):
            (raw / name).write_bytes(content)
            files.append(RawFile(name, hashlib.sha256(content).hexdigest(), shape))
        monkeypatch.setitem(sources.ARCHIVES, "mnist", Archive("MNIST", tuple(files)))
        return tmp_path

    return write


@pytest.fixture
def arrays():
    """Train images with every pixel value once, in 2 x 16 x 8 pixels, and three test images."""
    return (
        np.arange(256, dtype=np.uint8).reshape(2, 16, 8),
        np.array([3, 9], np.uint8),
        np.arange(100, 100 + 3 * 16 * 8).astype(np.uint8).reshape(3, 16, 8),
        np.array([0, 7, 1], np.uint8),
    )


def test_files_become_tensors(tiny, arrays):
    folder = tiny([idx(array) for array in arrays], [array.shape for array in arrays])
    loaded = load("mnist", folder)
    assert [tuple(t.shape) for t in loaded] == [(2, 1, 16, 8), (2,), (3, 1, 16, 8), (3,)]
    assert [t.dtype for t in loaded] == [torch.uint8, torch.int64] * 2
    assert all(t.is_contiguous() and t.device.type == "cpu" for t in loaded)
    assert loaded.train_labels.tolist() == [3, 9]
    assert loaded.test_labels.tolist() == [0, 7, 1]
    assert torch.equal(loaded.train_images.flatten(), torch.arange(256, dtype=torch.uint8))
    assert np.array_equal(loaded.test_images[:, 0].numpy(), arrays[2])


def test_scaling_is_bit_for_bit_that_of_torchvision(tiny, arrays):
    from torchvision.transforms import Compose, Normalize, ToTensor

    transform = Compose([ToTensor(), Normalize(0.5, 0.5)])
    folder = tiny([idx(array) for array in arrays], [array.shape for array in arrays])
    loaded = load("mnist", folder)
    for ours, pixels in ((loaded.train_images, arrays[0]), (loaded.test_images, arrays[2])):
        theirs = torch.stack([transform(image[:, :, None]) for image in pixels])
        assert torch.equal(dataset.scaled(ours), theirs)


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


def signed(content):
    return content[:2] + b"\x09" + content[3:]


def one_axis_less(content):
    rows, columns = content[8:12], content[12:16]
    product = int.from_bytes(rows, "big") * int.from_bytes(columns, "big")
    return content[:3] + b"\x02" + content[4:8] + product.to_bytes(4, "big") + content[16:]


def transposed(content):
    return content[:8] + content[12:16] + content[8:12] + content[16:]


@pytest.mark.parametrize(
    "damage",
    [
        signed,
        one_axis_less,
        transposed,
        lambda content: b"\x01" + content[1:],
        lambda content: content[:10],
        lambda content: content[:-1],
        lambda content: content + b"\0",
    ],
    ids=["dtype", "axes", "lengths", "magic", "header cut", "data cut", "data added"],
)
@pytest.mark.parametrize("victim", [0, 2])
def test_a_header_that_is_not_the_expected_one_is_refused(victim, damage, tiny, arrays):
    contents = [idx(array) for array in arrays]
    contents[victim] = damage(contents[victim])
    folder = tiny(contents, [array.shape for array in arrays])
    with pytest.raises(DataError, match=f"{NAMES[victim]}: expected .* IDX header .* found"):
        load("mnist", folder)


def test_loading_fetches_what_is_missing_then_reads_the_folder(tiny, arrays, monkeypatch, tmp_path):
    files = {name: idx(array) for name, array in zip(NAMES, arrays, strict=True)}
    tiny(files.values(), [array.shape for array in arrays])
    source = sources.Source("a source", ("mnist",), lambda archive: files, "a remedy")
    monkeypatch.setattr(sources, "SOURCES", (source,))
    first = load("mnist", tmp_path / "other")
    monkeypatch.setattr(sources, "SOURCES", ())
    second = load("mnist", tmp_path / "other")
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize("name", ["Digits", "imagenet", None])
def test_an_unknown_dataset_is_refused(name):
    with pytest.raises(ValueError, match=f"; allowed: {', '.join(DATASETS)}$"):
        load(name)


def test_digits_are_split_by_class():
    digits = load("digits")
    assert tuple(digits.train_images.shape) == (1437, 1, 8, 8)
    assert tuple(digits.test_images.shape) == (360, 1, 8, 8)
    # scikit-learn has 178, 182, 177, 183, 181, 182, 181, 179, 174 and 180 images of 0 ... 9.
    assert digits.train_labels.bincount().tolist() == [
        142, 146, 142, 146, 145, 145, 145, 143, 139, 144,
    ]  # fmt: skip
    assert digits.test_labels.bincount().tolist() == [36, 36, 35, 37, 36, 37, 36, 36, 35, 36]


def test_the_split_of_the_digits_never_changes():
    first, second = load("digits"), load("digits")
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert first.test_labels[:12].tolist() == [7, 6, 3, 7, 7, 3, 2, 8, 9, 3, 2, 6]
    # The sum of the test set's pixel values, 0 ... 16: another choice of images has another.
    assert ((first.test_images.double() + 1) * 8).sum() == 112350


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
def test_the_real_files(name, mean, std, counts, monkeypatch):
    from torchvision import datasets

    archive = sources.ARCHIVES[name]
    raw = sources.default_folder() / archive.folder / "raw"
    if not all((raw / file.name).exists() for file in archive.files):
        pytest.skip(f"{name} is not in the data folder: make data")
    loaded = load(name)
    train = loaded.train_images / 255
    assert train.mean().item() == pytest.approx(mean, abs=5e-5)
    assert train.std().item() == pytest.approx(std, abs=5e-5)
    assert loaded.train_labels.bincount().tolist() == counts
    theirs = getattr(datasets, archive.folder)(sources.default_folder(), train=False)
    assert torch.equal(loaded.test_labels, theirs.targets)
    assert torch.equal(loaded.test_images[:, 0], theirs.data)


def test_the_size_of_each_dataset_is_known_without_loading_it():
    digits = load("digits")
    count, channels, side, _ = digits.train_images.shape
    assert DATASETS["digits"][1:6] == (count, len(digits.test_images), channels, side, 10)
    for name, archive in sources.ARCHIVES.items():
        (count, side, _), (tests, *_) = archive.files[0].shape, archive.files[2].shape
        assert DATASETS[name][1:6] == (count, tests, 1, side, 10)


def test_a_draw_of_fewer_images_is_the_beginning_of_one_of_more():
    few, many = dataset.draw(80, 10), dataset.draw(80, 40)
    assert torch.equal(few, many[:10])
    assert few.tolist() != list(range(10))
    assert sorted(dataset.draw(80, None).tolist()) == list(range(80))


def test_a_draw_of_more_images_than_there_are_is_refused():
    with pytest.raises(ValueError, match="images is 81; allowed: 1 to 80"):
        dataset.draw(80, 81)
