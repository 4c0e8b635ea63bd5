"""The harder datasets from their files to frozen runs, on small files and without a network."""

import numpy as np
import pytest

from replication.campaigns.selection import page_configs
from replication.data.datasets import DATASETS
from replication.data.recipes import recipe
from replication.runs import store, timing
from replication.runs.freeze import freeze
from replication.runs.trainer import get_or_train
from served_files import make, place

# Two images of every class, in batches of ten; a ResNet50, or 100 classes with one, would take too
# long here.
SMALL = {"epochs": 2, "log_every": 1, "batch_size": 10}
MLP = {"backbone": "mlp", "width": 16}


pytestmark = pytest.mark.usefixtures("own_folders", "one_thread")


@pytest.fixture
def made(request, monkeypatch, tmp_path):
    """The small files of the dataset asked are in the data folder, and runs have their own."""
    made = make(request.param, monkeypatch)
    place(made.files, tmp_path / "data" / made.place)
    monkeypatch.setenv("BINENC_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(timing, "TIMED_STEPS", 1)
    return made


@pytest.mark.parametrize(
    ("made", "changes"),
    [
        ("kmnist", {"protocol": "described", "width": 16}),
        ("svhn", {"precision": "fp32", "head": "linear", "epochs": 1}),
        ("cifar10", {"precision": "bf16", "epochs": 1}),
        ("cifar100", MLP),
    ],
    indirect=["made"],
)
@pytest.mark.sampled
def test_a_run_is_trained_kept_and_frozen(made, request, changes):
    name = request.node.callspec.params["made"]
    config = recipe(name, **{"protocol": "later", **SMALL, **changes})
    run = get_or_train(config, "cpu", str)
    assert run.info["diverged_epoch"] is None
    assert len(run.history) == 2 * config.epochs
    assert run.history["accuracy"].between(0, 1).all()
    arrays, classes = run.arrays(), DATASETS[name].classes
    assert arrays["class_means"].shape == (config.epochs, classes, config.latent_dim)
    assert arrays["classifier_weights"].shape == arrays["class_means"].shape
    index, images = arrays["furthest_index"][-1], arrays["furthest_image"][-1]
    assert np.array_equal(made.labels["test"][index], np.arange(classes))
    expected = made.images["test"][index]
    gray = name == "kmnist"
    assert np.array_equal(images, expected[:, 0] if gray else expected.transpose(0, 2, 3, 1))
    freeze([run], store.RESULTS / name, "command")
    assert page_configs(name, (config.head,)) == [config]
