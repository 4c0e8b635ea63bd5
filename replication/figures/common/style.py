"""How an architecture, a dataset and a protocol look and are called through the whole book."""

from typing import Any, NamedTuple


class HeadStyle(NamedTuple):
    """Name, line color, dash and marker of an architecture."""

    name: str
    color: str
    dash: str
    symbol: str


# The paper's colors, in shades that readers with color blindness can tell apart (Okabe and Ito).
HEAD_STYLES = {
    "binary": HeadStyle("Binary encoding", "#0072b2", "solid", "circle"),
    "linear": HeadStyle("Linear penultimate", "#009e73", "dash", "square"),
    "none": HeadStyle("No penultimate", "#e69f00", "dashdot", "diamond"),
    "nonlinear": HeadStyle("Non-linear penultimate", "#d55e00", "dot", "triangle-up"),
}

# For reference lines and chance: to be seen on light and on dark.
NEUTRAL = "#808890"

BACKBONE_NAMES = {"mlp": "MLP", "cnn": "CNN", "resnet18": "ResNet18", "resnet50": "ResNet50"}
ACTIVATION_NAMES = {"relu": "ReLU", "silu": "SiLU"}
AUGMENTATION_NAMES = {"none": "", "crop": "random crops", "crop_flip": "random crops and flips"}

PROTOCOL_NAMES = {
    "described": "protocol as described in the paper",
    "released": "protocol of the released code",
    "later": "protocol of the later versions",
}


def typed(value: Any) -> str:
    """A field's value as one types it in Python, TOML or on the command line, such as 0.01, 1e6."""
    return f"{value:g}".replace("e+0", "e") if isinstance(value, float) else str(value)
