import pytest
import torch
from torch import nn

from binenc_core.config import HEADS
from binenc_core.loss import total_loss
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
DIGITS_256 = (
    (64 * 256 + 256) + (256 * 256 + 256) + (256 * 256 + 256),
    256 * 16 + 16,
    16 * 10 + 10,
    256 * 10 + 10,
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
    [("mnist", 28, MLP_2048), ("fashion_mnist", 28, CNN_1024), ("digits", 8, DIGITS_256)],
)
def test_parameter_counts(dataset, side, numbers, head):
    backbone, penultimate, classifier, direct = numbers
    expected = backbone + (direct if head == "none" else penultimate + classifier)
    model = network(recipe(dataset, head=head), side)
    assert sum(parameter.numel() for parameter in model.parameters()) == expected


@pytest.mark.parametrize("head", HEADS)
@pytest.mark.parametrize("backbone", ["mlp", "cnn"])
@pytest.mark.parametrize("side", [8, 28])
def test_shapes(head, backbone, side):
    model = network(digits(head, backbone=backbone, width=24, latent_dim=5), side)
    logits, x = model(images(3, side))
    assert logits.shape == (3, 10)
    assert x.shape == (3, 24 if head == "none" else 5)
    assert logits.dtype == x.dtype == torch.float32


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


@pytest.mark.parametrize("backbone", ["mlp", "cnn", "resnet18"])
def test_images_in_color_have_three_channels(backbone):
    model = network(digits("none", backbone=backbone, width=24), channels=3).eval()
    batch = images(2, 8, channels=3)
    x = model(batch)[1]
    assert x.shape == (2, 512 if backbone == "resnet18" else 24)
    for channel in range(3):
        other = batch.clone()
        other[:, channel] *= -1
        assert not torch.equal(model(other)[1], x)


# Of torchvision's networks for 1000 classes of ImageNet's images in color.
IMAGENET_PARAMETERS = {"resnet18": 11_689_512, "resnet50": 25_557_032}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("backbone", IMAGENET_PARAMETERS)
def test_a_resnet_is_torchvisions_with_a_small_stem_and_no_classifier(backbone, channels):
    config = recipe("cifar10", backbone=backbone)
    parameters = network(config, 32, channels=channels).backbone.parameters()
    without = IMAGENET_PARAMETERS[backbone] - (3 * 64 * 49) - (config.width * 1000 + 1000)
    assert sum(p.numel() for p in parameters) == without + channels * 64 * 9


