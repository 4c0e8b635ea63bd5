from dataclasses import dataclass, field, fields

import numpy as np
import pytest

from binenc_core import config as config_module
from binenc_core.config import OPTIMIZERS, PARTS, PENALTIES, RunConfig
from replication.data.recipes import recipe

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
    "cnn_dense_layers": 2,
    "activation": "relu",
    "latent_dim": 64,
    "gamma": 10.0,
    "gamma_growth": 1.0,
    "gamma_cap": 1e6,
    "penalty": "mean_exp",
    "softmax": "once",
    "dropout": 0.5,
    "dropout_epochs": "every",
    "augmentation": "none",
    "batch_size": 64,
    "learning_rate": 1e-4,
    "halve_every": 20,
    "weight_decay": 0.0,
    **{
        f"{part}_{name}": value
        for part in PARTS
        for name, value in (("optimizer", "adam"), ("rate", 1.0), ("epsilon", 1e-8))
    },
    "switch_epoch": 0,
    "switch_optimizer": "adam",
    "switch_rate": 1.0,
    "classifier_start": "uniform",
    "classifier_rms_cap": 0.0,
    "rotation": "none",
    "epochs": 101,
    "log_every": 5,
    "log_first": 1,
    "log_last": 1,
    "held_out": 0.0,
    "precision": "fp32",
    "metrics": "described",
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
    limits = {"help": "", "choices": None, "minimum": 0, "above": None, "below": 1}

    @dataclass(frozen=True, kw_only=True)
    class Extended(RunConfig):
        label_noise: float = field(default=0.1, metadata=limits)

    for config, known in KNOWN_IDS:
        assert Extended(**config.as_dict()).id == known
        assert Extended(**config.as_dict(), label_noise=0.2).id != known


@pytest.mark.parametrize(("backbone", "width"), [("resnet18", 512), ("resnet50", 2048)])
def test_a_resnet_has_its_own_width_and_no_dropout(backbone, width):
    config = RunConfig(backbone=backbone, width=7, dropout=0.9, dropout_epochs="first")
    assert (config.width, config.dropout, config.dropout_epochs) == (width, 0.5, "every")


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
    "cnn_dense_layers": 7,
    "activation": "silu",
    "latent_dim": 7,
    "gamma": 7,
    "gamma_growth": 7,
    "gamma_cap": 7,
    "penalty": "mean_square",
    "softmax": "twice",
    "dropout": 0.7,
    "dropout_epochs": "first",
    "augmentation": "crop_flip",
    "batch_size": 7,
    "learning_rate": 7,
    "halve_every": 7,
    "weight_decay": 7,
    "backbone_optimizer": "sgd",
    "backbone_rate": 7,
    "backbone_epsilon": 7,
    "penultimate_optimizer": "muon",
    "penultimate_rate": 7,
    "penultimate_epsilon": 7,
    "classifier_optimizer": "frozen",
    "classifier_rate": 7,
    "classifier_epsilon": 7,
    "switch_epoch": 7,
    "switch_optimizer": "sgd",
    "switch_rate": 7,
    "classifier_start": "signs",
    "classifier_rms_cap": 7,
    "rotation": "random",
    "epochs": 7,
    "log_every": 7,
    "log_first": 7,
    "log_last": 7,
    "held_out": 0.7,
    "precision": "bf16",
}
# Beside which a field has an effect.
BESIDE = {
    "cnn_dense_layers": {"backbone": "cnn"},
    "gamma_cap": {"gamma": 1, "gamma_growth": 2},
    "switch_optimizer": {"switch_epoch": 3},
    "switch_rate": {"switch_epoch": 3},
}


def test_every_field_that_a_training_depends_on_is_in_the_id():
    assert {*OTHER_VALUES, "metrics"} == {item.name for item in fields(RunConfig)}
    for name, value in OTHER_VALUES.items():
        beside = BESIDE.get(name, {})
        assert RunConfig(**beside, **{name: value}).id != RunConfig(**beside).id, name
    ids = {RunConfig(**BESIDE.get(n, {}), **{n: value}).id for n, value in OTHER_VALUES.items()}
    assert len(ids) == len(OTHER_VALUES)


