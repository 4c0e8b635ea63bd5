"""The training loss: cross-entropy + γ·L_Bin, with every reading of L_Bin by name."""

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import cross_entropy


def mean_exp(x: Tensor) -> Tensor:
    """Mean of exp(x²) over batch and dimensions: the default reading of the paper's L_Bin."""
    return x.square().exp().mean()


def exp_mean(x: Tensor) -> Tensor:
    """exp of the mean of x² over batch and dimensions: the released code's reading."""
    return x.square().mean().exp()


def sum_exp(x: Tensor) -> Tensor:
    """Sum of exp(x²) over dimensions, mean over the batch."""
    return x.square().exp().sum(dim=1).mean()


def exp_norm(x: Tensor) -> Tensor:
    """exp(‖x‖²), mean over the batch: x² of eq. (1) read as the square of the vector."""
    return x.square().sum(dim=1).exp().mean()


def mean_square(x: Tensor) -> Tensor:
    """Mean of x² over batch and dimensions: the penalty of the paper's later versions."""
    return x.square().mean()


PENALTY_FUNCTIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "mean_exp": mean_exp,
    "exp_mean": exp_mean,
    "sum_exp": sum_exp,
    "exp_norm": exp_norm,
    "mean_square": mean_square,
}


def total_loss(
    logits: Tensor, x: Tensor, labels: Tensor, gamma: float, penalty: str, softmax: str = "once"
) -> Tensor:
    """L = L_CE + γ·L_Bin(x), paper eq. (1).

    `logits` float32 (B, C), penultimate output `x` float32 (B, P), `labels` int64 (B,); returns a
    float32 scalar. `penalty` names a reading of L_Bin in PENALTY_FUNCTIONS; where γ = 0 it is not
    used. With `softmax` "twice" the cross-entropy takes probabilities for logits, as the released
    code does: it stays above ln(1 + (C−1)/e).
    """
    loss = cross_entropy(logits.softmax(dim=1) if softmax == "twice" else logits, labels)
    # γ = 0 is the linear head to the bit: 0·exp(x²) would be nan where exp overflows.
    return loss + gamma * PENALTY_FUNCTIONS[penalty](x) if gamma else loss
