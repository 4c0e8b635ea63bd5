import pytest

from binenc_core.config import RunConfig
from replication.data.datasets import DATASETS
from replication.data.recipes import PROTOCOLS, SWITCHES, departures, protocol_of, recipe, switches


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"dataset": "cifar"}, f"dataset is 'cifar'; allowed: {', '.join(DATASETS)}"),
        ({"protocol": "old"}, "protocol is 'old'; allowed: described, released, later"),
        ({"gama": 3}, f"parameter is 'gama'; allowed: {', '.join(RunConfig().as_dict())}"),
    ],
)
def test_what_is_unknown_is_answered_with_the_known(asked, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        recipe(**{"dataset": "mnist", **asked})


def test_the_described_protocol_is_the_default_but_for_resnets():
    assert switches("described") == {name: getattr(RunConfig(), name) for name in SWITCHES}
    for dataset in DATASETS:
        usual = "later" if dataset in ("svhn", "cifar10", "cifar100") else "described"
        assert recipe(dataset, usual) == recipe(dataset)


def test_the_released_protocol_is_the_codes():
    """Facts 1 to 5 on the code of the workshop version."""
    config = recipe("fashion_mnist", "released")
    assert (config.softmax, config.dropout_epochs) == ("twice", "first")
    assert {config.learning_rate_at(epoch) for epoch in (0, 20, 100)} == {1e-4}
    assert (config.penalty, config.cnn_dense_layers) == ("exp_mean", 3)
    assert config.metrics == "released"
    other = recipe("mnist", "released", penalty="sum_exp", halve_every=7)
    assert (other.penalty, other.halve_every, other.softmax) == ("sum_exp", 7, "twice")


def test_the_later_protocol_is_that_of_the_third_version():
    config = recipe("mnist", "later")
    assert config.penalty == "mean_square"
    grown = [config.gamma_at(epoch) for epoch in (0, 1, 10)]
    assert grown == pytest.approx([0.01, 0.01084, 0.01 * 1.084**10], rel=1e-12)
    assert config.gamma_at(1000) == 1e6
    assert config.weight_decay == 5e-4
    assert config.halve_every == 0
    assert (config.softmax, config.dropout_epochs) == ("once", "every")


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_recipe_departs_in_nothing(dataset, protocol):
    config = recipe(dataset, protocol, head="linear", seed=3, log_every=1)
    assert departures(config) == []
    assert protocol_of(config) == protocol


def test_a_training_belongs_to_the_protocol_from_which_it_differs_least():
    assert protocol_of(recipe("mnist", softmax="twice")) == "described"
    nearly = recipe("mnist", "released", halve_every=20)
    assert protocol_of(nearly) == "released"
    assert departures(nearly) == ["halve every 20 instead of 0"]


def test_departures_are_from_the_recipe_of_the_dataset():
    assert departures(recipe("fashion_mnist", epochs=8)) == [
        "epochs 8 instead of the released code's 101"
    ]
    assert departures(RunConfig(dataset="fashion_mnist", latent_dim=128, width=1024)) == [
        "backbone mlp instead of cnn",
        "batch size 64 instead of 128",
    ]
    assert departures(recipe("digits", "released", backbone="cnn")) == [
        "backbone cnn instead of mlp"
    ]


@pytest.mark.parametrize(
    ("dataset", "backbone", "latent_dim"),
    [("cifar10", "resnet18", 4), ("cifar100", "resnet50", 36)],
)
def test_cifar_is_trained_as_in_the_later_versions(dataset, backbone, latent_dim):
    config = recipe(dataset, "later")
    assert (config.backbone, config.latent_dim) == (backbone, latent_dim)
    assert (config.activation, config.augmentation) == ("silu", "crop_flip")
    assert (config.batch_size, config.epochs, config.weight_decay) == (128, 200, 5e-4)
    assert config.gamma_at(10) == pytest.approx(0.01 * 1.084**10)
    assert config.logged_epochs() == [*range(0, 200, 20), 199]
    assert "this project's learning rate" in DATASETS[dataset].origin


def test_svhn_is_trained_as_cifar10_without_flips_and_kmnist_as_mnist():
    assert recipe("svhn", "later", augmentation="crop_flip") == recipe("cifar10", "later").change(
        dataset="svhn"
    )
    assert recipe("svhn").augmentation == "crop"
    assert recipe("kmnist") == recipe("mnist").change(dataset="kmnist")
