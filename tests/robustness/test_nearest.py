"""Nearest images of another class against known answers and plain loops."""

import pytest
import torch

from binenc_core.robustness import nearest
from binenc_core.robustness.nearest import nearest_other


def at(*places):
    """Images of 2 x 2 pixels, all with one value each."""
    return torch.tensor(places, dtype=torch.float32)[:, None, None, None].expand(-1, 1, 2, 2)


def test_the_nearest_image_of_the_own_class_is_passed_over():
    pool, classes = at(0, 0.1, 1, 3), torch.tensor([0, 0, 1, 2])
    found = nearest_other(at(0, 0.9, 2.5), torch.tensor([0, 1, 2]), pool, classes)
    assert torch.equal(found, at(1, 0.1, 1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("held", [1, 1000, 2**24])
def test_equal_to_a_loop_over_images(monkeypatch, dtype, held):
    monkeypatch.setattr(nearest, "DISTANCES", held)
    generator = torch.Generator().manual_seed(0)
    images, pool = (torch.randn(n, 3, 4, 4, generator=generator, dtype=dtype) for n in (37, 90))
    classes, pool_classes = (torch.randint(4, (n,), generator=generator) for n in (37, 90))
    found = nearest_other(images, classes, pool, pool_classes)
    for image, own, other in zip(images, classes, found, strict=True):
        rest = pool[pool_classes != own]
        assert torch.equal(other, min(rest, key=lambda x, image=image: (x - image).norm()))


def test_images_may_be_of_a_class_that_the_pool_lacks():
    pool, classes = at(0, 1), torch.tensor([0, 0])
    assert torch.equal(nearest_other(at(0.8), torch.tensor([5]), pool, classes), at(1))


@pytest.mark.parametrize("count", [0, 2])
def test_a_pool_without_another_class_is_refused(count):
    pool, classes = at(0.0, 1.0)[:count], torch.tensor([3, 3])[:count]
    with pytest.raises(ValueError, match=r"two classes or more"):
        nearest_other(at(0.8), torch.tensor([3]), pool, classes)
