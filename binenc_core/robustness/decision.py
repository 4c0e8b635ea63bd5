"""HopSkipJump: along the boundary by the network's decisions alone, without any gradient.

Chen, Jordan, Wainwright, "HopSkipJumpAttack: a query-efficient decision-based attack", IEEE S&P
2020; foolbox has it. A network whose gradients vanish cannot hide its boundary from it; but with
as few queries as here it comes little nearer than where it begins.
"""

import torch
from torch import Tensor, nn

from binenc_core.robustness.boundary import bisected
from binenc_core.robustness.closest import Closest
from binenc_core.robustness.network import Logits, decisions
from binenc_core.robustness.strength import NORMAL, Strength

SEED = 0


@torch.no_grad()
def decision_attack(
    logits: Logits, images: Tensor, classes: Tensor, others: Tensor, strength: Strength = NORMAL
) -> Tensor:
    """Points near `images` that are decided otherwise than as `classes`, (B, K, H, W).

    `images` (B, K, H, W), float32 or float64, `classes` int64 (B,), the decisions on them, `others`
    points that are decided otherwise, where it begins; where one is not, the image is given as it
    is. The numbers of steps and queries are those of `strength`. foolbox clips to its bounds: they
    are as far from the images' and the others' pixels as the farthest boundary on the way to the
    others is from its image, so that no nearer point is out of reach.
    """
    found = Closest(images, classes)
    points = bisected(logits, images, others, classes)
    found.offer(points, logits(points))
    reach = found.norms.where(found.norms.isfinite(), 0).max()
    bound = torch.maximum(images.abs().max(), others.abs().max()) + reach
    begin = _to_unit(others, bound)
    ready = (decisions(logits, _from_unit(begin, bound)) != classes) & found.norms.isfinite()
    if ready.any():
        network = _Unit(logits, bound)
        ended = _from_unit(
            _hop_skip_jump(
                network, _to_unit(images, bound)[ready], classes[ready], begin[ready], strength
            ),
            bound,
        )
        points = points.index_put((ready,), ended)
        found.offer(points, logits(points))
    return bisected(logits, images, found.points, classes)


def _hop_skip_jump(
    network: nn.Module, images: Tensor, classes: Tensor, begin: Tensor, strength: Strength
) -> Tensor:
    """What foolbox finds from `begin`; everything is in its bounds, 0 and 1."""
    from foolbox import PyTorchModel
    from foolbox.attacks import HopSkipJumpAttack

    attack = HopSkipJumpAttack(
        steps=strength.decision_steps,
        initial_gradient_eval_steps=strength.decision_queries,
    )
    # foolbox draws from the global generator of the images' device.
    devices = [images.device] if images.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(SEED)
        bounded = PyTorchModel(network, bounds=(0, 1), device=images.device)
        return attack.run(bounded, images, classes, starting_points=begin)


class _Unit(nn.Module):
    """A network as a function of pixels from 0 to 1, which stand for -`bound` to `bound`."""

    def __init__(self, logits: Logits, bound: Tensor):
        super().__init__()
        self.logits = logits
        self.bound = bound
        self.eval()

    def forward(self, pixels: Tensor) -> Tensor:
        return self.logits(_from_unit(pixels, self.bound))


def _to_unit(points: Tensor, bound: Tensor) -> Tensor:
    return points / (2 * bound) + 0.5


def _from_unit(pixels: Tensor, bound: Tensor) -> Tensor:
    return (pixels - 0.5) * (2 * bound)
