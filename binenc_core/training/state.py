"""The network and all that changes while it trains: built, saved to the bit and restored."""

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from binenc_core.config import RunConfig
from binenc_core.metrics.names import LATEST
from binenc_core.models import Classifier
from binenc_core.training.optimizers import Optimizers


@dataclass
class TrainingState:
    """The network, its optimizers, and the generator that draws the order of the batches.

    `augmentation` is the generator that draws how images are changed, or None where they are not.
    The random state of dropout is the device's global one.
    """

    model: Classifier
    optimizers: Optimizers
    shuffle: torch.Generator
    augmentation: torch.Generator | None
    device: torch.device

    def begin_epoch(self, config: RunConfig, epoch: int) -> None:
        """Let the next steps be those of an epoch: its learning rate, its optimizers.

        Where the classifier's optimizer becomes another, that one starts without moments.
        """
        if epoch and epoch == config.switch_epoch:
            before, self.optimizers = self.optimizers, Optimizers(self.model, config, epoch)
            for part in (self.model.backbone, self.model.penultimate):
                for parameter in part.parameters():
                    self.optimizers.state_of(parameter).update(before.state_of(parameter))
        self.optimizers.set_learning_rate(config.learning_rate_at(epoch))

    def tensors(self) -> dict[str, Tensor]:
        """Weights, running means, moments and random states by name, on the CPU.

        They share the memory of a network on the CPU: read them before it trains on.
        """
        state = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        for name, parameter in self.model.named_parameters():
            for key, value in self.optimizers.state_of(parameter).items():
                state[f"optimizer.{name}.{key}"] = value
        state["random.shuffle"] = self.shuffle.get_state()
        if self.augmentation:
            state["random.augmentation"] = self.augmentation.get_state()
        state["random.cpu"] = torch.get_rng_state()
        if self.device.type == "cuda":
            state["random.cuda"] = torch.cuda.get_rng_state(self.device)
        elif self.device.type == "mps":
            state["random.mps"] = torch.mps.get_rng_state()
        return {name: tensor.detach().cpu() for name, tensor in state.items()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Take up what `tensors` gave, of this training or of an equal one.

        On another kind of device than it came from, dropout goes on from its seed.
        """
        weights = {n.removeprefix("model."): t for n, t in state.items() if n.startswith("model.")}
        self.model.load_state_dict(weights)
        for name, parameter in self.model.named_parameters():
            prefix = f"optimizer.{name}."
            for key in [n for n in state if n.startswith(prefix)]:
                # The moments lie in memory as the weights do, which the fused optimizer asks for.
                like = parameter if state[key].shape == parameter.shape else state[key]
                own = torch.empty_like(like, device=self.device).copy_(state[key])
                self.optimizers.state_of(parameter)[key.removeprefix(prefix)] = own
        self.shuffle.set_state(state["random.shuffle"])
        if self.augmentation:
            self.augmentation.set_state(state["random.augmentation"])
        torch.set_rng_state(state["random.cpu"])
        if self.device.type == "cuda" and "random.cuda" in state:
            torch.cuda.set_rng_state(state["random.cuda"], self.device)
        elif self.device.type == "mps" and "random.mps" in state:
            torch.mps.set_rng_state(state["random.mps"])


class Checkpoint(NamedTuple):
    """A training after `epochs` epochs.

    `state`: weights, optimizer and random states by name, as `TrainingState.tensors` gives them;
    the learning rate and γ follow from the epoch. `records`, `arrays`: of the logged epochs until
    then, as in `loop.Outcome`. `seconds`: wall time until then. `origin`: where it was trained, as
    whoever keeps it has noted.
    """

    epochs: int
    state: dict[str, Tensor]
    records: list[dict[str, Any]]
    arrays: dict[str, NDArray]
    seconds: float
    origin: dict[str, Any]

    def keep_only(self, epochs: Sequence[int]) -> "Checkpoint":
        """This checkpoint without the records and arrays of other epochs than these."""
        chosen = np.isin(self.arrays["epochs"], epochs)
        return self._replace(
            records=[record for record in self.records if record["epoch"] in epochs],
            arrays={
                name: values if name in LATEST else values[chosen]
                for name, values in self.arrays.items()
            },
        )


def derived_seed(seed: int, purpose: str) -> int:
    """A seed for one purpose of a run: independent of the other purposes, equal for all heads."""
    digest = hashlib.sha256(f"{seed} {purpose}".encode()).digest()
    return int.from_bytes(digest[:7])


def build(
    config: RunConfig,
    shape: tuple[int, int, int],
    classes: int,
    device: torch.device,
    epoch: int = 0,
) -> TrainingState:
    """A freshly initialized network for images of a `shape` (K, H, W), and what trains it.

    Its optimizers are those at work after `epoch` epochs.
    Seeds the global random state of every device for dropout: call it in `own_random_state`.
    """
    seeds = (derived_seed(config.seed, "backbone"), derived_seed(config.seed, "head"))
    channels, side, _ = shape
    model = Classifier(config, side, classes, seeds, channels).to(device)
    if config.backbone != "mlp":
        model = model.to(memory_format=torch.channels_last)
    shuffle = torch.Generator().manual_seed(derived_seed(config.seed, "order"))
    augmentation = None
    if config.augmentation != "none":
        augmentation = torch.Generator().manual_seed(derived_seed(config.seed, "augmentation"))
    torch.manual_seed(derived_seed(config.seed, "dropout"))
    optimizers = Optimizers(model, config, max(0, epoch - 1))
    return TrainingState(model, optimizers, shuffle, augmentation, device)


def own_random_state(device: torch.device) -> AbstractContextManager:
    """A context that leaves the random states of the CPU and of a CUDA device as they were."""
    return torch.random.fork_rng(devices=[device] if device.type == "cuda" else [])
