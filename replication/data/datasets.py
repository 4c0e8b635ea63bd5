"""All that is known of each dataset without loading it: one entry adds one.

Where the files come from is in `sources` and `torchvision_sets`.
"""

from typing import Any, NamedTuple

# The later versions' training of CIFAR10 and CIFAR100. Their learning rate is not known here:
# PyTorch's default for AdamW is this project's choice, and so is how often it evaluates.
_RESNET: dict[str, Any] = {
    "activation": "silu",
    "augmentation": "crop_flip",
    "batch_size": 128,
    "learning_rate": 1e-3,
    "epochs": 200,
    "log_every": 20,
}
_PAPER, _OWN = "the paper's recipe", "this project's recipe"
_LATER = "the later versions' recipe with this project's learning rate"


class DatasetInfo(NamedTuple):
    """What is known of a dataset.

    `title`: its name for people. Numbers of training and test images, of channels, side in pixels,
    number of classes. `recipe`: in what its training differs from RunConfig's defaults; `origin`:
    whose recipe that is. `class_names` by label, where they are not called by their number.
    `foreign`: the dataset whose test images a network of this one is to tell from its own.
    """

    title: str
    train_images: int
    test_images: int
    channels: int
    side: int
    classes: int
    recipe: dict[str, Any]
    origin: str
    class_names: tuple[str, ...] = ()
    foreign: str | None = None


DATASETS = {
    # The recipes of the first two are the paper's (Appendix A).
    "mnist": DatasetInfo(
        *("MNIST", 60_000, 10_000, 1, 28, 10), recipe={}, origin=_PAPER, foreign="fashion_mnist"
    ),
    "fashion_mnist": DatasetInfo(
        *("FashionMNIST", 60_000, 10_000, 1, 28, 10),
        recipe={"backbone": "cnn", "width": 1024, "latent_dim": 128, "batch_size": 128},
        origin=_PAPER,
        class_names=(
            *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        ),
        foreign="mnist",
    ),
    # Small enough to train in seconds.
    "digits": DatasetInfo(
        *("Digits", 1_437, 360, 1, 8, 10),
        recipe={
            "width": 256,
            "latent_dim": 16,
            "learning_rate": 1e-3,
            "epochs": 100,
            "log_every": 10,
        },
        origin=_OWN,
    ),
    # Trained as MNIST.
    "kmnist": DatasetInfo(
        *("KMNIST", 60_000, 10_000, 1, 28, 10),
        recipe={},
        origin=_OWN,
        class_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    ),
    # Trained as CIFAR10, but without flips: a mirrored digit is usually not a digit.
    "svhn": DatasetInfo(
        *("SVHN", 73_257, 26_032, 3, 32, 10),
        recipe={**_RESNET, "backbone": "resnet18", "latent_dim": 4, "augmentation": "crop"},
        origin=_OWN,
    ),
    "cifar10": DatasetInfo(
        *("CIFAR10", 50_000, 10_000, 3, 32, 10),
        recipe={**_RESNET, "backbone": "resnet18", "latent_dim": 4},
        origin=_LATER,
        class_names=(
            *("Airplane", "Automobile", "Bird", "Cat", "Deer"),
            *("Dog", "Frog", "Horse", "Ship", "Truck"),
        ),
    ),
    "cifar100": DatasetInfo(
        *("CIFAR100", 50_000, 10_000, 3, 32, 100),
        recipe={**_RESNET, "backbone": "resnet50", "latent_dim": 36},
        origin=_LATER,
    ),
}
PAPER_DATASETS = ("mnist", "fashion_mnist")
HARDER_DATASETS = ("kmnist", "svhn", "cifar10", "cifar100")
CLASSES = 10  # of the paper's datasets and of the digits


def check_name(name: str) -> None:
    """Raise a ValueError that names the allowed datasets unless `name` is one of them."""
    if name not in list(DATASETS):  # of a TOML file it may be a table, which has no hash
        raise ValueError(f"dataset is {name!r}; allowed: {', '.join(DATASETS)}")


def class_names(dataset: str) -> tuple[str, ...]:
    """What the classes of a dataset are called, by their label."""
    info = DATASETS[dataset]
    return info.class_names or tuple(map(str, range(info.classes)))
