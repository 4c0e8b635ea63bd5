import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from binenc_core.config import PENALTIES
from binenc_core.loss import PENALTY_FUNCTIONS, total_loss

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


@pytest.mark.parametrize("penalty", PENALTIES)
def test_readings_agree_with_loops(penalty):
    value = PENALTY_FUNCTIONS[penalty](torch.tensor(X))
    assert value.shape == ()
    assert float(value) == pytest.approx(by_hand(penalty, X), rel=1e-12)


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


@pytest.mark.parametrize(("classes", "floor"), [(2, np.log(1 + 1 / np.e)), (10, 1.46115)])
def test_softmax_twice_has_a_floor(classes, floor):
    """Probabilities taken for logits lie in [0, 1]: at best −ln(e / (e + C − 1))."""
    x, labels = torch.zeros(classes, 1), torch.arange(classes)
    perfect = 1e4 * torch.eye(classes)
    loss = total_loss(perfect, x, labels, 0.0, "mean_exp", "twice")
    assert float(loss) == pytest.approx(floor, abs=1e-5)
    assert float(total_loss(perfect, x, labels, 0.0, "mean_exp", "once")) == 0
