import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from binenc_core.config import PENALTIES
from binenc_core.heads import BinaryEncodingHead, BinaryEncodingLoss, inputs_of
from binenc_core.loss import total_loss

X = np.array([[0.0, 0.5, -1.0], [2.0, -0.25, 1.5]])
LOGITS = np.array([[2.0, -1.0, 0.5, 0.0], [0.1, 0.2, 0.3, -3.0]])
LABELS = np.array([0, 3])


def by_hand(penalty: str, x: np.ndarray) -> float:
    """L_Bin by loops over samples and dimensions."""
    count, dimensions = x.shape
    squares = [[float(value) ** 2 for value in row] for row in x]
    exponentials = [[np.exp(value) for value in row] for row in squares]
    return {
        "mean_exp": sum(map(sum, exponentials)) / (count * dimensions),
        "exp_mean": np.exp(sum(map(sum, squares)) / (count * dimensions)),
        "sum_exp": sum(map(sum, exponentials)) / count,
        "exp_norm": sum(np.exp(sum(row)) for row in squares) / count,
        "mean_square": sum(map(sum, squares)) / (count * dimensions),
    }[penalty]


def gradient_by_hand(penalty: str, x: np.ndarray) -> np.ndarray:
    """dL_Bin/dx in closed form."""
    count, dimensions = x.shape
    return {
        "mean_exp": 2 * x * np.exp(x**2) / (count * dimensions),
        "exp_mean": 2 * x * np.exp(np.mean(x**2)) / (count * dimensions),
        "sum_exp": 2 * x * np.exp(x**2) / count,
        "exp_norm": 2 * x * np.exp((x**2).sum(axis=1, keepdims=True)) / count,
        "mean_square": 2 * x / (count * dimensions),
    }[penalty]


def tensors() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    x = torch.tensor(X, dtype=torch.float32, requires_grad=True)
    return torch.tensor(LOGITS, dtype=torch.float32), x, torch.tensor(LABELS)


@pytest.mark.parametrize("softmax", ["once", "twice"])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_total_loss_agrees_with_numpy(penalty, softmax):
    logits, x, labels = tensors()
    loss = total_loss(logits, x, labels, 0.5, penalty, softmax)
    scores = LOGITS
    if softmax == "twice":
        scores = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    log_softmax = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    expected = -log_softmax[[0, 1], LABELS].mean() + 0.5 * by_hand(penalty, X)
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_gradients_agree_with_the_closed_form(penalty):
    logits, x, labels = tensors()
    total_loss(logits, x, labels, 10.0, penalty).backward()
    np.testing.assert_allclose(x.grad.numpy(), 10 * gradient_by_hand(penalty, X), rtol=1e-5)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_without_gamma_the_loss_is_the_cross_entropy_even_where_exp_overflows(penalty):
    labels = torch.tensor(LABELS)
    x = torch.tensor([[1e3, -2e25], [0.0, 30.0]], requires_grad=True)
    weights = torch.tensor(np.ones((4, 2)) * 1e-25, dtype=torch.float32, requires_grad=True)
    loss = total_loss(x @ weights.T, x, labels, 0.0, penalty)
    expected = cross_entropy(x @ weights.T, labels)
    assert torch.equal(loss, expected)
    loss.backward()
    own = x.grad.clone()
    x.grad = None
    expected.backward()
    assert torch.equal(own, x.grad)


# ---- The head and the loss for networks of one's own --------------------------------------------


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
