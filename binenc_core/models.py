"""The networks of Appendix A: two backbones, and a classifier with one of four heads."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from binenc_core.config import RunConfig
from binenc_core.data import scaled

CONV_CHANNELS = (64, 128, 256, 256, 512)
POOL_AFTER = (0, 1, 3)


def mlp(pixels: int, width: int, dropout: float) -> nn.Sequential:
    """Three dense layers with ReLU, dropout after the first and the second (paper, Appendix A).

    Maps images (B, 1, H, W) with H·W = `pixels` to h (B, `width`).
    """
    return nn.Sequential(nn.Flatten(), *_dense((pixels, width, width), width, dropout))


def cnn(side: int, width: int, dropout: float, dense_layers: int) -> nn.Sequential:
    """Five 3×3 convolutions with three poolings, then dense layers (paper, Appendix A).

    Maps images (B, 1, `side`, `side`) to h (B, `width`); ReLU follows every layer, dropout the
    first and the second dense one. The paper has two dense layers, the released code three.
    """
    layers: list[nn.Module] = []
    channels = 1
    for index, outputs in enumerate(CONV_CHANNELS):
        layers += [nn.Conv2d(channels, outputs, kernel_size=3, padding=1), nn.ReLU()]
        if index in POOL_AFTER:
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
            side //= 2
        channels = outputs
    layers.append(nn.Flatten())
    inputs = (channels * side * side, *[width] * (dense_layers - 1))
    return nn.Sequential(*layers, *_dense(inputs, width, dropout))


def _dense(inputs: Sequence[int], width: int, dropout: float) -> list[nn.Module]:
    """Dense layers with ReLU, one for each number of inputs, dropout after the first two."""
    layers: list[nn.Module] = []
    for index, number in enumerate(inputs):
        layers += [nn.Linear(number, width), nn.ReLU()]
        if index < 2:
            layers.append(nn.Dropout(dropout))
    return layers


class Classifier(nn.Module):
    """A backbone, a penultimate layer that depends on the head, and a linear classifier.

    `binary` and `linear` have a linear penultimate layer (they differ in the loss alone),
    `nonlinear` one with ReLU, `none` has no layer between h and the classifier (paper, section 3).
    """

    def __init__(self, config: RunConfig, side: int, classes: int, seeds: tuple[int, int]):
        """Networks for images of `side`² pixels; `seeds` are those of backbone and head.

        The backbone draws its weights from a seed of its own, so that they are the same under
        every head, and the heads with a penultimate layer start alike.
        """
        super().__init__()
        self.bf16 = config.precision == "bf16"
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seeds[0])
            if config.backbone == "mlp":
                self.backbone = mlp(side * side, config.width, config.dropout)
            else:
                self.backbone = cnn(side, config.width, config.dropout, config.cnn_dense_layers)
            torch.manual_seed(seeds[1])
            self.penultimate = _penultimate(config)
            inputs = config.width if config.head == "none" else config.latent_dim
            self.classifier = nn.Linear(inputs, classes)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (B, C) and penultimate output x (B, P), float32, of images (B, 1, H, W).

        Images are float32 in [-1, 1], or uint8 pixels; both results are float64 where the images
        and the weights are. With bf16 only the backbone computes in bfloat16; without a penultimate
        layer x is h.
        """
        # Bytes take a quarter of the memory that the scaled images of a dataset would.
        images = scaled(images) if images.dtype == torch.uint8 else images
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.bf16):
            h = self.backbone(images)
        x = self.penultimate(h.float() if self.bf16 else h)
        return self.classifier(x), x


def _penultimate(config: RunConfig) -> nn.Module:
    if config.head == "none":
        return nn.Identity()
    linear = nn.Linear(config.width, config.latent_dim)
    return nn.Sequential(linear, nn.ReLU()) if config.head == "nonlinear" else linear
