from dataclasses import dataclass, field, fields

import numpy as np
import pytest

from binenc_core.config import OPTIMIZERS, PARTS, RunConfig, read_number
from replication.data.recipes import recipe
from replication.runs import store

# Ids of frozen runs rest on these. A change here makes every run on every disk a miss: it is right
# only together with a raised TRAINING_VERSION.
KNOWN_IDS = [
    (recipe("mnist"), "c3aa9744214c"),
    (recipe("mnist", head="linear"), "cd268e47234b"),
    (recipe("mnist", head="none"), "b8fd2d16d8ca"),
    (recipe("mnist", gamma=0), "53fb66751190"),
    (recipe("fashion_mnist", head="none", seed=4, precision="bf16"), "c0249e7956da"),
    (recipe("digits", dropout=0.2, halve_every=10, log_every=1), "e001674a6f08"),
]

WHOLE, NUMBER, POSITIVE = "a whole number ≥ 1", "a number ≥ 0", "a number > 0"
# Of each field: its default, which is the paper's for MNIST and must stay as it is for the ids to
# mean the same; another value; the nearest that is refused; and what is allowed.
FIELDS = {
    "dataset": ("mnist", "digits", "", "a name"),
    "head": ("binary", "none", "Binary", "binary, linear, nonlinear, none"),
    "seed": (0, 7, -1, "a whole number ≥ 0"),
    "backbone": ("mlp", "cnn", "resnet", "mlp, cnn, resnet18, resnet50"),
    "width": (2048, 7, 0, WHOLE),
    "cnn_dense_layers": (2, 7, 1, "a whole number ≥ 2"),
    "activation": ("relu", "silu", "tanh", "relu, silu"),
    "latent_dim": (64, 7, 0, WHOLE),
    "gamma": (10.0, 7, -1e-9, NUMBER),
    "gamma_growth": (1.0, 7, 0.99, "a number ≥ 1"),
    "gamma_cap": (1e6, 7, -1e-9, NUMBER),
    "penalty": (
        *("mean_exp", "mean_square", "exp"),
        "mean_exp, exp_mean, sum_exp, exp_norm, mean_square",
    ),
    "softmax": ("once", "twice", 2, "once, twice"),
    "dropout": (0.5, 0.7, 1, "a number ≥ 0 and < 1"),
    "dropout_epochs": ("every", "first", "never", "every, first"),
    "augmentation": ("none", "crop_flip", True, "none, crop, crop_flip"),
    "batch_size": (64, 7, 0, WHOLE),
    "learning_rate": (1e-4, 7, -1e-9, NUMBER),
    "halve_every": (20, 7, -1, "a whole number ≥ 0"),
    "weight_decay": (0.0, 7, -1e-9, NUMBER),
    "backbone_optimizer": ("adam", "sgd", "sdg", ", ".join(OPTIMIZERS)),
    "penultimate_optimizer": ("adam", "muon", "Adam", ", ".join(OPTIMIZERS)),
    "classifier_optimizer": ("adam", "frozen", None, ", ".join(OPTIMIZERS)),
    **{f"{part}_rate": (1.0, 7, 0, POSITIVE) for part in PARTS},
    **{f"{part}_epsilon": (1e-8, 7, 0, POSITIVE) for part in PARTS},
    "switch_epoch": (0, 7, -1, "a whole number ≥ 0"),
    "switch_optimizer": ("adam", "sgd", "", ", ".join(OPTIMIZERS)),
    "switch_rate": (1.0, 7, 0, POSITIVE),
    "classifier_start": ("uniform", "signs", "zero", "uniform, gaussian, signs"),
    "classifier_rms_cap": (0.0, 7, -1e-9, NUMBER),
    "rotation": ("none", "random", True, "none, random"),
    "epochs": (101, 7, 0, WHOLE),
    "log_every": (5, 7, 0, WHOLE),
    "log_first": (1, 7, 0, WHOLE),
    "log_last": (1, 7, 0, WHOLE),
    "held_out": (0.0, 0.7, 1, "a number ≥ 0 and < 1"),
    "precision": ("fp32", "bf16", "fp16", "fp32, bf16"),
    "metrics": ("described", "released", "papyan", "described, released"),
}
# Beside which a field has an effect.
BESIDE = {
    "cnn_dense_layers": {"backbone": "cnn"},
    "gamma_cap": {"gamma": 1, "gamma_growth": 2},
    "switch_optimizer": {"switch_epoch": 3},
    "switch_rate": {"switch_epoch": 3},
}


def test_the_defaults_are_the_papers_for_mnist():
    assert RunConfig().as_dict() == {name: values[0] for name, values in FIELDS.items()}
    assert recipe("mnist") == RunConfig()


@pytest.mark.parametrize(("config", "known"), KNOWN_IDS)
def test_ids_stay(config, known):
    assert config.id == known


def test_every_frozen_run_is_found_under_its_id():
    frozen = store.frozen_runs()
    assert len(frozen) > 100
    assert [run_id for run_id, run in frozen.items() if run.config.id != run_id] == []


def test_a_new_field_with_a_default_leaves_the_ids():
    limits = {"help": "", "choices": None, "minimum": 0, "above": None, "below": 1}

    @dataclass(frozen=True, kw_only=True)
    class Extended(RunConfig):
        label_noise: float = field(default=0.1, metadata=limits)

    for config, known in KNOWN_IDS:
        assert Extended(**config.as_dict()).id == known
        assert Extended(**config.as_dict(), label_noise=0.2).id != known


