"""How far an image must move until a network decides otherwise, and whether that can be trusted."""

from typing import NamedTuple

# The attacks, from the authors' own to the crudest, with their names in figures.
ATTACKS = {
    "deepfool": "DeepFool",
    "margin": "Margin attack",
    "apgd": "APGD (DLR)",
    "bisection": "Bisection to the nearest other image",
}


class Corruption(NamedTuple):
    """How a corruption is called, the unit of its severity, and the severities beside none."""

    title: str
    unit: str
    severities: tuple[float, ...]


# What each does is in `corruptions.APPLIED`.
CORRUPTIONS = {
    "noise": Corruption(
        "Gaussian noise",
        "standard deviation (pixels: ±1)",
        (0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0),
    ),
    "blur": Corruption(
        "Gaussian blur", "standard deviation (side: 1)", (0.02, 0.04, 0.06, 0.08, 0.1, 0.15)
    ),
    "contrast": Corruption(
        "Less contrast", "share of the contrast taken away", (0.2, 0.4, 0.6, 0.8, 0.9, 0.95)
    ),
    "occlusion": Corruption(
        "Occlusion", "side of the gray square (image: 1)", (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
    ),
}

# Of the attacks' random points and of the corruptions' noise and places.
SEED = 0
# The way to a point beyond the boundary is halved so often.
HALVINGS = 20
# How far DeepFool goes beyond a boundary, its most steps, and the classes it looks at. They are the
# authors', whatever the strength: DeepFool's own number is compared with theirs.
DEEPFOOL = {"overshoot": 0.02, "steps": 50, "candidates": 10}


class Strength(NamedTuple):
    """How many targets, starts and steps the attacks of the ensemble may use.

    Margin attack: `targets` classes are stepped towards one by one beside the untargeted way, which
    is also taken from `restarts` random points; each way has `descent_steps` steps, and the nearest
    `kept` points of an image are refined in `refining_steps`. APGD: `budgets` are tried one after
    the other, with `apgd_steps` steps each.
    """

    targets: int
    restarts: int
    descent_steps: int
    kept: int
    refining_steps: int
    budgets: int
    apgd_steps: int


NORMAL = Strength(
    targets=6,
    restarts=1,
    descent_steps=20,
    kept=4,
    refining_steps=40,
    budgets=6,
    apgd_steps=20,
)
STRONG = Strength(
    targets=9,
    restarts=4,
    descent_steps=30,
    kept=10,
    refining_steps=80,
    budgets=8,
    apgd_steps=40,
)
