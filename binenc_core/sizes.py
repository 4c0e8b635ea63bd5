"""How large each dataset is, known without loading it."""

from typing import NamedTuple


class Size(NamedTuple):
    """Numbers of training and test images, their channels and side in pixels, and classes."""

    train_images: int
    test_images: int
    channels: int
    side: int
    classes: int


SIZES = {
    "mnist": Size(60_000, 10_000, 1, 28, 10),
    "fashion_mnist": Size(60_000, 10_000, 1, 28, 10),
    "digits": Size(1_437, 360, 1, 8, 10),
    "kmnist": Size(60_000, 10_000, 1, 28, 10),
    "svhn": Size(73_257, 26_032, 3, 32, 10),
    "cifar10": Size(50_000, 10_000, 3, 32, 10),
    "cifar100": Size(50_000, 10_000, 3, 32, 100),
}
