"""The harder datasets from their files to frozen runs, on small files and without a network."""

import dataclasses

import numpy as np
import pytest
import torch

from binenc_core.config import HEADS
from replication.campaigns import grids
from replication.campaigns.selection import page_configs
from replication.data.datasets import DATASETS, HARDER_DATASETS
from replication.data.load import load
from replication.data.recipes import recipe
from replication.figures.common import captions
from replication.runs import checkpoints, store, timing
from replication.runs.freeze import freeze
from replication.runs.trainer import get_or_train
from served_files import make, place
from small_runs import assert_same_bytes, use_folders

# Two images of every class, in batches of ten; a ResNet50, or 100 classes with one, would take too
# long here.
SMALL = {"epochs": 2, "log_every": 1, "batch_size": 10}
MLP = {"backbone": "mlp", "width": 16}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def made(request, monkeypatch, tmp_path):
    """The small files of the dataset asked are in the data folder, and runs have their own."""
    made = make(request.param, monkeypatch)
    place(made.files, tmp_path / "data" / made.place)
    monkeypatch.setenv("BINENC_DATA", str(tmp_path / "data"))
    use_folders(monkeypatch, tmp_path)
    monkeypatch.setattr(timing, "TIMED_STEPS", 1)
    return made


def state_of(run):
    return checkpoints.load(run.arrays_path.with_name(store.CHECKPOINT)).state


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
def test_a_run_is_trained_kept_and_frozen(made, request, changes, tmp_path):
    name = request.node.callspec.params["made"]
    config = recipe(name, **{"protocol": "later", **SMALL, **changes})
    run = get_or_train(config, "cpu", str)
    assert run.info["diverged_epoch"] is None
    assert len(run.history) == 2 * config.epochs
    assert run.history["accuracy"].between(0, 1).all()
    arrays, classes = run.arrays(), DATASETS[name].classes
    assert arrays["class_means"].shape == (config.epochs, classes, config.latent_dim)
    index, images = arrays["furthest_index"][-1], arrays["furthest_image"][-1]
    assert np.array_equal(made.labels["test"][index], np.arange(classes))
    expected = made.images["test"][index]
    gray = name == "kmnist"
    assert np.array_equal(images, expected[:, 0] if gray else expected.transpose(0, 2, 3, 1))
    freeze([run], tmp_path / "results" / name, "command")
    (found,) = page_configs(name, (config.head,))
    assert found == config
    (frozen,) = store.load_campaign(tmp_path / "results" / name)
    assert (frozen.id, frozen.config) == (config.id, config)


@pytest.mark.parametrize("made", ["cifar10"], indirect=True)
@pytest.mark.full
def test_a_resnet_goes_on_from_its_checkpoint_to_the_bit(made, monkeypatch, tmp_path):
    """Its running means, its crops and flips and its γ are as in a training in one go."""
    config = recipe("cifar10", "later", gamma_growth=50, precision="bf16", **SMALL)
    whole = get_or_train(config, "cpu", str)
    monkeypatch.setenv("BINENC_RUNS", str(tmp_path / "other"))
    first = get_or_train(config.change(epochs=1), "cpu", str)
    said = []
    second = get_or_train(config, "cpu", said.append)
    assert " from epoch 1, about " in " ".join(said)
    assert_same_bytes(second, whole)
    states = [state_of(run) for run in (first, second, whole)]
    assert set(states[1]) == set(states[2])
    assert all(torch.equal(states[1][name], states[2][name]) for name in states[1])
    for changed in ("model.backbone.bn1.running_var", "random.augmentation"):
        assert not torch.equal(states[0][changed], states[1][changed])


@pytest.mark.parametrize("made", ["cifar100"], indirect=True)
def test_a_hundred_classes_have_a_hundred_logits(made):
    outcome = get_or_train(recipe("cifar100", "later", head="none", **SMALL, **MLP), "cpu", str)
    weights = state_of(outcome)["model.classifier.weight"]
    assert weights.shape == (100, 16)
    chance = np.log(100)
    assert outcome.history["cross_entropy"].iloc[0] == pytest.approx(chance, rel=0.2)


@pytest.mark.parametrize("made", HARDER_DATASETS, indirect=True)
def test_a_dataset_is_as_large_as_is_said(made, request):
    data = load(request.node.callspec.params["made"])
    size = DATASETS[request.node.callspec.params["made"]]
    assert data.train_images.shape[1:] == (size.channels, size.side, size.side)
    assert data.train_labels.unique().tolist() == list(range(size.classes))


@pytest.mark.parametrize("name", HARDER_DATASETS)
def test_the_campaigns_are_four_architectures_with_three_seeds(name):
    configs = grids.read(name).configs
    assert {(c.dataset, c.head, c.seed) for c in configs} == {
        (name, head, seed) for head in HEADS for seed in range(3)
    }
    assert len(configs) == 12
    standard = recipe(name, "described" if name == "kmnist" else "later", head="binary")
    binary = next(config for config in configs if config.head == "binary")
    changed = {
        field.name
        for field in dataclasses.fields(standard)
        if getattr(binary, field.name) != getattr(standard, field.name)
    }
    assert changed == ({"width", "epochs"} if name == "kmnist" else set())


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("kmnist", "KMNIST: MLP of width 16, P = 64, γ = 10 (mean_exp), 2 epochs, seed 0; "),
        (
            "svhn",
            "SVHN: ResNet18 with SiLU, P = 4, γ = 0.01·1.084^epoch up to 1e6 (mean_square), "
            "random crops, 2 epochs, seed 0; this project's recipe, protocol of the later",
        ),
        (
            "cifar100",
            "CIFAR100: ResNet50 with SiLU, P = 36, γ = 0.01·1.084^epoch up to 1e6 (mean_square), "
            "random crops and flips, 2 epochs, seed 0; the later versions' recipe with this "
            "project's learning rate, protocol of the later versions, but epochs 2 instead of 200",
        ),
    ],
)
def test_captions_tell_whose_recipe_it_is(name, said):
    kmnist = name == "kmnist"
    config = recipe(name, "described" if kmnist else "later", epochs=2)
    config = config.change(width=16) if kmnist else config
    run = store.Run(config.id, config, None, {}, None)
    assert captions.setting([run]).startswith(said)