def test_the_definitions_that_are_plotted_are_not_in_the_id():
    described, released = RunConfig(), RunConfig(metrics="released")
    assert described.id == released.id
    assert described != released


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
        ({"head": "none", "gamma_growth": 2, "gamma_cap": 20}, {"head": "none"}),
        ({"gamma": 0, "gamma_growth": 2, "penalty": "sum_exp"}, {"gamma": 0}),
        ({"gamma_cap": 20}, {}),
        ({"gamma_cap": 5}, {}),
        ({"cnn_dense_layers": 3}, {}),
        ({"switch_optimizer": "sgd", "switch_rate": 3}, {}),
        (
            {"classifier_optimizer": "sgd", "classifier_epsilon": 0.1},
            {"classifier_optimizer": "sgd"},
        ),
        (
            {"classifier_optimizer": "frozen", "classifier_rate": 3},
            {"classifier_optimizer": "frozen"},
        ),
        (
            {"head": "none", "penultimate_optimizer": "sgd", "rotation": "random"},
            {"head": "none"},
        ),
        (
            {"backbone": "resnet18", "width": 7, "dropout": 0.1, "dropout_epochs": "first"},
            {"backbone": "resnet18"},
        ),
        ({"backbone": "resnet50", "width": 512}, {"backbone": "resnet50", "width": 2048}),
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
WHOLE = {
    "seed": 0,
    "width": 1,
    "cnn_dense_layers": 2,
    "latent_dim": 1,
    "batch_size": 1,
    "halve_every": 0,
    "switch_epoch": 0,
    "epochs": 1,
    "log_every": 1,
    "log_first": 1,
    "log_last": 1,
}
REAL = ("gamma", "gamma_cap", "dropout", "learning_rate", "weight_decay", "held_out")
POSITIVE = [f"{part}_{name}" for part in PARTS for name in ("rate", "epsilon")]
WRONG = [
    *((name, value) for name in WHOLE for value in NOT_WHOLE),
    *((name, least - 1) for name, least in WHOLE.items()),
    ("gamma_growth", 0.99),
    ("gamma_growth", float("nan")),
    *((name, value) for name in REAL for value in NOT_NUMBERS),
    *((name, value) for name in POSITIVE for value in (0, -1, "0", float("nan"))),
    ("switch_rate", 0),
    ("held_out", 1),
    ("classifier_optimizer", "sdg"),
    ("switch_optimizer", None),
    ("classifier_start", "zero"),
    ("rotation", True),
    ("seed", np.True_),
    ("gamma", np.True_),
    ("dropout", 1),
    ("dropout", 1.5),
    ("dataset", ""),
    ("dataset", None),
    ("dataset", ["mnist"]),
    ("head", "Binary"),
    ("head", ""),
    ("backbone", "resnet"),
    ("activation", "tanh"),
    ("augmentation", True),
    ("penalty", "exp"),
    ("precision", "fp16"),
    ("precision", True),
    ("softmax", 2),
    ("dropout_epochs", "never"),
    ("metrics", "papyan"),
]
ALLOWED = {
    **{name: f"a whole number ≥ {least}" for name, least in WHOLE.items()},
    **dict.fromkeys(REAL, "a number ≥ 0"),
    **dict.fromkeys([*POSITIVE, "switch_rate"], "a number > 0"),
    "gamma_growth": "a number ≥ 1",
    "dropout": "a number ≥ 0 and < 1",
    "held_out": "a number ≥ 0 and < 1",
    "classifier_optimizer": ", ".join(OPTIMIZERS),
    "switch_optimizer": ", ".join(OPTIMIZERS),
    "classifier_start": "uniform, gaussian, signs",
    "rotation": "none, random",
    "dataset": "a name",
    "head": "binary, linear, nonlinear, none",
    "backbone": "mlp, cnn, resnet18, resnet50",
    "activation": "relu, silu",
    "augmentation": "none, crop, crop_flip",
    "penalty": "mean_exp, exp_mean, sum_exp, exp_norm, mean_square",
    "precision": "fp32, bf16",
    "softmax": "once, twice",
    "dropout_epochs": "every, first",
    "metrics": "described, released",
}


