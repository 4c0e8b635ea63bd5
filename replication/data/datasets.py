"""All that is known of each dataset without loading it: one entry adds one."""

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


class Files(NamedTuple):
    """The files of a dataset, where torchvision keeps them too.

    `format`: which of `load.READERS` reads them. `folder`: their place in the data folder.
    `servers`: addresses of folders from which they can be downloaded. `checksums`: the MD5 of each
    file that is downloaded, by name, in the order in which they are read. `contents`: by the same
    names the SHA-256 of what a `.gz` holds, where that is around in other packings too.
    """

    format: str
    folder: str
    servers: tuple[str, ...]
    checksums: dict[str, str]
    contents: dict[str, str]


def _idx(folder: str, servers: tuple[str, ...], checksums: str, contents: str = "") -> Files:
    """Files in the format of MNIST, with their sums in the order below, as words."""
    names = (
        *("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        *("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
    )
    packed = dict(zip(names, checksums.split(), strict=True))
    unpacked = dict(zip(names, contents.split(), strict=True)) if contents else {}
    return Files("idx", f"{folder}/raw", servers, packed, unpacked)


class DatasetInfo(NamedTuple):
    """What is known of a dataset.

    `title`: its name for people. Numbers of training and test images, of channels, side in pixels,
    number of classes. `recipe`: in what its training differs from RunConfig's defaults; `origin`:
    whose recipe that is. `class_names` by label, where they are not called by their number.
    `foreign`: the dataset whose test images a network of this one is to tell from its own. `files`
    is None for what scikit-learn ships. `sgd_rate`: the learning rate of a classifier trained by
    SGD, over Adam's, which was chosen on held-out images of the digits and of MNIST.
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
    files: Files | None = None
    sgd_rate: float = 100.0


DATASETS = {
    # The recipes of the first two are the paper's (Appendix A).
    "mnist": DatasetInfo(
        *("MNIST", 60_000, 10_000, 1, 28, 10),
        recipe={},
        origin=_PAPER,
        foreign="fashion_mnist",
        files=_idx(
            "MNIST",
            (
                "https://ossci-datasets.s3.amazonaws.com/mnist/",
                "http://yann.lecun.com/exdb/mnist/",
            ),
            "f68b3c2dcbeaaa9fbdd348bbdeb94873 d53e105ee54ea40749a09fcbcd1e9432 "
            "9fb629c4189551a2d022fa330f9573f3 ec29112dd5afa0611ce80d1b7f02629c",
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db "
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5 "
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7 "
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
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
        files=_idx(
            "FashionMNIST",
            ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
            "8d4fb7e6c68d591d4c3dfef9ec88bf0d 25c81989df183df01b3e8a0aad5dffbe "
            "bef4ecab320f06d8554ea6380940ec79 bb300cfdad3c16e7a12a480ee83cd310",
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 "
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9 "
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b "
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
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
        sgd_rate=10.0,
    ),
    # Trained as MNIST.
    "kmnist": DatasetInfo(
        *("KMNIST", 60_000, 10_000, 1, 28, 10),
        recipe={},
        origin=_OWN,
        class_names=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
        files=_idx(
            "KMNIST",
            ("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
            "bdb82020997e1d708af4cf47b453dcf7 e144d726b3acfaa3e44228e80efcd344 "
            "5c965bf0a639b31b8f53240b1b52f4d7 7320c461ea6c1c855c0b718fb2a4b134",
        ),
    ),
    # Trained as CIFAR10, but without flips: a mirrored digit is usually not a digit.
    "svhn": DatasetInfo(
        *("SVHN", 73_257, 26_032, 3, 32, 10),
        recipe={**_RESNET, "backbone": "resnet18", "latent_dim": 4, "augmentation": "crop"},
        origin=_OWN,
        files=Files(
            *("svhn", "", ("http://ufldl.stanford.edu/housenumbers/",)),
            {
                "train_32x32.mat": "e26dedcc434d2e4c54c9b2d4a06d8373",
                "test_32x32.mat": "eb5a983be6a315427106f1b164d9cef3",
            },
            contents={},
        ),
    ),
    "cifar10": DatasetInfo(
        *("CIFAR10", 50_000, 10_000, 3, 32, 10),
        recipe={**_RESNET, "backbone": "resnet18", "latent_dim": 4},
        origin=_LATER,
        class_names=(
            *("Airplane", "Automobile", "Bird", "Cat", "Deer"),
            *("Dog", "Frog", "Horse", "Ship", "Truck"),
        ),
        files=Files(
            *("cifar", "", ("https://www.cs.toronto.edu/~kriz/",)),
            {"cifar-10-python.tar.gz": "c58f30108f718f92721af3b95e74349a"},
            contents={},
        ),
    ),
    "cifar100": DatasetInfo(
        *("CIFAR100", 50_000, 10_000, 3, 32, 100),
        recipe={**_RESNET, "backbone": "resnet50", "latent_dim": 36},
        origin=_LATER,
        files=Files(
            *("cifar", "", ("https://www.cs.toronto.edu/~kriz/",)),
            {"cifar-100-python.tar.gz": "eb9058c3a382ffc7106e4002c42a8d85"},
            contents={},
        ),
    ),
}
PAPER_DATASETS = ("mnist", "fashion_mnist")
HARDER_DATASETS = ("kmnist", "svhn", "cifar10", "cifar100")
CLASSES = 10  # of the paper's datasets and of the digits


def class_names(dataset: str) -> tuple[str, ...]:
    """What the classes of a dataset are called, by their label."""
    info = DATASETS[dataset]
    return info.class_names or tuple(map(str, range(info.classes)))
