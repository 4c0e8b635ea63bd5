"""The switches between the protocols as a table, with what follows from each."""

import math
from dataclasses import fields

from binenc_core.config import RunConfig
from replication.base import markdown
from replication.data.datasets import CLASSES
from replication.data.recipes import PROTOCOLS, SWITCHES, switches
from replication.figures.common.style import typed
from replication.figures.paper.fig4_collapse import released_max_angle_of_etf

# What the protocols are compared with.
TEXT = "described"


def cross_entropy_floor(classes: int) -> float:
    """Least cross-entropy, nats, where the softmax acts twice: ln(1 + (C−1)/e).

    The logits are then probabilities, and the best are 1 for the class and 0 for the others.
    """
    return math.log(1 + (classes - 1) / math.e)


# What follows from a switch where it is not as the text has it. The text does not name its fields.
CONSEQUENCES = {
    "cnn_dense_layers": "The released code has one dense layer more after FashionMNIST's "
    "convolutions, so its network is another one. No other dataset has a CNN here.",
    "gamma": "The later versions begin with almost no penalty and let it grow.",
    "gamma_growth": f"With {PROTOCOLS['later']['gamma_growth']:g} per epoch γ doubles every "
    f"{math.log(2) / math.log(PROTOCOLS['later']['gamma_growth']):.1f} epochs, and what is "
    "reached depends on how long one trains.",
    "gamma_cap": "Without a cap a growing γ would overflow in the end; this is the largest that "
    "the fourth version uses. Where γ is constant the cap has no effect, so all protocols share "
    "its value.",
    "penalty": "The text writes exp(x²) and no reduction. `mean_exp`, this book's reading of it, "
    "averages exp(x²) over batch and dimensions and punishes single large values steeply; "
    "`exp_mean`, the released code's, takes exp of the average of x², to which every value "
    "counts by its square alone; `mean_square`, the later versions', leaves out the exp. Near "
    "zero the three differ by constants.",
    "softmax": "The released code's network ends in a softmax, and its loss applies a second one. "
    f"With {CLASSES} classes the cross-entropy then cannot fall below "
    f"{cross_entropy_floor(CLASSES):.4f} nats, and an image of which the network is wrong with "
    "full confidence gives no gradient.",
    "dropout_epochs": "The released code sets evaluation mode after the first epoch and never goes "
    "back: all epochs but the first train without dropout.",
    "halve_every": "The released code makes a scheduler and never calls it: the learning rate "
    "stays what it was in the first epoch, which is `0` here.",
    "weight_decay": "The later versions train with AdamW, which shrinks every weight a little at "
    "each step; with 0 it is Adam.",
    "metrics": "Changes no training, only what figures 2 and 4 plot: which label makes a class, "
    "around which center the class means lie, and whether a class counts as a pair with itself. "
    f"A perfect simplex ETF has a max angle of {released_max_angle_of_etf(CLASSES):.4f} as "
    "released, and 0 by the text.",
}


def changed(protocol: str) -> list[str]:
    """The switches whose values under a protocol are not those of the text, in their order."""
    text, own = switches(TEXT), switches(protocol)
    return [name for name in SWITCHES if own[name] != text[name]]


def table() -> str:
    """How many switches differ, and a line for each switch with its value under every protocol.

    Markdown; values that are not the text's are bold.
    """
    released, later = len(changed("released")), len(changed("later"))
    count = (
        f"The released code differs from the text in {released} of these {len(SWITCHES)} fields, "
        f"the later versions in {later}; what is **bold** is not as the text has it."
    )
    values = [switches(protocol) for protocol in PROTOCOLS]
    usual = switches(TEXT)
    meaning = {item.name: item.metadata["help"] for item in fields(RunConfig)}

    def cell(name: str, value: object) -> str:
        return typed(value) if value == usual[name] else f"**{typed(value)}**"

    rows = [
        [f"`{name}`", meaning[name], *(cell(name, own[name]) for own in values)]
        for name in SWITCHES
    ]
    explained = [f"- `{name}`: {CONSEQUENCES[name]}" for name in SWITCHES]
    return "\n\n".join([count, markdown.table(["Field", "Meaning", *PROTOCOLS], rows), *explained])
