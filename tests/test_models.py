import pytest
import torch
from torch import nn

from binenc_core.config import HEADS
from binenc_core.models import Classifier
from replication.data.recipes import recipe

SEEDS = (1, 2)


def network(config, side=8, seeds=SEEDS, channels=1):
    return Classifier(config, side, 10, seeds, channels)


def digits(head="binary", **changes):
    return recipe("digits", head=head, **changes)


def images(count, side, seed=0, channels=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, channels, side, side, generator=generator) * 2 - 1


# Weights and biases of the backbone, the penultimate layer, the classifier after that layer, and
# the classifier straight after the backbone.
MLP_2048 = (
    (784 * 2048 + 2048) + (2048 * 2048 + 2048) + (2048 * 2048 + 2048),
    2048 * 64 + 64,
    64 * 10 + 10,
    2048 * 10 + 10,
)
CNN_1024 = (
    (1 * 64 * 9 + 64)
    + (64 * 128 * 9 + 128)
    + (128 * 256 * 9 + 256)
    + (256 * 256 * 9 + 256)
    + (256 * 512 * 9 + 512)
    + (512 * 3 * 3 * 1024 + 1024)
    + (1024 * 1024 + 1024),
    1024 * 128 + 128,
    128 * 10 + 10,
    1024 * 10 + 10,
)


def test_the_released_cnn_has_a_third_dense_layer_without_dropout():
    described, released = (
        network(recipe("fashion_mnist", protocol), side=28).backbone
        for protocol in ("described", "released")
    )

    def dense_part(backbone):
        layers = [type(layer).__name__ for layer in backbone]
        return layers[layers.index("Flatten") + 1 :]

    two = ["Linear", "ReLU", "Dropout"] * 2
    assert dense_part(described) == two
    assert dense_part(released) == [*two, "Linear", "ReLU"]
    count = sum(p.numel() for p in released.parameters())
    assert count == CNN_1024[0] + 1024 * 1024 + 1024


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize(
    ("dataset", "side", "numbers"),
    [("mnist", 28, MLP_2048), ("fashion_mnist", 28, CNN_1024)],
)
def test_parameter_counts(dataset, side, numbers, head):
    backbone, penultimate, classifier, direct = numbers
    expected = backbone + (direct if head == "none" else penultimate + classifier)
    model = network(recipe(dataset, head=head), side)
    assert sum(parameter.numel() for parameter in model.parameters()) == expected


def test_the_cnn_halves_the_image_three_times():
    """28 → 14 → 7 → 3 pixels, after the first, second and fourth convolution (Appendix A)."""
    model = network(recipe("fashion_mnist", width=8), 28)
    seen = []
    for layer in model.backbone:
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
            layer.register_forward_hook(lambda m, i, o: seen.append((type(m).__name__, *o.shape)))
    model(images(1, 28))
    assert seen == [
        ("Conv2d", 1, 64, 28, 28),
        ("MaxPool2d", 1, 64, 14, 14),
        ("Conv2d", 1, 128, 14, 14),
        ("MaxPool2d", 1, 128, 7, 7),
        ("Conv2d", 1, 256, 7, 7),
        ("Conv2d", 1, 256, 7, 7),
        ("MaxPool2d", 1, 256, 3, 3),
        ("Conv2d", 1, 512, 3, 3),
    ]


