"""RunConfig: one frozen dataclass describes one training, and its hash names the run."""

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import Field, asdict, dataclass, field, fields, replace
from numbers import Integral, Real
from typing import Any

# The meaning of a RunConfig. Raise it by hand whenever the same fields would give other numbers,
# beyond the rounding of sums; every stored run is then trained anew. Refactorings and new fields
# with defaults leave it alone.
TRAINING_VERSION = 1
# Of the order in which images are drawn from a dataset, to be held out or to be studied.
DRAW_SEED = 0

HEADS = ("binary", "linear", "nonlinear", "none")
# Those that the paper compares, and its claims are judged by, whatever heads there are.
PAPER_HEADS = ("binary", "linear", "nonlinear", "none")
# Figure 1 asks of the architectures with a linear penultimate layer alone whether it is binary.
LINEAR_HEADS = ("binary", "linear")
DEVICES = ("auto", "cuda", "mps", "cpu")
BACKBONES = ("mlp", "cnn", "resnet18", "resnet50")
# The values of h that a ResNet gives, whatever width is asked.
RESNET_WIDTHS = {"resnet18": 512, "resnet50": 2048}
ACTIVATIONS = ("relu", "silu")
AUGMENTATIONS = ("none", "crop", "crop_flip")
PENALTIES = ("mean_exp", "exp_mean", "sum_exp", "exp_norm", "mean_square")
SOFTMAX = ("once", "twice")
DROPOUT_EPOCHS = ("every", "first")
PRECISIONS = ("fp32", "bf16")
DEFINITIONS = ("described", "released")
# The parts of a network, each of which may have an optimizer of its own.
PARTS = ("backbone", "penultimate", "classifier")
# `optimizers.OPTIMIZERS` says what each does.
OPTIMIZERS = (
    *("adam", "adam_no_momentum", "adam_short_memory", "adam_decay", "adam_averaged"),
    *("rmsprop", "adagrad", "signsgd", "lion", "sgd", "sgd_normalized", "muon", "frozen"),
)
# Those that divide by a root of second moments plus ε.
WITH_EPSILON = tuple(name for name in OPTIMIZERS if name.startswith("adam"))
CLASSIFIER_STARTS = ("uniform", "gaussian", "signs")
ROTATIONS = ("none", "random")