@pytest.mark.parametrize("side", [28, 32])
def test_the_stem_of_a_resnet_keeps_the_size_of_the_image(side):
    model = network(recipe("cifar10", head="none"), side, channels=3).eval()
    sizes = []
    for layer in (
        model.backbone.conv1,
        *(getattr(model.backbone, f"layer{i}") for i in (1, 2, 3, 4)),
    ):
        layer.register_forward_hook(lambda m, i, o: sizes.append(o.shape[-1]))
    h = model(images(1, side, channels=3))[1]
    assert sizes == [side, side, side // 2, side // 4, -(-side // 8)]
    assert h.shape == (1, 512)


def test_a_resnet_is_torchvisions_up_to_its_stem():
    """With the same weights in the layers behind the stem, h is what torchvision's own gives."""
    from torchvision.models import resnet18

    ours = network(recipe("cifar10", head="none", activation="relu"), channels=3).backbone.eval()
    theirs = resnet18(num_classes=3).eval()
    theirs.conv1, theirs.maxpool, theirs.fc = ours.conv1, nn.Identity(), nn.Identity()
    rest = {n: t for n, t in ours.state_dict().items() if not n.startswith("conv1")}
    theirs.load_state_dict(rest, strict=False)
    batch = images(2, 16, channels=3)
    torch.testing.assert_close(ours(batch), theirs(batch))


@pytest.mark.parametrize("backbone", ["mlp", "cnn", "resnet18", "resnet50"])
def test_silu_replaces_every_relu(backbone):
    def activations(name):
        model = network(digits("nonlinear", backbone=backbone, width=8, activation=name))
        kinds = [type(layer).__name__ for layer in model.modules()]
        return kinds.count("ReLU"), kinds.count("SiLU")

    number, none = activations("relu")
    assert number > 3 and none == 0
    assert activations("silu") == (0, number)


def test_silu_is_x_times_its_sigmoid():
    model = network(digits("none", activation="silu", dropout=0)).eval()
    h = images(5, 8).flatten(1)
    for layer in model.backbone:
        if isinstance(layer, nn.Linear):
            h = layer(h)
            h = h * torch.sigmoid(h)
    torch.testing.assert_close(model(images(5, 8))[1], h)


@pytest.mark.parametrize("head", HEADS)
def test_logits_are_linear_in_x(head):
    model = network(digits(head)).eval()
    logits, x = model(images(5, 8))
    torch.testing.assert_close(logits, x @ model.classifier.weight.T + model.classifier.bias)


@pytest.mark.parametrize("head", ["binary", "linear"])
def test_a_linear_penultimate_layer_is_linear_in_h(head):
    model = network(digits(head)).eval()
    h = model.backbone(images(200, 8))
    x = model(images(200, 8))[1]
    layer = model.penultimate
    torch.testing.assert_close(x, h @ layer.weight.T + layer.bias)
    assert (x < 0).any() and (x > 0).any()


def test_the_nonlinear_head_is_the_linear_one_with_relu():
    linear, nonlinear = (network(digits(head)).eval() for head in ("linear", "nonlinear"))
    x, rectified = (model(images(200, 8))[1] for model in (linear, nonlinear))
    assert (x < 0).any()
    assert torch.equal(rectified, x.clamp(min=0))


def test_without_a_penultimate_layer_x_is_h():
    model = network(digits("none")).eval()
    assert torch.equal(model(images(5, 8))[1], model.backbone(images(5, 8)))


def test_evaluation_mode_is_deterministic_and_dropout_is_live_in_training():
    model, batch = network(digits()), images(4, 8)
    model.eval()
    assert torch.equal(model(batch)[1], model(batch)[1])
    model.train()
    assert not torch.equal(model(batch)[1], model(batch)[1])


def test_training_mode_without_dropout_is_evaluation_mode():
    model, batch = network(digits(dropout=0)), images(4, 8)
    assert torch.equal(model.train()(batch)[1], model.eval()(batch)[1])


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


@pytest.mark.parametrize("rate", [0.5, 0.2])
def test_the_mlp_drops_after_its_first_and_second_layer(rate):
    model = network(digits(dropout=rate))
    relus, inputs = layer_values(model, images(100, 8))
    assert_dropped(relus[0], inputs[1], rate)
    assert_dropped(relus[1], inputs[2], rate)
    assert torch.equal(relus[2], inputs[3])  # h goes whole into the penultimate layer


def test_the_cnn_drops_after_both_dense_layers():
    model = network(digits(backbone="cnn"))
    relus, inputs = layer_values(model, images(100, 8))
    assert torch.equal(relus[4], inputs[0])  # no dropout between convolutions and dense layers
    assert_dropped(relus[5], inputs[1], 0.5)
    assert_dropped(relus[6], inputs[2], 0.5)


@pytest.mark.parametrize("backbone", ["mlp", "cnn", "resnet18"])
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
    models = [network(digits(head)) for head in ("binary", "linear", "nonlinear")]
    states = [[p.clone() for p in model.parameters()] for model in models]
    assert all(map(torch.equal, states[0], states[1]))
    assert all(map(torch.equal, states[0], states[2]))
    other = network(digits(), seeds=(SEEDS[0], 9))
    assert not torch.equal(other.penultimate.weight, models[0].penultimate.weight)
    assert not torch.equal(other.classifier.weight, models[0].classifier.weight)


def test_construction_neither_reads_nor_changes_the_global_random_state():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = network(digits())
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    second = network(digits())
    assert torch.equal(first.penultimate.weight, second.penultimate.weight)


@pytest.mark.parametrize(("backbone", "number"), [("mlp", 3), ("cnn", 7), ("resnet18", 20)])
@pytest.mark.parametrize("head", HEADS)
def test_bf16_is_for_the_backbone_alone(head, backbone, number):
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
    assert total_loss(logits, x, torch.zeros(6, dtype=torch.int64), 10, "mean_exp").dtype == (
        torch.float32
    )
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}


def test_bf16_is_close_to_fp32_but_not_equal():
    batch = images(50, 8)
    exact, rounded = (network(digits(precision=p)).eval()(batch)[0] for p in ("fp32", "bf16"))
    assert not torch.equal(exact, rounded)
    # bfloat16 has 8 significant bits: relative steps of 0.4 %.
    assert (exact - rounded).norm() / exact.norm() < 0.02
