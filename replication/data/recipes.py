"""The standard trainings: each dataset's recipe under each protocol."""

from dataclasses import fields
from typing import Any

from binenc_core.config import RESNET_WIDTHS, RunConfig, known
from replication.data.datasets import DATASETS, PAPER_DATASETS

# What differs from RunConfig's defaults in each protocol.
PROTOCOLS: dict[str, dict[str, Any]] = {
    # The workshop paper's text. It does not state L_Bin's reduction: the mean is our reading.
    "described": {},
    # The code of the workshop version, commit 9561640 (8 Nov 2023).
    "released": {
        "cnn_dense_layers": 3,
        "penalty": "exp_mean",
        "softmax": "twice",
        "dropout_epochs": "first",
        "halve_every": 0,
        "metrics": "released",
    },
    # The third and fourth version (2024). The third has γ = 0.01·1.084^epoch, the fourth the cap.
    "later": {
        "gamma": 0.01,
        "gamma_growth": 1.084,
        "gamma_cap": 1e6,
        "penalty": "mean_square",
        "halve_every": 0,
        "weight_decay": 5e-4,
    },
}

PROTOCOL_WORDS = {
    "described": "as described",
    "released": "as released",
    "later": "as in the later versions",
}


def title(dataset: str, protocol: str) -> str:
    """A dataset's trainings under a protocol, for people: "MNIST, as described"."""
    return f"{DATASETS[dataset].title}, {PROTOCOL_WORDS[protocol]}"


# The fields in which protocols differ, in RunConfig's order. Any of them can be set alone.
SWITCHES = [f.name for f in fields(RunConfig) if any(f.name in own for own in PROTOCOLS.values())]


def switches(protocol: str) -> dict[str, Any]:
    """The value of every switch under a protocol; raises ValueError for an unknown one."""
    known("protocol", PROTOCOLS, protocol)
    return {name: getattr(RunConfig, name) for name in SWITCHES} | PROTOCOLS[protocol]


def usual_protocol(dataset: str) -> str:
    """The protocol of a dataset's standard training, the text's but for ResNets.

    These are the later versions', and their loss is soon not finite under the text's γ.
    """
    return "later" if DATASETS[dataset].recipe.get("backbone") in RESNET_WIDTHS else "described"


def recipe(dataset: str, protocol: str | None = None, **changes: Any) -> RunConfig:
    """The standard training on a dataset under a protocol (None: its usual one), with changes.

    Raises ValueError for an unknown dataset, protocol, parameter or value.
    """
    known("dataset", DATASETS, dataset)
    standard = RunConfig(dataset=dataset).change(**DATASETS[dataset].recipe)
    asked = usual_protocol(dataset) if protocol is None else protocol
    return standard.change(**{**switches(asked), **changes})


def protocol_of(config: RunConfig) -> str:
    """The protocol from which a training differs in the fewest switches, the first of equals."""
    return min(PROTOCOLS, key=lambda name: len(_departures(config, name, SWITCHES)))


def departures(config: RunConfig, protocol: str | None = None) -> list[str]:
    """How a training differs from the recipe of its dataset and a protocol, as phrases.

    Such as "width 512 instead of 2048". The protocol is that of `protocol_of` unless one is given.
    What an experiment varies (head, seed, how often it evaluates) is no departure. The paper states
    no number of epochs: that of its recipes is the released code's, and is said to be.
    """
    names = [f.name for f in fields(config) if not f.name.startswith("log_")]
    return _departures(config, protocol or protocol_of(config), names)


def _departures(config: RunConfig, protocol: str, names: list[str]) -> list[str]:
    # A field may have an effect beside one backbone alone.
    same = {"head": config.head, "seed": config.seed, "backbone": config.backbone}
    standard = recipe(config.dataset, protocol, **same).as_dict()
    standard["backbone"] = recipe(config.dataset).backbone
    phrases = []
    for name in names:
        value, usual = getattr(config, name), standard[name]
        if value != usual:
            released = name == "epochs" and config.dataset in PAPER_DATASETS
            source = "the released code's " if released else ""
            phrases.append(f"{name.replace('_', ' ')} {value} instead of {source}{usual}")
    return phrases