def _setting(default: Any, text: str, *, choices=None, minimum=None, above=None, below=None) -> Any:
    """A dataclass field that carries its help text and its limits."""
    limits = {"choices": choices, "minimum": minimum, "above": above, "below": below}
    return field(default=default, metadata={"help": text, **limits})


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """One training: what is trained, on what, and how.

    The defaults are the paper's for MNIST (Appendix A); `recipes.recipe` gives those of every
    dataset and protocol. The paper states no number of epochs, 101 is the released code's. Heads
    without the penalty have `gamma` 0, a ResNet its own `width`, and the fields of the penalty, of
    dropout and of the dense layers have their defaults where they have no effect, whatever was
    asked: equal trainings are then equal.

    Raises ValueError, in one line that names the allowed values, for a value out of range.
    """

    dataset: str = _setting("mnist", "dataset")
    head: str = _setting("binary", "architecture after the backbone", choices=HEADS)
    seed: int = _setting(0, "seed of weights, batch order, dropout and augmentation", minimum=0)
    backbone: str = _setting("mlp", "network that gives the representation h", choices=BACKBONES)
    width: int = _setting(2048, "units in each dense layer of the backbone", minimum=1)
    cnn_dense_layers: int = _setting(2, "dense layers after the convolutions", minimum=2)
    activation: str = _setting(
        "relu", "activation of backbone and non-linear head", choices=ACTIVATIONS
    )
    latent_dim: int = _setting(64, "P, dimensions of the penultimate layer", minimum=1)
    gamma: float = _setting(10.0, "γ, weight of the penalty L_Bin, in epoch 0", minimum=0)
    gamma_growth: float = _setting(1.0, "factor by which γ grows every epoch", minimum=1)
    gamma_cap: float = _setting(1e6, "largest γ, where it grows", minimum=0)
    penalty: str = _setting("mean_exp", "reading of L_Bin", choices=PENALTIES)
    softmax: str = _setting("once", "softmax before the logarithm of the loss", choices=SOFTMAX)
    dropout: float = _setting(0.5, "probability of dropping a unit", minimum=0, below=1)
    dropout_epochs: str = _setting("every", "epochs with dropout", choices=DROPOUT_EPOCHS)
    augmentation: str = _setting(
        "none", "random changes of the training images", choices=AUGMENTATIONS
    )
    batch_size: int = _setting(64, "images in a batch", minimum=1)
    learning_rate: float = _setting(1e-4, "learning rate in epoch 0", minimum=0)
    halve_every: int = _setting(
        20, "epochs after which the learning rate halves; 0: it never does", minimum=0
    )
    weight_decay: float = _setting(0.0, "AdamW's decoupled weight decay; 0: Adam", minimum=0)
    backbone_optimizer: str = _setting("adam", "the backbone's optimizer", choices=OPTIMIZERS)
    backbone_rate: float = _setting(1.0, "its learning rate over learning_rate", above=0)
    backbone_epsilon: float = _setting(1e-8, "its ε, if it is an Adam", above=0)
    penultimate_optimizer: str = _setting(
        "adam", "the penultimate layer's optimizer", choices=OPTIMIZERS
    )
    penultimate_rate: float = _setting(1.0, "its learning rate over learning_rate", above=0)
    penultimate_epsilon: float = _setting(1e-8, "its ε, if it is an Adam", above=0)
    classifier_optimizer: str = _setting("adam", "the classifier's optimizer", choices=OPTIMIZERS)
    classifier_rate: float = _setting(1.0, "its learning rate over learning_rate", above=0)
    classifier_epsilon: float = _setting(1e-8, "its ε, if it is an Adam", above=0)
    switch_epoch: int = _setting(
        0, "epoch in which the classifier's optimizer becomes another; 0: it never does", minimum=0
    )
    switch_optimizer: str = _setting("adam", "that other optimizer", choices=OPTIMIZERS)
    switch_rate: float = _setting(1.0, "its learning rate over learning_rate", above=0)
    classifier_start: str = _setting(
        "uniform", "distribution of the classifier's first weights", choices=CLASSIFIER_STARTS
    )
    classifier_rms_cap: float = _setting(
        0.0, "largest root mean square of the classifier's weights; 0: none", minimum=0
    )
    rotation: str = _setting(
        "none", "fixed rotation between penultimate layer and classifier", choices=ROTATIONS
    )
    epochs: int = _setting(101, "passes over the training set", minimum=1)
    log_every: int = _setting(5, "epochs between two evaluations", minimum=1)
    log_first: int = _setting(1, "first epochs that are evaluated each", minimum=1)
    log_last: int = _setting(1, "last epochs that are evaluated each", minimum=1)
    held_out: float = _setting(
        0.0, "fraction of the training set that stands in for the test set", minimum=0, below=1
    )
    precision: str = _setting("fp32", "arithmetic of the backbone", choices=PRECISIONS)
    metrics: str = _setting(
        "described", "definitions that the figures plot; a run records all", choices=DEFINITIONS
    )

    def __post_init__(self):
        for item in fields(self):
            object.__setattr__(self, item.name, checked(item, getattr(self, item.name)))
        if self.head != "binary":
            object.__setattr__(self, "gamma", 0.0)
        if not self.gamma:
            self._reset("penalty", "gamma_growth")
        if self.gamma_growth == 1:
            self._reset("gamma_cap")
        elif self.gamma_cap < self.gamma:
            raise ValueError(f"gamma_cap is {self.gamma_cap}; allowed: a number ≥ gamma")
        if self.backbone != "cnn":
            self._reset("cnn_dense_layers")
        self._settle_optimizers()
        if self.backbone in RESNET_WIDTHS:
            object.__setattr__(self, "width", RESNET_WIDTHS[self.backbone])
            self._reset("dropout", "dropout_epochs")  # they normalize batches instead

    def _settle_optimizers(self) -> None:
        """Reset what has no effect on the optimizers of the parts; refuse what they cannot do."""
        if self.head == "none":
            self._reset("penultimate_optimizer", "penultimate_rate", "rotation")
        for part in PARTS:
            name = getattr(self, f"{part}_optimizer")
            if name not in WITH_EPSILON:
                self._reset(f"{part}_epsilon")
            if name == "frozen":
                self._reset(f"{part}_rate")
            if name != "adam" and self.weight_decay:
                raise ValueError(f"weight_decay goes with adam; {part}_optimizer is {name!r}")
        if not self.switch_epoch:
            self._reset("switch_optimizer", "switch_rate")

    def _reset(self, *names: str) -> None:
        """Give fields that have no effect their defaults."""
        for name in names:
            object.__setattr__(self, name, getattr(RunConfig, name))

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits: a hash of the fields that differ from the defaults.

        `metrics` is left out: a run holds every definition's values.
        """
        changed = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "metrics"}
        defaults = {f.name: f.default for f in fields(self)}
        changed = {name: value for name, value in changed.items() if value != defaults[name]}
        text = json.dumps({"version": TRAINING_VERSION, **changed}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def label(self) -> str:
        """Dataset, head and seed, for messages."""
        return f"{self.dataset} {self.head} seed {self.seed}"

    @property
    def trajectory(self) -> "RunConfig":
        """What two configurations share whose networks are the same after each epoch of both."""
        return replace(self, epochs=1, log_every=1, log_first=1, log_last=1, metrics="described")

    @property
    def splits(self) -> tuple[str, str]:
        """Names of what is trained on and of what is not: "validation" is of the training set."""
        return "train", "validation" if self.held_out else "test"

    def logged_epochs(self) -> list[int]:
        """Epochs (from 0) after which metrics are taken.

        Every `log_every`, and each of the `log_first` first and the `log_last` last ones.
        """
        every = range(0, self.epochs, self.log_every)
        first = range(min(self.log_first, self.epochs))
        last = range(max(0, self.epochs - self.log_last), self.epochs)
        return sorted({*every, *first, *last})

    def gamma_at(self, epoch: int) -> float:
        """γ in an epoch (from 0): grown by a factor every epoch, up to the cap."""
        if self.gamma_growth == 1:
            return self.gamma
        try:
            return min(self.gamma * self.gamma_growth**epoch, self.gamma_cap)
        except OverflowError:
            return self.gamma_cap

    def learning_rate_at(self, epoch: int) -> float:
        """Learning rate in an epoch (from 0): halved after every `halve_every` epochs."""
        halvings = epoch // self.halve_every if self.halve_every else 0
        return self.learning_rate * 0.5**halvings

    def optimizer_at(self, part: str, epoch: int) -> tuple[str, float, float]:
        """Name, learning rate over `learning_rate`, and ε of a part's optimizer in an epoch."""
        if part == "classifier" and 0 < self.switch_epoch <= epoch:
            return self.switch_optimizer, self.switch_rate, RunConfig.classifier_epsilon
        return tuple(getattr(self, f"{part}_{name}") for name in ("optimizer", "rate", "epsilon"))

    def has_dropout_in(self, epoch: int) -> bool:
        """Whether dropout acts in an epoch (from 0)."""
        return self.dropout_epochs == "every" or epoch == 0

    def change(self, **changes: Any) -> "RunConfig":
        """This configuration with other values; raises ValueError for an unknown name or value."""
        known("parameter", [f.name for f in fields(self)], *changes)
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, as JSON and CSV can hold them."""
        return asdict(self)


def known(name: str, allowed: Iterable[str], *values: Any) -> None:
    """Raise a ValueError that names what is allowed, for the first of the values that is not."""
    choices = list(allowed)  # a value of a TOML file may be a table, which has no hash
    for value in values:
        if value not in choices:
            raise ValueError(f"{name} is {value!r}; allowed: {', '.join(choices)}")


def checked(item: Field, value: Any) -> Any:
    """`value` as the type of the field `item`, or a ValueError that names the allowed values."""
    if choices := item.metadata["choices"]:
        known(item.name, choices, value)
        return value
    kind = item.type
    if kind is str:
        if not isinstance(value, str) or not value:
            raise ValueError(f"{item.name} is {value!r}; allowed: a name")
        return value
    minimum, above, below = (item.metadata[name] for name in ("minimum", "above", "below"))
    least = f"≥ {minimum}" if above is None else f"> {above}"
    allowed = f"{'a whole number' if kind is int else 'a number'} {least}"
    if below is not None:
        allowed += f" and < {below}"
    number = read_number(value, kind)
    if number is not None:
        large = number >= minimum if above is None else number > above
        if large and number < (math.inf if below is None else below):
            return number
    raise ValueError(f"{item.name} is {value!r}; allowed: {allowed}")


def read_number(value: Any, kind: type[int] | type[float]) -> int | float | None:
    """A number of a kind from what Python, TOML, papermill or a command line has; None for others.

    A text counts as what it says, and a float without a fraction is whole: 2.0 and "2e0" are 2.
    """
    if isinstance(value, bool) or not isinstance(value, Real | str):
        return None
    try:
        if kind is float:
            return float(value) + 0  # -0.0 + 0 is 0.0
        if isinstance(value, Integral) or (isinstance(value, str) and value.isdecimal()):
            return int(value)
        number = float(value)
        return int(number) if number.is_integer() else None
    except (ValueError, OverflowError):
        return None


def read_whole(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """A whole number from `least` (to `most`), as `read_number` reads it; else a ValueError."""
    number = read_number(value, int)
    if number is None or not least <= number <= (number if most is None else most):
        allowed = f"a whole number {f'≥ {least}' if most is None else f'from {least} to {most}'}"
        raise ValueError(f"{name} is {value!r}; allowed: {allowed}")
    return number
