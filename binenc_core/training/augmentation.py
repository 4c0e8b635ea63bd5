"""Random crops and flips of whole batches, on the device of the images."""

import torch
from torch import Generator, Tensor
from torch.nn.functional import pad

# Black pixels around an image before it is cropped to its size, as the later versions have it.
PADDING = 4


def crop_offsets(count: int, augmentation: str, generator: Generator) -> Tensor:
    """Where each of `count` images is cropped, row and column, and whether it is flipped.

    int64 (N, 3) on the CPU: rows and columns 0 … 2·PADDING, all equally likely, of which PADDING is
    the image in its place, and 0 or 1. `augmentation` is one of RunConfig's: a "crop" without flip
    crops images as a "crop_flip" does.
    """
    corners = torch.randint(2 * PADDING + 1, (count, 2), generator=generator)
    flips = torch.randint(2, (count, 1), generator=generator)
    return torch.cat([corners, flips if augmentation == "crop_flip" else flips * 0], dim=1)


def augmented(images: Tensor, offsets: Tensor) -> Tensor:
    """Images (B, K, H, W), padded with black, cropped and flipped as `offsets` (B, 3) say.

    Images are uint8, or floating-point in [-1, 1]; the result has their shape and type. `offsets`
    is on their device.
    """
    black = 0 if images.dtype == torch.uint8 else -1
    padded = pad(images, (PADDING,) * 4, value=black)
    height, width = images.shape[2:]
    rows, columns, flips = offsets.T[:, :, None]
    across = torch.arange(width, device=images.device)
    across = torch.where(flips == 1, width - 1 - across, across)
    places = torch.arange(len(images), device=images.device)[:, None, None]
    down = rows + torch.arange(height, device=images.device)
    # Between the indices the channels come last, as channels_last convolutions read them.
    taken = padded[places, :, down[:, :, None], (columns + across)[:, None, :]]
    return taken.permute(0, 3, 1, 2)
