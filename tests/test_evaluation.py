import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, log_loss

from benchmarks.plain_metrics import (
    plain_binarity,
    plain_codes,
    plain_collapse,
    plain_encoding,
    plain_fit,
)
from binenc_core.config import HEADS
from binenc_core.evaluation import (
    HISTOGRAM_EDGES,
    LINEAR_HEADS,
    Outputs,
    evaluate,
    latent_histogram,
    least_aligned_images,
    outputs,
)
from binenc_core.metrics.names import METRICS
from binenc_core.training import loop
from binenc_core.training.state import build
from replication.data.load import load
from small_runs import few_digits, small

CPU = torch.device("cpu")
BINARITY = {
    "gmm_score",
    "gmm_std",
    "gmm_score_standardized",
    "gmm_std_standardized",
    "peak_separation",
    "bic_gain",
}
GAMMA = 3.0


def model_and_data(head="binary", **changes):
    """A network after an epoch of training, and all digits."""
    config = small(head, gamma=GAMMA, seed=1, **changes)
    data = load("digits")
    parts = build(config, (1, 8, 8), 10, CPU)
    loop.train_epoch(parts, data, config, 0)
    return config, parts.model, data


@pytest.fixture(scope="module", params=HEADS)
def case(request):
    """Configuration, evaluation, and in numpy x, logits and labels of an own pass by split.

    The classifier's weights are beside the splits.
    """
    config, model, data = model_and_data(request.param)
    evaluation = evaluate(model, data, config)
    model.eval()
    own = {"weights": model.classifier.weight.detach().double().numpy()}
    for split in ("train", "test"):
        images, labels = (getattr(data, f"{split}_{part}") for part in ("images", "labels"))
        with torch.no_grad():
            logits, x = model(images)
        own[split] = (x.double().numpy(), logits.double().numpy(), labels.numpy())
    return config, evaluation, own


def test_the_metrics_are_those_of_the_head(case):
    config, evaluation, _ = case
    linear = config.head in LINEAR_HEADS
    expected = {name for name in METRICS if not name.startswith(("weight_", "vertex_"))}
    expected = (expected | {"vertex_cosine"}) - (set() if linear else BINARITY)
    means = {"vertex_means", "vertex_excess", "vertex_z"} if linear else set()
    assert list(evaluation.metrics) == ["train", "test"]
    assert set(evaluation.metrics["train"]) == expected | means
    assert set(evaluation.metrics["test"]) == expected
    for metrics in evaluation.metrics.values():
        assert {type(value) for value in metrics.values()} == {float}


@pytest.mark.parametrize("split", ["train", "test"])
def test_accuracy_and_losses_agree_with_scikit_learn(case, split):
    config, evaluation, own = case
    x, logits, labels = own[split]
    metrics = evaluation.metrics[split]
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    assert metrics["accuracy"] == accuracy_score(labels, logits.argmax(axis=1))
    assert metrics["cross_entropy"] == pytest.approx(log_loss(labels, probabilities), rel=1e-5)
    penalty = GAMMA * np.exp(x**2).mean() if config.head == "binary" else 0
    assert metrics["loss"] == pytest.approx(metrics["cross_entropy"] + penalty, rel=1e-5)


@pytest.mark.parametrize("split", ["train", "test"])
def test_metrics_are_of_the_networks_outputs_by_true_label(case, split):
    """One quantity of each kind, worked out anew."""
    _, evaluation, own = case
    x, logits, labels = own[split]
    metrics = evaluation.metrics[split]
    fractions = np.array([(x[labels == c] > 0).mean(axis=0) for c in range(10)])
    means = np.array([x[labels == c].mean(axis=0) for c in range(10)])
    centers = np.array([own["train"][0][own["train"][2] == c].mean(axis=0) for c in range(10)])
    nearest = np.linalg.norm(x[:, None] - centers, axis=2).argmin(axis=1)
    norms = np.linalg.norm(means - means.mean(axis=0), axis=1)
    train_x, _, train_labels = own["train"]
    code = np.array([(train_x[train_labels == c] > 0).mean(axis=0) > 0.5 for c in range(10)])
    codes = (x > 0) == code[labels]
    assert metrics["bit_agreement"] == pytest.approx(np.maximum(fractions, 1 - fractions).mean())
    assert metrics["whole_code_agreement"] == pytest.approx(codes.all(axis=1).mean())
    assert metrics["equinorm"] == pytest.approx(norms.std() / norms.mean(), rel=1e-4)
    assert metrics["center_disagreement"] == pytest.approx((nearest != logits.argmax(1)).mean())


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_metric_is_that_of_plain_loops(case, split):
    config, evaluation, own = case
    x, logits, labels = own[split]
    train_x, _, train_labels = own["train"]
    centers = np.array([train_x[train_labels == c].mean(axis=0) for c in range(10)])
    predicted = logits.argmax(axis=1)
    gamma = config.gamma if config.head == "binary" else 0
    codes = plain_codes(train_x, train_labels)
    expected = plain_fit(logits, x, labels, gamma) | plain_encoding(x, labels, predicted, codes)
    expected |= plain_collapse(x, labels, predicted, own["weights"], centers)
    if config.head in LINEAR_HEADS:
        expected |= plain_binarity(x)
    found = evaluation.metrics[split]
    means = {"vertex_means", "vertex_excess", "vertex_z"}
    assert found.keys() - means == expected.keys()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-6, nan_ok=True), name


