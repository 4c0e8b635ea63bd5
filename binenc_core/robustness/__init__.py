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