def test_every_field_is_in_the_id_but_what_is_plotted():
    assert {*FIELDS} == {item.name for item in fields(RunConfig)}
    ids = set()
    for name, (_, value, *_) in FIELDS.items():
        beside = BESIDE.get(name, {})
        changed, plain = RunConfig(**beside, **{name: value}), RunConfig(**beside)
        assert changed != plain, name
        assert (changed.id == plain.id) == (name == "metrics"), name
        ids.add(changed.id)
    assert len(ids) == len(FIELDS)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"gamma": 3}, {"gamma": "3"}),
        ({"gamma": 0.0}, {"gamma": -0.0}),
        ({"gamma": np.float64(3)}, {"gamma": 3}),
        ({"seed": np.int64(3)}, {"seed": 3.0}),
        ({"head": "linear", "gamma": 3, "penalty": "sum_exp"}, {"head": "linear"}),
        ({"head": "none", "gamma_growth": 2, "gamma_cap": 20}, {"head": "none"}),
        ({"gamma": 0, "gamma_growth": 2, "penalty": "sum_exp"}, {"gamma": 0}),
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
            {"backbone": "resnet18", "width": 512},
        ),
    ],
)
def test_equal_trainings_have_one_id(one, other):
    assert RunConfig(**one) == RunConfig(**other)
    assert RunConfig(**one).id == RunConfig(**other).id


NOT_WHOLE = [1.5, "1.5", "many", "", None, True, np.True_, [3], float("nan"), float("inf")]
NOT_NUMBERS = ["nan", "ten", None, True, np.True_, [3], float("nan"), float("inf")]
WRONG = [
    *((name, values[2]) for name, values in FIELDS.items()),
    *(("width", value) for value in NOT_WHOLE),
    *(("gamma", value) for value in NOT_NUMBERS),
    *((name, float("nan")) for name in ("gamma_growth", "switch_rate", "dropout")),
    *(("dataset", value) for value in (None, ["mnist"])),
]


@pytest.mark.parametrize(("name", "value"), WRONG, ids=lambda part: repr(part))
def test_a_wrong_value_is_answered_in_one_line_that_names_the_allowed(name, value):
    with pytest.raises(ValueError) as error:
        RunConfig(**{name: value})
    assert str(error.value) == f"{name} is {value!r}; allowed: {FIELDS[name][3]}"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"head": "linear", "gamma": -1}, "gamma is -1; allowed: a number ≥ 0"),
        ({"gamma_growth": 1.1, "gamma_cap": 5}, "gamma_cap is 5.0; allowed: a number ≥ gamma"),
        (
            {"weight_decay": 0.1, "backbone_optimizer": "sgd"},
            "weight_decay goes with adam; backbone_optimizer is 'sgd'",
        ),
    ],
)
def test_values_that_do_not_go_together_are_refused(asked, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        RunConfig(**asked)


@pytest.mark.parametrize("text", [2, 2.0, "2", "2.0", "2e0", " 2 "])
def test_a_whole_number_is_read_alike_wherever_it_stands(text):
    assert read_number(text, int) == 2
    assert isinstance(read_number(text, int), int)


def test_large_whole_numbers_lose_no_digit():
    assert read_number(str(2**60 + 1), int) == read_number(2**60 + 1, int) == 2**60 + 1
    assert read_number("1e400", int) is None


def test_a_configuration_is_changed_in_a_copy():
    config = recipe("digits")
    assert (config.change(head="linear").gamma, config.gamma) == (0, 10)
    with pytest.raises(AttributeError):
        config.gamma = 3


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"epochs": 12}, [0, 5, 10, 11]),
        ({"epochs": 11}, [0, 5, 10]),
        ({"epochs": 1}, [0]),
        ({"epochs": 3, "log_first": 9, "log_last": 9}, [0, 1, 2]),
        (
            {"epochs": 21, "log_first": 3, "log_last": 4},
            [0, 1, 2, 5, 10, 15, 17, 18, 19, 20],
        ),
    ],
)
def test_logged_epochs(changes, expected):
    assert RunConfig(**changes).logged_epochs() == expected


def test_the_label_and_the_splits():
    assert recipe("fashion_mnist", head="none", seed=3).label == "fashion_mnist none seed 3"
    assert RunConfig().splits == ("train", "test")
    assert RunConfig(held_out=0.1).splits == ("train", "validation")


def test_the_classifiers_optimizer_is_another_from_its_switch_on():
    config = RunConfig(
        classifier_epsilon=0.1, switch_epoch=3, switch_optimizer="sgd", switch_rate=5
    )
    assert config.optimizer_at("classifier", 2) == ("adam", 1.0, 0.1)
    assert config.optimizer_at("classifier", 3) == ("sgd", 5.0, 1e-8)
    assert config.optimizer_at("backbone", 3) == ("adam", 1.0, 1e-8)


def test_gamma_grows_by_a_factor_every_epoch_up_to_its_cap():
    config = RunConfig(gamma=0.01, gamma_growth=2, gamma_cap=0.1)
    grown = [config.gamma_at(epoch) for epoch in (0, 1, 2, 3, 4, 100_000)]
    assert grown == pytest.approx([0.01, 0.02, 0.04, 0.08, 0.1, 0.1], rel=1e-12)
    config = RunConfig(gamma=3e7)  # above the cap, which belongs to a growing γ
    assert {config.gamma_at(epoch) for epoch in (0, 1, 100)} == {3e7}