def test_class_means_and_bits_are_of_the_training_set(case):
    config, evaluation, own = case
    if config.head == "none":
        assert "class_means" not in evaluation.arrays
        return
    x, _, labels = own["train"]
    means = [x[labels == c].mean(axis=0) for c in range(10)]
    fractions = [(x[labels == c] > 0).mean(axis=0) for c in range(10)]
    arrays = evaluation.arrays
    np.testing.assert_allclose(arrays["class_means"], means, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(arrays["positive_fractions"], fractions, rtol=1e-6)
    assert arrays["class_means"].dtype == arrays["positive_fractions"].dtype == np.float32


def test_only_linear_heads_have_mixtures_and_a_histogram(case):
    config, evaluation, _ = case
    extra = set(evaluation.arrays) - {"class_means", "positive_fractions"}
    if config.head not in LINEAR_HEADS:
        assert extra == set()
        return
    assert extra >= {"test_latents"}
    extra.remove("test_latents")
    parts = {"score": (2,), "bic": (2,), "means": (2, 2), "stds": (2, 2), "weights": (2, 2)}
    furthest = {f"furthest_{name}" for name in ("index", "cosine", "predicted", "image")}
    scale = {"latent_histogram", "latent_mean", "latent_std"}
    assert extra == scale | furthest | {f"mixture_{name}" for name in parts}
    for name, shape in parts.items():
        assert evaluation.arrays[f"mixture_{name}"].shape == shape
        assert evaluation.arrays[f"mixture_{name}"].dtype == np.float32
    weights, means = (evaluation.arrays[f"mixture_{name}"] for name in ("weights", "means"))
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-5)
    # The mixture's mean is that of the standardized values, and so zero.
    np.testing.assert_allclose((weights * means).sum(axis=1), 0, atol=1e-4)
    assert evaluation.metrics["train"]["gmm_score_standardized"] == pytest.approx(
        evaluation.arrays["mixture_score"].mean(), rel=1e-5
    )


def test_the_vertex_cosine_is_that_of_the_training_class_means(case):
    config, evaluation, own = case
    if config.head not in LINEAR_HEADS:
        return
    x, _, labels = own["train"]
    means = np.array([x[labels == c].mean(axis=0) for c in range(10)])
    cosines = np.abs(means).sum(axis=1) / np.linalg.norm(means, axis=1) / np.sqrt(x.shape[1])
    assert evaluation.metrics["train"]["vertex_means"] == pytest.approx(cosines.mean(), rel=1e-6)


def test_what_the_test_images_are_taken_for_is_kept(case):
    _, evaluation, own = case
    x, logits, labels = own["test"]
    np.testing.assert_array_equal(evaluation.latest["test_predicted"], logits.argmax(axis=1))
    np.testing.assert_array_equal(evaluation.latest["test_labels"], labels)
    assert {array.dtype for array in evaluation.latest.values()} == {np.dtype(np.uint8)}
    if "test_latents" in evaluation.arrays:
        np.testing.assert_allclose(evaluation.arrays["test_latents"], x[:500], rtol=1e-6)


