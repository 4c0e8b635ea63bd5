"""How large each dataset is, known without loading it."""

from typing import NamedTuple


class Size(NamedTuple):
    """Number of training images, their channels, their side in pixels, and number of classes."""

    train_images: int
    channels: int
    side: int
    classes: int


SIZES = {
    "mnist": Size(60_000, 1, 28, 10),
    "fashion_mnist": Size(60_000, 1, 28, 10),
    "digits": Size(1_437, 1, 8, 10),
    "kmnist": Size(60_000, 1, 28, 10),
    "svhn": Size(73_257, 3, 32, 10),
    "cifar10": Size(50_000, 3, 32, 10),
    "cifar100": Size(50_000, 3, 32, 100),
}
