"""The head and the loss for networks of one's own."""

import pytest
import torch
from torch import nn

from binenc_core.heads import BinaryEncodingHead, BinaryEncodingLoss, inputs_of
from binenc_core.loss import total_loss


def test_the_head_gives_logits_of_its_own_penultimate_output():
    head = BinaryEncodingHead(6, 3, 4)
    h = torch.randn(5, 6)
    logits, x = head(h)
    torch.testing.assert_close(x, h @ head.penultimate.weight.T + head.penultimate.bias)
    torch.testing.assert_close(logits, head.classifier(x))
    assert logits.shape == (5, 4)


@pytest.mark.parametrize("softmax", ["once", "twice"])
def test_the_loss_is_that_of_the_trainings(softmax):
    logits, x, labels = torch.randn(5, 4), torch.randn(5, 3), torch.tensor([0, 1, 2, 3, 0])
    own = BinaryEncodingLoss(3.0, "exp_mean", softmax)(logits, x, labels)
    assert own == total_loss(logits, x, labels, 3.0, "exp_mean", softmax)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"penalty": "exp"}, "penalty is 'exp'; allowed: mean_exp, exp_mean"),
        ({"softmax": "thrice"}, "softmax is 'thrice'; allowed: once, twice"),
        ({"gamma": float("nan")}, "gamma is nan; allowed: a number ≥ 0"),
    ],
)
def test_a_loss_that_does_not_exist_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        BinaryEncodingLoss(**options)


def test_what_reaches_the_last_layer_is_seen_while_it_is_asked_for():
    network = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    images = torch.randn(6, 4)
    with inputs_of(network[-1]) as seen:
        network(images[:2])
        network(images[2:])
    network(images)
    assert len(seen) == 2
    assert not any(part.requires_grad for part in seen)
    torch.testing.assert_close(torch.cat(seen), network[:-1](images))
