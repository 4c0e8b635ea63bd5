"""RunConfig: one frozen dataclass describes one training, and its hash names the run."""

import hashlib
import json
import math
from dataclasses import Field, asdict, dataclass, field, fields, replace
from numbers import Real
from typing import Any

# The meaning of a RunConfig. Raise it by hand whenever the same fields would give other numbers;
# every stored run is then trained anew. Refactorings and new fields with defaults leave it alone.
TRAINING_VERSION = 1

CLASSES = 10  # in each of them
HEADS = ("binary", "linear", "nonlinear", "none")
# Figure 1 asks of the architectures with a linear penultimate layer alone whether it is binary.
LINEAR_HEADS = ("binary", "linear")
DATASETS = ("mnist", "fashion_mnist", "digits")
PAPER_DATASETS = ("mnist", "fashion_mnist")
DEVICES = ("auto", "cuda", "mps", "cpu")
BACKBONES = ("mlp", "cnn")
PENALTIES = ("mean_exp", "exp_mean", "sum_exp", "mean_square")
PRECISIONS = ("fp32", "bf16")


def _setting(default: Any, text: str, *, choices=None, minimum=None, below=None) -> Any:
    """A dataclass field that carries its help text and its limits."""
    limits = {"choices": choices, "minimum": minimum, "below": below}
    return field(default=default, metadata={"help": text, **limits})


@dataclass(frozen=True, kw_only=True)
class RunConfig:
    """One training: what is trained, on what, and how.

    The defaults are the paper's for MNIST (Appendix A); `recipe` gives those of every dataset.
    The paper states no number of epochs, 101 is the released code's. Heads without the penalty
    have `gamma` 0 and the default `penalty`, whatever was asked, so that a change of `gamma`
    leaves their runs as they are.

    Raises ValueError, in one line that names the allowed values, for a value out of range.
    """

    dataset: str = _setting("mnist", "dataset", choices=DATASETS)
    head: str = _setting("binary", "architecture after the backbone", choices=HEADS)
    seed: int = _setting(0, "seed of weights, batch order and dropout", minimum=0)
    backbone: str = _setting("mlp", "network that gives the representation h", choices=BACKBONES)
    width: int = _setting(2048, "units in each dense layer of the backbone", minimum=1)
    latent_dim: int = _setting(64, "P, dimensions of the penultimate layer", minimum=1)
    gamma: float = _setting(10.0, "γ, weight of the penalty L_Bin", minimum=0)
    penalty: str = _setting("mean_exp", "reading of L_Bin", choices=PENALTIES)
    dropout: float = _setting(0.5, "probability of dropping a unit", minimum=0, below=1)
    batch_size: int = _setting(64, "images in a batch", minimum=1)
    learning_rate: float = _setting(1e-4, "Adam's learning rate at the start", minimum=0)
    halve_every: int = _setting(20, "epochs after which the learning rate halves", minimum=1)
    epochs: int = _setting(101, "passes over the training set", minimum=1)
    log_every: int = _setting(5, "epochs between two evaluations", minimum=1)
    precision: str = _setting("fp32", "arithmetic of the backbone", choices=PRECISIONS)

    def __post_init__(self):
        for item in fields(self):
            object.__setattr__(self, item.name, checked(item, getattr(self, item.name)))
        if self.head != "binary":
            object.__setattr__(self, "gamma", 0.0)
            object.__setattr__(self, "penalty", type(self).penalty)

    @property
    def id(self) -> str:
        """Twelve hexadecimal digits: a hash of the fields that differ from the defaults."""
        changed = {f.name: getattr(self, f.name) for f in fields(self)}
        changed = {f.name: changed[f.name] for f in fields(self) if changed[f.name] != f.default}
        text = json.dumps({"version": TRAINING_VERSION, **changed}, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    @property
    def label(self) -> str:
        """Dataset, head and seed, for messages."""
        return f"{self.dataset} {self.head} seed {self.seed}"

    def logged_epochs(self) -> list[int]:
        """Epochs (from 0) after which metrics are taken: every `log_every`, and the last."""
        return sorted({*range(0, self.epochs, self.log_every), self.epochs - 1})

    def change(self, **changes: Any) -> "RunConfig":
        """This configuration with other values; raises ValueError for an unknown name or value."""
        known = [f.name for f in fields(self)]
        for name in changes:
            if name not in known:
                raise ValueError(f"unknown parameter {name!r}; allowed: {', '.join(known)}")
        return replace(self, **changes)

    def as_dict(self) -> dict[str, Any]:
        """The fields by name, as JSON and CSV can hold them."""
        return asdict(self)


def checked(item: Field, value: Any) -> Any:
    """`value` as the type of the field `item`, or a ValueError that names the allowed values."""
    choices = item.metadata["choices"]
    if choices:
        if value not in choices:
            raise ValueError(f"{item.name} is {value!r}; allowed: {', '.join(choices)}")
        return value
    kind = item.type
    minimum, below = item.metadata["minimum"], item.metadata["below"]
    allowed = f"{'a whole number' if kind is int else 'a number'} ≥ {minimum}"
    if below is not None:
        allowed += f" and < {below}"
    wrong = ValueError(f"{item.name} is {value!r}; allowed: {allowed}")
    if isinstance(value, bool) or not isinstance(value, Real | str):
        raise wrong
    try:
        number = kind(value) + 0  # -0.0 + 0 is 0.0
    except (ValueError, OverflowError):  # not a number in words, or nan or inf as an int
        raise wrong from None
    if not isinstance(value, str) and number != value:
        raise wrong
    if not minimum <= number < (math.inf if below is None else below):
        raise wrong
    return number


# What differs from RunConfig's defaults in each dataset's training. MNIST and FashionMNIST are the
# paper's (Appendix A); the digits are this project's, small enough to train in seconds.
_RECIPES: dict[str, dict[str, Any]] = {
    "mnist": {},
    "fashion_mnist": {"backbone": "cnn", "width": 1024, "latent_dim": 128, "batch_size": 128},
    "digits": {
        "width": 256,
        "latent_dim": 16,
        "learning_rate": 1e-3,
        "epochs": 100,
        "log_every": 10,
    },
}


def recipe(dataset: str, **changes: Any) -> RunConfig:
    """The standard training on a dataset, with changes: the paper's for MNIST and FashionMNIST.

    Raises ValueError for an unknown dataset, parameter or value.
    """
    return RunConfig().change(dataset=dataset).change(**_RECIPES[dataset]).change(**changes)


def departures(config: RunConfig) -> list[str]:
    """How a training differs from its dataset's recipe, as phrases ("width 512 instead of 2048").

    What an experiment varies (head, seed, how often it evaluates) is no departure. The paper states
    no number of epochs: that of its recipes is the released code's, and is said to be.
    """
    standard = recipe(config.dataset, head=config.head, seed=config.seed)
    phrases = []
    for item in fields(config):
        value, usual = getattr(config, item.name), getattr(standard, item.name)
        if item.name != "log_every" and value != usual:
            released = item.name == "epochs" and config.dataset in PAPER_DATASETS
            source = "the released code's " if released else ""
            phrases.append(f"{item.name.replace('_', ' ')} {value} instead of {source}{usual}")
    return phrases
