from dataclasses import dataclass, field, fields

import numpy as np
import pytest

from binenc_core import config as config_module
from binenc_core.config import DATASETS, HEADS, PENALTIES, RunConfig
from binenc_core.recipes import departures, recipe

# Ids of frozen runs rest on these. A change here makes every run on every disk a miss: it is right
# only together with a raised TRAINING_VERSION.
KNOWN_IDS = [
    (recipe("mnist"), "c3aa9744214c"),
    (recipe("mnist", seed=1), "882821e32625"),
    (recipe("mnist", head="linear"), "cd268e47234b"),
    (recipe("mnist", head="nonlinear", seed=2), "c4b097242fb2"),
    (recipe("mnist", head="none"), "b8fd2d16d8ca"),
    (recipe("mnist", gamma=3), "d7a1918ffd79"),
    (recipe("mnist", gamma=0), "53fb66751190"),
    (recipe("mnist", width=512, epochs=21), "096fbff3d64f"),
    (recipe("mnist", penalty="exp_mean", precision="bf16"), "82339f305bb5"),
    (recipe("fashion_mnist"), "e7c85ab2306b"),
    (recipe("fashion_mnist", head="none", seed=4, precision="bf16"), "c0249e7956da"),
    (recipe("digits"), "2d09b965e2f7"),
    (recipe("digits", head="linear", seed=1), "1cf3735b9e8d"),
    (recipe("digits", dropout=0.2, halve_every=10, log_every=1), "e001674a6f08"),
]

PAPER_MNIST = {
    "dataset": "mnist",
    "head": "binary",
    "seed": 0,
    "backbone": "mlp",
    "width": 2048,
    "latent_dim": 64,
    "gamma": 10.0,
    "penalty": "mean_exp",
    "dropout": 0.5,
    "batch_size": 64,
    "learning_rate": 1e-4,
    "halve_every": 20,
    "epochs": 101,
    "log_every": 5,
    "precision": "fp32",
}
PAPER_FASHION_MNIST = {
    **PAPER_MNIST,
    "dataset": "fashion_mnist",
    "backbone": "cnn",
    "width": 1024,
    "latent_dim": 128,
    "batch_size": 128,
}
DIGITS = {
    **PAPER_MNIST,
    "dataset": "digits",
    "width": 256,
    "latent_dim": 16,
    "learning_rate": 1e-3,
    "epochs": 100,
    "log_every": 10,
}


@pytest.mark.parametrize("expected", [PAPER_MNIST, PAPER_FASHION_MNIST, DIGITS])
def test_recipes_are_the_papers(expected):
    assert recipe(expected["dataset"]).as_dict() == expected


def test_the_defaults_are_the_recipe_of_mnist():
    assert RunConfig() == recipe("mnist")


@pytest.mark.parametrize(("config", "known"), KNOWN_IDS)
def test_ids_are_those_of_the_frozen_runs(config, known):
    assert config.id == known


def test_a_new_field_with_a_default_leaves_the_ids():
    limits = {"help": "", "choices": None, "minimum": 0, "below": 1}

    @dataclass(frozen=True, kw_only=True)
    class Extended(RunConfig):
        label_noise: float = field(default=0.1, metadata=limits)

    for config, known in KNOWN_IDS:
        assert Extended(**config.as_dict()).id == known
        assert Extended(**config.as_dict(), label_noise=0.2).id != known


def test_each_version_of_the_training_has_its_ids(monkeypatch):
    before = RunConfig().id
    monkeypatch.setattr(config_module, "TRAINING_VERSION", config_module.TRAINING_VERSION + 1)
    assert RunConfig().id != before


OTHER_VALUES = {
    "dataset": "digits",
    "head": "none",
    "seed": 7,
    "backbone": "cnn",
    "width": 7,
    "latent_dim": 7,
    "gamma": 7,
    "penalty": "mean_square",
    "dropout": 0.7,
    "batch_size": 7,
    "learning_rate": 7,
    "halve_every": 7,
    "epochs": 7,
    "log_every": 7,
    "precision": "bf16",
}


def test_every_field_is_in_the_id():
    assert set(OTHER_VALUES) == {item.name for item in fields(RunConfig)}
    ids = {RunConfig(**{name: value}).id for name, value in OTHER_VALUES.items()}
    assert len(ids | {RunConfig().id}) == len(OTHER_VALUES) + 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"gamma": 3}, {"gamma": 3.0}),
        ({"gamma": 3}, {"gamma": "3"}),
        ({"gamma": 0.0}, {"gamma": -0.0}),
        ({"dropout": 0}, {"dropout": -0.0}),
        ({"gamma": np.float64(3)}, {"gamma": 3}),
        ({"seed": np.int64(3)}, {"seed": 3.0}),
        ({"epochs": "12"}, {"epochs": 12}),
        ({"gamma": 10}, {}),
        ({"head": "linear", "gamma": 3}, {"head": "linear"}),
    ],
)
def test_equal_trainings_have_one_id(one, other):
    assert RunConfig(**one) == RunConfig(**other)
    assert RunConfig(**one).id == RunConfig(**other).id


@pytest.mark.parametrize("head", ["linear", "nonlinear", "none"])
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("gamma", [0, 3, 10])
def test_heads_without_the_penalty_do_not_depend_on_it(head, penalty, gamma):
    config = RunConfig(head=head, gamma=gamma, penalty=penalty)
    assert (config.gamma, config.penalty) == (0, "mean_exp")
    assert config == RunConfig(head=head)


