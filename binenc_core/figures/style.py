"""How an architecture and a dataset look and are called through the whole book."""

from typing import NamedTuple


class Look(NamedTuple):
    """Name, line color and dash of an architecture."""

    name: str
    color: str
    dash: str


# The paper's colors, in shades that readers with color blindness can tell apart (Okabe and Ito).
LOOKS = {
    "binary": Look("Binary encoding", "#0072b2", "solid"),
    "linear": Look("Linear penultimate", "#009e73", "dash"),
    "none": Look("No penultimate", "#e69f00", "dashdot"),
    "nonlinear": Look("Non-linear penultimate", "#d55e00", "dot"),
}

DATASET_NAMES = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "digits": "Digits"}
