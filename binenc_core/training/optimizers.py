"""An optimizer for each part of the network, by the names that RunConfig allows.

What matters for a code is whether the steps depend on the choice of axes in x. Adam and its kin
divide each coordinate by its own size, signSGD and Lion take signs: their steps have the geometry
of the ℓ∞ norm. SGD, normalized SGD, Muon and Adam with averaged second moments would take the
rotated step for a rotated x.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import SGD, Adagrad, AdamW, Muon, Optimizer, RMSprop

from binenc_core.config import PARTS, RunConfig
from binenc_core.models import Classifier


class Directed(Optimizer):
    """Steps of length lr along a direction of the momentum, whatever the gradient's size.

    The direction is that of β₁·m + (1−β₁)·g, and the momentum m then becomes β₂·m + (1−β₂)·g. With
    the sign as direction and β₁ = β₂ it is signSGD with momentum (Bernstein et al. 2018), with
    β₁ < β₂ Lion without decay (Chen et al. 2023).
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float,
        betas: tuple[float, float],
        direction: Callable[[Tensor], Tensor],
    ):
        super().__init__(params, {"lr": lr})
        self.betas, self.direction = betas, direction

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter that has a gradient."""
        mix, keep = self.betas
        for group in self.param_groups:
            for parameter in [p for p in group["params"] if p.grad is not None]:
                state = self.state[parameter]
                if not state:
                    state["momentum"] = torch.zeros_like(parameter)
                momentum = state["momentum"]
                ahead = momentum.lerp(parameter.grad, 1 - mix)
                parameter.sub_(self.direction(ahead), alpha=group["lr"])
                momentum.lerp_(parameter.grad, 1 - keep)


def unit_rms(values: Tensor) -> Tensor:
    """Values at root mean square 1, so that a step is as long as one of signs; zeros stay so."""
    return values / values.square().mean().sqrt().clamp(min=torch.finfo(values.dtype).tiny)


class AveragedAdam(Optimizer):
    """Adam whose second moment is one number for each row of a matrix: its mean over the row.

    A row of the classifier's W is a class, its entries the P dimensions of x: rotating x rotates
    the step. All else is Adam's (Kingma and Ba 2015), also for vectors.
    """

    def __init__(self, params: Iterable[Parameter], lr: float, eps: float):
        super().__init__(params, {"lr": lr})
        self.eps, self.betas = eps, (0.9, 0.999)

    @torch.no_grad()
    def step(self) -> None:
        """Move every parameter that has a gradient."""
        first, second = self.betas
        for group in self.param_groups:
            for parameter in [p for p in group["params"] if p.grad is not None]:
                squares = parameter.grad.square()
                if squares.dim() > 1:
                    squares = squares.mean(dim=1, keepdim=True)
                state = self.state[parameter]
                if not state:
                    state["step"] = torch.zeros(())
                    state["exp_avg"] = torch.zeros_like(parameter)
                    state["exp_avg_sq"] = torch.zeros_like(squares)
                state["step"] += 1
                state["exp_avg"].lerp_(parameter.grad, 1 - first)
                state["exp_avg_sq"].lerp_(squares, 1 - second)
                count = float(state["step"])
                root = (state["exp_avg_sq"] / (1 - second**count)).sqrt().add_(self.eps)
                rate = group["lr"] / (1 - first**count)
                parameter.sub_(rate * state["exp_avg"] / root)


def _adam(params, lr, eps, betas=(0.9, 0.999), decay=0.0) -> Optimizer:
    # Without weight decay AdamW is Adam.
    return AdamW(params, lr=lr, eps=eps, betas=betas, weight_decay=decay, fused=True)


# Of parameters, learning rate and ε; all with PyTorch's defaults unless they say otherwise.
Make = Callable[[list[Parameter], float, float], Optimizer]
OPTIMIZERS: dict[str, Make] = {
    "adam": _adam,
    "adam_no_momentum": lambda p, lr, eps: _adam(p, lr, eps, betas=(0.0, 0.999)),
    "adam_short_memory": lambda p, lr, eps: _adam(p, lr, eps, betas=(0.9, 0.9)),
    "adam_decay": lambda p, lr, eps: _adam(p, lr, eps, decay=0.1),
    "adam_averaged": AveragedAdam,
    "rmsprop": lambda p, lr, eps: RMSprop(p, lr=lr),
    "adagrad": lambda p, lr, eps: Adagrad(p, lr=lr),
    "signsgd": lambda p, lr, eps: Directed(p, lr, (0.9, 0.9), torch.sign),
    "lion": lambda p, lr, eps: Directed(p, lr, (0.9, 0.99), torch.sign),
    "sgd": lambda p, lr, eps: SGD(p, lr=lr, momentum=0.9),
    "sgd_normalized": lambda p, lr, eps: Directed(p, lr, (0.9, 0.9), unit_rms),
    "muon": lambda p, lr, eps: Muon(p, lr=lr, weight_decay=0.0),
}


class Optimizers:
    """The optimizers of a network's parts in one epoch, one for all parts that share theirs.

    Muon steps matrices alone; the vectors beside them have Adam at the same rate. A frozen part
    has no optimizer.
    """

    def __init__(self, model: Classifier, config: RunConfig, epoch: int = 0):
        """Of a network in `epoch`; all its moments are at their start."""
        self.model, self.config = model, config
        self.members: list[Optimizer] = []
        asked: dict[tuple, list[Parameter]] = {}
        for part in PARTS:
            parameters = list(getattr(model, part).parameters())
            frozen = config.optimizer_at(part, epoch)[0] == "frozen"
            for parameter in parameters:
                parameter.requires_grad_(not frozen)
            if parameters and not frozen:
                asked.setdefault(config.optimizer_at(part, epoch), []).extend(parameters)
        for (name, rate, epsilon), parameters in asked.items():
            self._add(name, rate, epsilon, parameters)

    def _add(self, name: str, rate: float, epsilon: float, parameters: list[Parameter]) -> None:
        if name == "muon":
            vectors = [p for p in parameters if p.dim() < 2]
            self._add("adam", rate, RunConfig.classifier_epsilon, vectors)
            parameters = [p for p in parameters if p.dim() >= 2]
        lr = self.config.learning_rate * rate
        decay = {"decay": self.config.weight_decay} if name == "adam" else {}
        made = OPTIMIZERS[name](parameters, lr, epsilon, **decay)
        for group in made.param_groups:
            group["rate"] = rate
        self.members.append(made)

    def state_of(self, parameter: Parameter) -> dict[str, Tensor]:
        """The moments of a parameter by name, to be read and written; empty for a frozen one."""
        for member in self.members:
            if any(parameter is own for group in member.param_groups for own in group["params"]):
                return member.state[parameter]
        return {}

    def set_learning_rate(self, rate: float) -> None:
        """Let the next steps use this learning rate, each part its multiple of it."""
        for member in self.members:
            for group in member.param_groups:
                group["lr"] = rate * group["rate"]

    def zero_grad(self) -> None:
        """Give the gradients' memory back."""
        self.model.zero_grad(set_to_none=True)

    def step(self) -> None:
        """Move every part, then shrink the classifier's weights to their largest size."""
        for member in self.members:
            member.step()
        if self.config.classifier_rms_cap:
            with torch.no_grad():
                weight = self.model.classifier.weight
                rms = weight.square().mean().sqrt()
                weight.mul_((self.config.classifier_rms_cap / rms).clamp(max=1))


def sum_of_rates(config: RunConfig, epochs: int, steps: int) -> float:
    """Sum over all steps of so many epochs of `steps` each of the classifier's learning rate."""
    return steps * sum(
        config.learning_rate_at(epoch) * config.optimizer_at("classifier", epoch)[1]
        for epoch in range(epochs)
    )
