"""How hard the attacks try, and the seed of what they draw."""

from dataclasses import dataclass

# Of the attacks' random points and of the corruptions' noise and places.
SEED = 0
# The way to a point beyond the boundary is halved so often.
HALVINGS = 20


# How far DeepFool goes beyond a boundary, its most steps, and the classes it looks at. They are the
# authors', whatever the strength: DeepFool's own number is compared with theirs.
DEEPFOOL = {"overshoot": 0.02, "steps": 50, "candidates": 10}


@dataclass(frozen=True)
class Strength:
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