def test_the_binary_head_keeps_what_was_asked():
    config = RunConfig(gamma=0.25, penalty="sum_exp")
    assert (config.gamma, config.penalty) == (0.25, "sum_exp")


def test_a_wrong_gamma_is_an_error_for_every_head():
    with pytest.raises(ValueError, match="gamma is -1; allowed: a number ≥ 0"):
        RunConfig(head="linear", gamma=-1)


NOT_WHOLE = [-1, 1.5, "1.5", "many", "", None, True, [3], float("nan"), float("inf")]
NOT_NUMBERS = [-1e-9, float("nan"), float("inf"), "nan", "ten", None, True, [3]]
WHOLE = ("seed", "width", "latent_dim", "batch_size", "halve_every", "epochs", "log_every")
REAL = ("gamma", "dropout", "learning_rate")
WRONG = [
    *((name, value) for name in WHOLE for value in NOT_WHOLE),
    *((name, 0) for name in WHOLE if name != "seed"),
    *((name, value) for name in REAL for value in NOT_NUMBERS),
    ("seed", np.True_),
    ("gamma", np.True_),
    ("dropout", 1),
    ("dropout", 1.5),
    ("dataset", "cifar"),
    ("dataset", None),
    ("dataset", ["mnist"]),
    ("head", "Binary"),
    ("head", ""),
    ("backbone", "resnet"),
    ("penalty", "exp"),
    ("precision", "fp16"),
    ("precision", True),
]
ALLOWED = {
    "seed": "a whole number ≥ 0",
    **{name: "a whole number ≥ 1" for name in WHOLE if name != "seed"},
    "gamma": "a number ≥ 0",
    "learning_rate": "a number ≥ 0",
    "dropout": "a number ≥ 0 and < 1",
    "dataset": "mnist, fashion_mnist, digits",
    "head": "binary, linear, nonlinear, none",
    "backbone": "mlp, cnn",
    "penalty": "mean_exp, exp_mean, sum_exp, mean_square",
    "precision": "fp32, bf16",
}


@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda part: repr(part))
def test_a_wrong_value_is_answered_in_one_line_that_names_the_allowed(name, value):
    with pytest.raises(ValueError) as error:
        RunConfig(**{name: value})
    assert str(error.value) == f"{name} is {value!r}; allowed: {ALLOWED[name]}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", 0),
        ("seed", 10**400),
        ("gamma", 0),
        ("gamma", 1e300),
        ("dropout", 0),
        ("dropout", 0.999),
        ("epochs", 1),
        ("width", 1),
    ],
    ids=lambda part: str(part)[:20],
)
def test_the_ends_of_the_ranges_are_allowed(name, value):
    assert getattr(RunConfig(**{name: value}), name) == value


def test_an_unknown_dataset_has_no_recipe():
    with pytest.raises(ValueError) as error:
        recipe("cifar")
    assert str(error.value) == "dataset is 'cifar'; allowed: mnist, fashion_mnist, digits"


@pytest.mark.parametrize("dataset", DATASETS)
def test_an_unknown_parameter_is_answered_with_the_known(dataset):
    for make in (recipe(dataset).change, lambda **changes: recipe(dataset, **changes)):
        with pytest.raises(ValueError) as error:
            make(gama=3)
        assert str(error.value) == f"unknown parameter 'gama'; allowed: {', '.join(PAPER_MNIST)}"


def test_a_configuration_is_changed_in_a_copy():
    config = recipe("digits")
    other = config.change(gamma=3, head="binary")
    assert (config.gamma, other.gamma) == (10, 3)
    with pytest.raises(AttributeError):
        config.gamma = 3


def test_a_changed_head_loses_the_penalty():
    assert recipe("digits").change(head="linear").gamma == 0


@pytest.mark.parametrize(
    ("epochs", "log_every", "expected"),
    [
        (101, 5, [*range(0, 101, 5)]),
        (12, 5, [0, 5, 10, 11]),
        (11, 5, [0, 5, 10]),
        (3, 1, [0, 1, 2]),
        (100, 1000, [0, 99]),
        (1, 5, [0]),
    ],
)
def test_logged_epochs(epochs, log_every, expected):
    assert RunConfig(epochs=epochs, log_every=log_every).logged_epochs() == expected


def test_the_label_tells_runs_apart():
    assert recipe("fashion_mnist", head="none", seed=3).label == "fashion_mnist none seed 3"


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("head", HEADS)
def test_a_recipe_departs_in_nothing(dataset, head):
    assert departures(recipe(dataset, head=head, seed=3, log_every=1)) == []


def test_departures_are_phrases():
    config = recipe("mnist", width=512, epochs=21, gamma=3, precision="bf16")
    assert departures(config) == [
        "width 512 instead of 2048",
        "gamma 3.0 instead of 10.0",
        "epochs 21 instead of the released code's 101",
        "precision bf16 instead of fp32",
    ]


def test_departures_are_from_the_recipe_of_the_dataset():
    assert departures(recipe("fashion_mnist", epochs=8)) == [
        "epochs 8 instead of the released code's 101"
    ]
    assert departures(RunConfig(dataset="fashion_mnist", latent_dim=128, width=1024)) == [
        "backbone mlp instead of cnn",
        "batch size 64 instead of 128",
    ]