def test_the_scale_that_standardizing_removes():
    config, model, data = model_and_data("linear")
    arrays = evaluate(model, data, config).arrays
    x = outputs(model, data.train_images, data.train_labels).x.numpy()
    np.testing.assert_allclose(arrays["latent_mean"], x.mean(axis=0), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(arrays["latent_std"], x.std(axis=0), rtol=1e-5)


def test_the_furthest_images_are_those_of_a_plain_loop():
    config, model, data = model_and_data()
    arrays = evaluate(model, data, config).arrays
    out = outputs(model, data.test_images, data.test_labels)
    for label in range(10):
        vertex = np.where(arrays["positive_fractions"][label] > 0.5, 1, -1)
        own = np.flatnonzero(data.test_labels.numpy() == label)
        points = out.x.numpy()[own]
        cosines = points @ vertex / (np.linalg.norm(points, axis=1) * np.linalg.norm(vertex))
        index = arrays["furthest_index"][label]
        assert index == own[cosines.argmin()]
        assert arrays["furthest_cosine"][label] == pytest.approx(cosines.min(), abs=1e-6)
        assert arrays["furthest_predicted"][label] == out.logits[index].argmax()
        pixels = (data.test_images[index, 0].numpy() + 1) * 127.5
        np.testing.assert_allclose(arrays["furthest_image"][label], pixels, atol=0.51)
    assert arrays["furthest_image"].dtype == np.uint8


def test_the_furthest_images_keep_their_colors():
    codes = torch.tensor([[True, True], [False, True]])
    x = torch.tensor([[1.0, 1.0], [-1.0, 0.9], [0.5, 1.0], [1.0, 1.0]])
    images = torch.arange(4 * 3 * 2 * 2, dtype=torch.uint8).reshape(4, 3, 2, 2)
    found = least_aligned_images(Outputs(x, x, torch.tensor([0, 1, 0, 1])), codes, images)
    assert found["furthest_index"].tolist() == [2, 3]
    pixels = found["furthest_image"]
    assert pixels.shape == (2, 2, 2, 3)
    assert torch.equal(pixels.movedim(-1, 1), images[[2, 3]])


def test_the_histogram_counts_every_training_image_in_every_dimension():
    config, model, data = model_and_data("linear")
    histogram = evaluate(model, data, config).arrays["latent_histogram"]
    assert histogram.shape == (2, len(HISTOGRAM_EDGES) - 1) == (2, 60)
    assert histogram.dtype == np.uint32
    np.testing.assert_array_equal(histogram.sum(axis=1), [len(data.train_labels)] * 2)


def test_histogram_of_known_values():
    """Nine values with mean 0 and standard deviation 1, and one dimension that is constant."""
    values = np.array([-2.0, *[-0.35] * 3, 0.0, *[0.35] * 3, 2.0])
    values /= values.std()
    columns = torch.from_numpy(np.column_stack([values, np.full(9, 7.0)]))
    histogram = latent_histogram(columns).numpy()
    expected = np.zeros(60, dtype=int)
    for value in values:
        expected[int(np.floor((value + 3) / 0.1 + 1e-9))] += 1
    np.testing.assert_array_equal(histogram[0], expected)
    assert histogram[1].nonzero()[0].tolist() in ([29], [30])
    assert histogram[1].sum() == 9


def test_outliers_count_in_the_outer_bins():
    values = torch.zeros(200, 1)
    values[0], values[1] = -100, 100
    histogram = latent_histogram(values)[0].tolist()
    assert (histogram[0], histogram[-1], sum(histogram)) == (1, 1, 200)


def test_outputs_come_in_the_order_of_the_images():
    _, model, data = model_and_data()
    assert len(data.train_labels) > model.images_at_once  # more than one batch
    out = outputs(model, data.train_images, data.train_labels)
    with torch.no_grad():
        logits, x = model.eval()(data.train_images)
    torch.testing.assert_close(out.logits, logits)
    torch.testing.assert_close(out.x, x)
    assert out.labels is data.train_labels
    assert not out.x.requires_grad


def test_evaluation_is_without_dropout_and_leaves_the_network():
    config, model, data = model_and_data(dropout=0.9)
    before = [parameter.clone() for parameter in model.parameters()]
    model.train()
    first = evaluate(model, data, config)
    model.train()
    np.testing.assert_equal(evaluate(model, data, config).metrics, first.metrics)
    assert all(map(torch.equal, before, model.parameters()))


@pytest.mark.parametrize("penalty", ["exp_mean", "sum_exp", "mean_square"])
def test_the_loss_is_that_of_the_penalty_asked(penalty):
    config, model, data = model_and_data(penalty=penalty)
    metrics = evaluate(model, data, config).metrics["test"]
    x = outputs(model, data.test_images, data.test_labels).x.double().numpy()
    expected = {
        "exp_mean": np.exp((x**2).mean()),
        "sum_exp": np.exp(x**2).sum(axis=1).mean(),
        "mean_square": (x**2).mean(),
    }[penalty]
    assert metrics["loss"] - metrics["cross_entropy"] == pytest.approx(GAMMA * expected, rel=1e-4)


@pytest.mark.parametrize("head", HEADS)
def test_a_network_that_gives_one_point_for_all_images_is_evaluated(head):
    """Dead units, or a penalty far too strong: no class means, angles or clusters are left."""
    config = small(head)
    model = build(config, (1, 8, 8), 10, CPU).model
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    metrics = evaluate(model, few_digits(), config).metrics["test"]
    assert metrics["cross_entropy"] == pytest.approx(np.log(10))
    assert metrics["within_variance"] == 0
    assert metrics["distinct_codes"] == 1