@pytest.mark.parametrize("side", [28, 32])
def test_the_stem_of_a_resnet_keeps_the_size_of_the_image(side):
    backbone = network(recipe("cifar10"), side, channels=3).backbone.eval()
    sizes = []
    for name in ("conv1", "layer1", "layer2", "layer3", "layer4"):
        layer = getattr(backbone, name)
        layer.register_forward_hook(lambda m, i, o: sizes.append(o.shape[-1]))
    assert backbone(images(1, side, channels=3)).shape == (1, 512)
    assert sizes == [side, side, side // 2, side // 4, -(-side // 8)]


@pytest.mark.parametrize(("backbone", "channels"), [("resnet18", 3), ("resnet50", 1)])
def test_a_resnet_is_torchvisions_behind_its_stem(backbone, channels):
    """With the same weights in the same layers, h is what torchvision's own gives."""
    from torchvision.models import get_model

    config = recipe("cifar10", head="none", backbone=backbone, activation="relu")
    ours = network(config, channels=channels).backbone.eval()
    assert ours.conv1.weight.shape == (64, channels, 3, 3)
    theirs = get_model(backbone, weights=None).eval()
    theirs.conv1, theirs.maxpool, theirs.fc = ours.conv1, nn.Identity(), nn.Identity()
    theirs.load_state_dict(ours.state_dict())
    batch = images(2, 16, channels=channels)
    torch.testing.assert_close(ours(batch), theirs(batch))


@pytest.mark.parametrize("backbone", ["mlp", "resnet50"])
def test_silu_replaces_every_relu(backbone):
    def activations(name):
        model = network(digits("nonlinear", backbone=backbone, width=8, activation=name))
        kinds = [type(layer).__name__ for layer in model.modules()]
        return kinds.count("ReLU"), kinds.count("SiLU")

    number, none = activations("relu")
    assert number > 3 and none == 0
    assert activations("silu") == (0, number)


@pytest.mark.parametrize("head", HEADS)
def test_what_each_head_makes_of_h(head):
    model, batch = network(digits(head)).eval(), images(200, 8)
    h = model.backbone(batch)
    linear = network(digits("linear")).penultimate(h)
    assert (linear < 0).any() and (linear > 0).any()
    expected = {"none": h, "nonlinear": linear.clamp(min=0)}.get(head, linear)
    logits, x = model(batch)
    torch.testing.assert_close(x, expected)
    torch.testing.assert_close(logits, x @ model.classifier.weight.T + model.classifier.bias)


def layer_values(model, batch):
    """Outputs of each ReLU of the backbone, inputs of each dense layer, in order."""
    relus, inputs = [], []
    for layer in model.modules():
        if isinstance(layer, nn.ReLU):
            layer.register_forward_hook(lambda m, i, o: relus.append(o.detach().flatten(1)))
        if isinstance(layer, nn.Linear):
            layer.register_forward_hook(lambda m, i, o: inputs.append(i[0].detach()))
    model.train()(batch)
    return relus, inputs


def assert_dropped(before, after, rate):
    alive = before > 0
    kept = after[alive] != 0
    assert 1 - kept.float().mean() == pytest.approx(rate, abs=0.05)
    torch.testing.assert_close(after[alive][kept], before[alive][kept] / (1 - rate))
    assert not after[~alive].any()


def test_the_mlp_drops_after_its_first_and_second_layer():
    model = network(digits(dropout=0.2))
    relus, inputs = layer_values(model, images(100, 8))
    assert_dropped(relus[0], inputs[1], 0.2)
    assert_dropped(relus[1], inputs[2], 0.2)
    assert torch.equal(relus[2], inputs[3])  # h goes whole into the penultimate layer


def test_the_cnn_drops_after_both_dense_layers():
    model = network(digits(backbone="cnn"))
    relus, inputs = layer_values(model, images(100, 8))
    assert torch.equal(relus[4], inputs[0])  # no dropout between convolutions and dense layers
    assert_dropped(relus[5], inputs[1], 0.5)
    assert_dropped(relus[6], inputs[2], 0.5)


@pytest.mark.parametrize("backbone", ["mlp", "resnet18"])
def test_one_seed_gives_all_heads_the_same_backbone(backbone):
    def weights(model):
        layers = (m for m in model.backbone.modules() if isinstance(m, nn.Linear | nn.Conv2d))
        return [layer.weight for layer in layers]

    models = [network(digits(head, backbone=backbone, width=24)) for head in HEADS]
    for model in models[1:]:
        assert all(map(torch.equal, weights(model), weights(models[0])))
    other = network(digits(backbone=backbone, width=24), seeds=(9, SEEDS[1]))
    assert not any(map(torch.equal, weights(other), weights(models[0])))
    assert torch.equal(other.classifier.weight, models[0].classifier.weight)


def test_heads_with_a_penultimate_layer_start_alike():
    first, *others = (network(digits(head)) for head in ("binary", "linear", "nonlinear"))
    for model in others:
        assert all(map(torch.equal, model.parameters(), first.parameters()))
    other = network(digits(), seeds=(SEEDS[0], 9))
    assert not torch.equal(other.penultimate.weight, first.penultimate.weight)
    assert not torch.equal(other.classifier.weight, first.classifier.weight)


@pytest.mark.parametrize(
    ("backbone", "head", "number"),
    [("mlp", "nonlinear", 3), ("cnn", "none", 7), ("resnet18", "binary", 20)],
)
def test_bf16_is_for_the_backbone_alone(backbone, head, number):
    config = digits(head, backbone=backbone, precision="bf16", width=24)
    model = network(config).eval()
    seen = {}
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            layer.register_forward_hook(lambda m, i, o, name=name: seen.update({name: o.dtype}))
    logits, x = model(images(6, 8))
    inside = {name: dtype for name, dtype in seen.items() if name.startswith("backbone")}
    outside = {name: dtype for name, dtype in seen.items() if name not in inside}
    assert len(inside) == number
    assert set(inside.values()) == {torch.bfloat16}
    assert len(outside) == (1 if head == "none" else 2)
    assert set(outside.values()) == {torch.float32}
    assert logits.dtype == x.dtype == torch.float32
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
