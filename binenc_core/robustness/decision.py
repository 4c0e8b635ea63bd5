"""An attack that sees the network's decisions alone: no gradient can mislead it.

HopSkipJump of the library foolbox: Chen, Jordan, Wainwright, "HopSkipJumpAttack: a query-efficient
decision-based attack", IEEE Symposium on Security and Privacy 2020.
"""

import torch
from torch import Tensor, nn

from binenc_core.parts import own_random_state
from binenc_core.robustness.network import Logits
from binenc_core.robustness.strength import NORMAL, Strength

SEED = 0
# The library keeps pixels between bounds. These are so far beyond -1 and 1 that hardly a step of
# the length of interest meets them.
BOUND = 3.0


class _InBounds(nn.Module):
    """A network's logits as a module of images whose pixels 0 and 1 are the bounds."""

    def __init__(self, logits: Logits):
        super().__init__()
        self.logits = logits

    def forward(self, inputs: Tensor) -> Tensor:
        return self.logits(_outside(inputs))


def decision_attack(
    logits: Logits, images: Tensor, classes: Tensor, others: Tensor, strength: Strength = NORMAL
) -> Tensor:
    """Points near `images` that are decided otherwise than as `classes`, (B, K, H, W).

    `images` (B, K, H, W), float32 or float64; `classes` int64 (B,), the decisions on them. Begins
    at `others` (B, K, H, W), all of which are decided otherwise. Pixels stay between -BOUND and
    BOUND. Draws from a fixed seed, of the images' device.
    """
    from foolbox import PyTorchModel
    from foolbox.attacks import HopSkipJumpAttack
    from foolbox.criteria import Misclassification

    attack = HopSkipJumpAttack(
        steps=strength.decision_steps,
        initial_gradient_eval_steps=strength.decision_queries,
        constraint="l2",
    )
    model = PyTorchModel(_InBounds(logits).eval(), bounds=(0, 1), device=images.device)
    with own_random_state(images.device):
        torch.manual_seed(SEED)
        points = attack.run(
            model, _inside(images), Misclassification(classes), starting_points=_inside(others)
        )
    return _outside(points)


def _inside(images: Tensor) -> Tensor:
    return (images + BOUND) / (2 * BOUND)


def _outside(inputs: Tensor) -> Tensor:
    return inputs * (2 * BOUND) - BOUND