@pytest.mark.parametrize("part", PARTS)
def test_weight_decay_is_adams_alone(part):
    with pytest.raises(ValueError, match=f"weight_decay goes with adam; {part}_optimizer is 'sgd'"):
        RunConfig(weight_decay=0.1, **{f"{part}_optimizer": "sgd"})


def test_first_and_last_epochs_are_logged_beside_every_other():
    config = RunConfig(epochs=21, log_every=5, log_first=3, log_last=4)
    assert config.logged_epochs() == [0, 1, 2, 5, 10, 15, 17, 18, 19, 20]
    assert RunConfig(epochs=3, log_first=9, log_last=9).logged_epochs() == [0, 1, 2]
    assert config.trajectory == RunConfig(epochs=21).trajectory


def test_the_classifiers_optimizer_is_another_from_its_switch_on():
    config = RunConfig(
        classifier_epsilon=0.1, switch_epoch=3, switch_optimizer="sgd", switch_rate=5
    )
    assert config.optimizer_at("classifier", 2) == ("adam", 1.0, 0.1)
    assert config.optimizer_at("classifier", 3) == ("sgd", 5.0, 1e-8)
    assert config.optimizer_at("backbone", 3) == ("adam", 1.0, 1e-8)


def test_a_held_out_part_is_called_validation():
    assert RunConfig().splits == ("train", "test")
    assert RunConfig(held_out=0.1).splits == ("train", "validation")


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


def test_a_cap_below_the_first_gamma_is_an_error():
    with pytest.raises(ValueError) as error:
        RunConfig(gamma=10, gamma_growth=1.1, gamma_cap=5)
    assert str(error.value) == "gamma_cap is 5.0; allowed: a number ≥ gamma"


def test_gamma_stays_where_it_does_not_grow():
    config = RunConfig(gamma=3e7)  # above the cap, which belongs to a growing γ
    assert {config.gamma_at(epoch) for epoch in (0, 1, 100)} == {3e7}


def test_gamma_grows_by_a_factor_every_epoch_up_to_its_cap():
    config = RunConfig(gamma=0.01, gamma_growth=2, gamma_cap=0.1)
    grown = [config.gamma_at(epoch) for epoch in (0, 1, 2, 3, 4, 100_000)]
    assert grown == pytest.approx([0.01, 0.02, 0.04, 0.08, 0.1, 0.1], rel=1e-12)


def test_the_learning_rate_halves_after_every_20_epochs():
    config = RunConfig(learning_rate=1e-4)
    rates = [config.learning_rate_at(epoch) for epoch in (0, 19, 20, 39, 40)]
    assert rates == [1e-4, 1e-4, 5e-5, 5e-5, 2.5e-5]


def test_the_learning_rate_may_stay():
    config = RunConfig(learning_rate=1e-4, halve_every=0)
    assert {config.learning_rate_at(epoch) for epoch in (0, 19, 20, 40, 10_000)} == {1e-4}


@pytest.mark.parametrize(("asked", "epochs"), [("every", [0, 1, 40]), ("first", [0])])
def test_dropout_acts_in_the_epochs_asked(asked, epochs):
    config = RunConfig(dropout_epochs=asked)
    assert [epoch for epoch in (0, 1, 40) if config.has_dropout_in(epoch)] == epochs


def test_a_trajectory_is_what_the_epochs_share():
    config = RunConfig(seed=3)
    for same in ({"epochs": 7}, {"log_every": 2}, {"metrics": "released"}):
        assert config.change(**same).trajectory == config.trajectory
    for other in ({"seed": 4}, {"softmax": "twice"}, {"halve_every": 0}):
        assert config.change(**other).trajectory != config.trajectory
