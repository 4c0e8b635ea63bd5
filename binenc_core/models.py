"""The networks: the two backbones of Appendix A, the later versions' ResNets, and four heads."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from binenc_core.config import RESNET_WIDTHS, RunConfig
from binenc_core.dataset import as_scaled

CONV_CHANNELS = (64, 128, 256, 256, 512)
POOL_AFTER = (0, 1, 3)
# In an evaluation. A ResNet50's widest layers have 1 MB for each image.
MANY_AT_ONCE, FEW_AT_ONCE = 1000, 250
# The paper's is ReLU, that of its later versions SiLU throughout.
ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "silu": nn.SiLU}


def mlp(pixels: int, config: RunConfig) -> nn.Sequential:
    """Three dense layers, dropout after the first and the second (paper, Appendix A).

    Maps images (B, K, H, W) with K·H·W = `pixels` to h (B, width); the activation follows every
    layer.
    """
    return nn.Sequential(nn.Flatten(), *_dense((pixels, config.width, config.width), config))


def cnn(channels: int, side: int, config: RunConfig) -> nn.Sequential:
    """Five 3×3 convolutions with three poolings, then dense layers (paper, Appendix A).

    Maps images (B, `channels`, `side`, `side`) to h (B, width); the activation follows every layer,
    dropout the first and the second dense one. The paper has two dense layers, the released code
    three.
    """
    layers: list[nn.Module] = []
    for index, outputs in enumerate(CONV_CHANNELS):
        convolution = nn.Conv2d(channels, outputs, kernel_size=3, padding=1)
        layers += [convolution, ACTIVATIONS[config.activation]()]
        if index in POOL_AFTER:
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
            side //= 2
        channels = outputs
    layers.append(nn.Flatten())
    inputs = (channels * side * side, *[config.width] * (config.cnn_dense_layers - 1))
    return nn.Sequential(*layers, *_dense(inputs, config))


def _dense(inputs: Sequence[int], config: RunConfig) -> list[nn.Module]:
    """Dense layers with activation, one for each number of inputs, dropout after the first two."""
    layers: list[nn.Module] = []
    for index, number in enumerate(inputs):
        layers += [nn.Linear(number, config.width), ACTIVATIONS[config.activation]()]
        if index < 2:
            layers.append(nn.Dropout(config.dropout))
    return layers


def resnet(channels: int, config: RunConfig) -> nn.Module:
    """torchvision's ResNet18 or ResNet50 with random weights, made for images of 28 or 32 pixels.

    Its first convolution is 3×3 with stride 1, no pooling follows, and it has no classifier of its
    own. Maps images (B, `channels`, H, W) to h (B, width). The weights are drawn as torchvision
    draws them, also where the activation is not ReLU.
    """
    from torchvision.models import get_model

    network = get_model(config.backbone, weights=None)
    network.conv1 = nn.Conv2d(channels, network.conv1.out_channels, 3, padding=1, bias=False)
    nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
    network.maxpool = network.fc = nn.Identity()
    if config.activation != "relu":
        for module in list(network.modules()):
            if hasattr(module, "relu"):
                module.relu = ACTIVATIONS[config.activation]()
    return network


class Classifier(nn.Module):
    """A backbone, a penultimate layer that depends on the head, and a linear classifier.

    `binary` and `linear` have a linear penultimate layer (they differ in the loss alone),
    `nonlinear` one with the backbone's activation, `none` has no layer between h and the classifier
    (paper, section 3).
    """

    def __init__(
        self,
        config: RunConfig,
        side: int,
        classes: int,
        seeds: tuple[int, int],
        channels: int = 1,
    ):
        """Networks for images (B, `channels`, `side`, `side`); `seeds`: of backbone and head.

        The backbone draws its weights from a seed of its own, so that they are the same under
        every head, and the heads with a penultimate layer start alike.
        """
        super().__init__()
        self.bf16 = config.precision == "bf16"
        self.images_at_once = FEW_AT_ONCE if config.backbone in RESNET_WIDTHS else MANY_AT_ONCE
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seeds[0])
            if config.backbone == "mlp":
                self.backbone = mlp(channels * side * side, config)
            elif config.backbone == "cnn":
                self.backbone = cnn(channels, side, config)
            else:
                self.backbone = resnet(channels, config)
            torch.manual_seed(seeds[1])
            self.penultimate = _penultimate(config)
            inputs = config.width if config.head == "none" else config.latent_dim
            self.classifier = nn.Linear(inputs, classes)
            restart(self.classifier.weight, config.classifier_start)
            self.register_buffer(
                "rotation", random_rotation(inputs) if config.rotation == "random" else None
            )

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, C) and penultimate output x (B, P), float32, of images (B, K, H, W).

        Images are float32 in [-1, 1], or uint8 pixels; both results are float64 where the images
        and the weights are. With bf16 only the backbone computes in bfloat16; without a penultimate
        layer x is h. Where a rotation is fixed, x is the penultimate layer's output rotated by it.
        """
        # Bytes take a quarter of the memory that the scaled images of a dataset would.
        images = as_scaled(images)
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.bf16):
            h = self.backbone(images)
        x = self.penultimate(h.float() if self.bf16 else h)
        if self.rotation is not None:
            x = x @ self.rotation.to(x.dtype)
        return self.classifier(x), x


def _penultimate(config: RunConfig) -> nn.Module:
    if config.head == "none":
        return nn.Identity()
    linear = nn.Linear(config.width, config.latent_dim)
    if config.head == "nonlinear":
        return nn.Sequential(linear, ACTIVATIONS[config.activation]())
    return linear


def restart(weight: Tensor, start: str) -> None:
    """Draw a classifier's weights (C, P) anew, unless they are to be PyTorch's, which are uniform.

    "gaussian" and "signs" (±w) have the standard deviation of PyTorch's, 1/√(3P). A uniform draw
    is nearer to the vertices of a hypercube than a Gaussian one, which has no axes.
    """
    if start == "uniform":
        return
    with torch.no_grad():
        weight.normal_()
        if start == "signs":
            weight.sign_()
        weight.mul_((3 * weight.shape[1]) ** -0.5)


def random_rotation(dimensions: int) -> Tensor:
    """A uniformly random orthogonal matrix, float32, from the global random state."""
    columns, triangle = torch.linalg.qr(torch.randn(dimensions, dimensions, dtype=torch.float64))
    return (columns * triangle.diagonal().sign()).float()
