"""Binary encoding for a network of one's own: the head, the loss, and a look at its features."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor, nn

from binenc_core.config import PENALTIES, SOFTMAX, known
from binenc_core.loss import total_loss


class BinaryEncodingHead(nn.Module):
    """A linear penultimate layer and a classifier, in place of a network's last layer.

    Maps features h (B, `features`) to logits (B, `classes`) and x (B, `latent_dim`), the output of
    the penultimate layer (paper, section 3).
    """

    def __init__(self, features: int, latent_dim: int, classes: int):
        super().__init__()
        self.penultimate = nn.Linear(features, latent_dim)
        self.classifier = nn.Linear(latent_dim, classes)

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and x."""
        x = self.penultimate(h)
        return self.classifier(x), x


class BinaryEncodingLoss(nn.Module):
    """Cross-entropy + γ·L_Bin(x), paper eq. (1), for logits (B, C), x (B, P), labels int64 (B,).

    `penalty` and `softmax` as in `loss.total_loss`. Raises ValueError for a name that is none and
    for a negative `gamma`.
    """

    def __init__(self, gamma: float = 10.0, penalty: str = "mean_exp", softmax: str = "once"):
        super().__init__()
        known("penalty", PENALTIES, penalty)
        known("softmax", SOFTMAX, softmax)
        if not gamma >= 0:
            raise ValueError(f"gamma is {gamma!r}; allowed: a number ≥ 0")
        self.gamma, self.penalty, self.softmax = gamma, penalty, softmax

    def forward(self, logits: Tensor, x: Tensor, labels: Tensor) -> Tensor:
        """The loss, a scalar in nats."""
        return total_loss(logits, x, labels, self.gamma, self.penalty, self.softmax)


@contextmanager
def inputs_of(layer: nn.Module) -> Iterator[list[Tensor]]:
    """While it lasts, the inputs that reach a layer are added to a list, without gradients.

    The last layer's are the penultimate output x of any classifier, as of torchvision's
    `resnet18().fc`.
    """
    seen: list[Tensor] = []
    handle = layer.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach()))
    try:
        yield seen
    finally:
        handle.remove()
