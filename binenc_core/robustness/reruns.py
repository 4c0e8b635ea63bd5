"""The distances that falsifiers compare: an attack run again where it must find the same."""

from collections.abc import Callable
from copy import deepcopy
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from binenc_core.models import Classifier
from binenc_core.robustness.boundary import bisected, lengths
from binenc_core.robustness.nearest import nearest_other
from binenc_core.robustness.network import Logits, decisions, logits_of

# Perturbed images (B, K, H, W) from a network's logits and images (B, K, H, W).
Attack = Callable[[Logits, Tensor], Tensor]

SCALES = (1e3, 1e-3)


class Reruns(NamedTuple):
    """‖r‖/‖x‖ of the same images, each float64 (B,), infinite where the attack fooled no network.

    `plain`: in float32; `scaled`: with the logits times each of SCALES; `double`: in float64.
    """

    plain: NDArray[np.float64]
    scaled: list[NDArray[np.float64]]
    double: NDArray[np.float64]


def rerun(attack: Attack, model: Classifier, images: Tensor) -> Reruns:
    """Run an attack on the images (B, K, H, W), float32, once plainly and for (b) and (c)."""
    # MPS has no float64.
    exact, own = (deepcopy(model).cpu(), images.cpu()) if images.is_mps else (model, images)
    return Reruns(
        found(attack, logits_of(model), images),
        [found(attack, logits_of(model, scale=scale), images) for scale in SCALES],
        found(attack, logits_of(exact, torch.float64), own.double()),
    )


def found(attack: Attack, logits: Logits, images: Tensor) -> NDArray[np.float64]:
    """‖r‖/‖x‖ of the perturbations that an attack finds, infinite where it does not fool, (B,)."""
    perturbed = attack(logits, images)
    fooled = decisions(logits, perturbed) != decisions(logits, images)
    return np.where(fooled.cpu().numpy(), _relative(perturbed - images, images), np.inf)


def bounds(
    logits: Logits, images: Tensor, pool: Tensor, pool_classes: Tensor
) -> NDArray[np.float64]:
    """What ‖r‖/‖x‖ need not exceed, float64 (B,): the way to the nearest image decided otherwise.

    `pool` (N, K, H, W) are the images to choose from, decided as `pool_classes` int64 (N,). Raises
    ValueError where all are decided alike.
    """
    classes = decisions(logits, images)
    others = nearest_other(images, classes, pool, pool_classes)
    perturbed = bisected(logits, images, others, classes)
    return _relative(perturbed - images, images)


def _relative(r: Tensor, images: Tensor) -> NDArray[np.float64]:
    """‖r‖/‖x‖, (B,)."""
    return (lengths(r) / lengths(images)).cpu().double().numpy()
