import torch

from binenc_core.robustness.closest import Closest


def test_the_nearest_of_the_points_that_fool_is_kept():
    images, classes = torch.zeros(3, 1, 1, 2), torch.zeros(3, dtype=torch.int64)
    found = Closest(images, classes)
    assert found.norms.isinf().all()
    inside, beyond = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    unsound = torch.tensor([0.0, torch.inf])
    far, near = torch.full_like(images, 3.0), torch.full_like(images, 1.0)
    success = found.offer(far, torch.stack([beyond, beyond, inside]))
    assert success.tolist() == [True, True, False]
    found.offer(near, torch.stack([beyond, unsound, inside]))
    found.offer(far * 2, torch.stack([beyond, beyond, inside]))
    assert torch.equal(found.points, torch.stack([near[0], far[1], images[2]]))
    torch.testing.assert_close(found.norms, torch.tensor([2**0.5, 18**0.5, torch.inf]))
