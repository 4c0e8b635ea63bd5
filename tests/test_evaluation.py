import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score
from torch.nn.functional import cross_entropy

from benchmarks.plain_metrics import (
    plain_binarity,
    plain_codes,
    plain_collapse,
    plain_encoding,
    plain_fit,
)
from binenc_core.config import HEADS
from binenc_core.evaluation import (
    LINEAR_HEADS,
    evaluate,
    latent_histogram,
    outputs,
)
from binenc_core.metrics.names import METRICS
from binenc_core.training import loop
from replication.data.load import load
from small_runs import built, few_digits, small

GAMMA = 3.0


def class_means(x, labels):
    return np.array([x[labels == c].mean(axis=0) for c in range(10)])


def model_and_data(head="binary", **changes):
    """A network after an epoch of training, and all digits."""
    config = small(head, gamma=GAMMA, seed=1, **changes)
    data = load("digits")
    parts = built(config)
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


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_metric_is_that_of_plain_loops(case, split):
    config, evaluation, own = case
    x, logits, labels = own[split]
    train_x, _, train_labels = own["train"]
    centers = class_means(train_x, train_labels)
    predicted = logits.argmax(axis=1)
    gamma = config.gamma if config.head == "binary" else 0
    codes = plain_codes(train_x, train_labels)
    expected = plain_fit(logits, x, labels, gamma) | plain_encoding(x, labels, predicted, codes)
    expected |= plain_collapse(x, labels, predicted, own["weights"], centers)
    if config.head in LINEAR_HEADS:
        expected |= plain_binarity(x)
        if split == "train":
            cosines = np.abs(centers).sum(axis=1) / np.linalg.norm(centers, axis=1) / np.sqrt(2)
            expected["vertex_means"] = cosines.mean()
    found = evaluation.metrics[split]
    chance = {"vertex_excess", "vertex_z"} if "vertex_means" in expected else set()
    assert found.keys() - chance == expected.keys() and chance < found.keys() < set(METRICS)
    assert found["accuracy"] == accuracy_score(labels, predicted)
    for name, value in expected.items():
        assert type(found[name]) is float
        assert found[name] == pytest.approx(value, rel=1e-6, nan_ok=True), name


def test_arrays_are_of_the_training_set_and_of_the_head(case):
    config, evaluation, own = case
    x, _, labels = own["train"]
    arrays = evaluation.arrays
    if config.head == "none":
        assert arrays == {}
        return
    fractions = [(x[labels == c] > 0).mean(axis=0) for c in range(10)]
    np.testing.assert_allclose(arrays["class_means"], class_means(x, labels), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(arrays["positive_fractions"], fractions, rtol=1e-6)
    assert arrays["class_means"].dtype == arrays["positive_fractions"].dtype == np.float32
    if config.head not in LINEAR_HEADS:
        assert set(arrays) == {"class_means", "positive_fractions"}
        return
    np.testing.assert_allclose(arrays["latent_mean"], x.mean(axis=0), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(arrays["latent_std"], x.std(axis=0), rtol=1e-5)
    histogram = arrays["latent_histogram"]
    assert (histogram.shape, histogram.dtype) == ((2, 60), np.uint32)
    np.testing.assert_array_equal(histogram.sum(axis=1), [len(labels)] * 2)
    mixtures = {name.removeprefix("mixture_"): own for name, own in arrays.items()}
    for name, shape in {"bic": (2,), "stds": (2, 2), "weights": (2, 2)}.items():
        assert (mixtures[name].shape, mixtures[name].dtype) == (shape, np.float32)
    np.testing.assert_allclose(mixtures["weights"].sum(axis=1), 1, rtol=1e-5)
    # The mixture's mean is that of the standardized values, and so zero.
    weighted = (mixtures["weights"] * mixtures["means"]).sum(axis=1)
    np.testing.assert_allclose(weighted, 0, atol=1e-4)
    score = evaluation.metrics["train"]["gmm_score_standardized"]
    assert score == pytest.approx(mixtures["score"].mean(), rel=1e-5)


def test_what_the_test_images_are_taken_for_is_kept(case):
    config, evaluation, own = case
    x, logits, labels = own["test"]
    np.testing.assert_array_equal(evaluation.latest["test_predicted"], logits.argmax(axis=1))
    np.testing.assert_array_equal(evaluation.latest["test_labels"], labels)
    assert {array.dtype for array in evaluation.latest.values()} == {np.dtype(np.uint8)}
    if config.head in LINEAR_HEADS:
        np.testing.assert_allclose(evaluation.arrays["test_latents"], x[:500], rtol=1e-6)


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
    outliers = torch.zeros(200, 1)
    outliers[0], outliers[1] = -100, 100
    first, *_, last = latent_histogram(outliers)[0].tolist()
    assert (first, last) == (1, 1)


def test_evaluation_is_without_dropout_and_leaves_the_network():
    config, model, data = model_and_data(dropout=0.9)
    before = [parameter.clone() for parameter in model.parameters()]
    model.train()
    first = evaluate(model, data, config)
    model.train()
    np.testing.assert_equal(evaluate(model, data, config).metrics, first.metrics)
    assert all(map(torch.equal, before, model.parameters()))


def test_the_loss_is_that_of_the_training_asked():
    config, model, data = model_and_data(penalty="mean_square", softmax="twice")
    loss = evaluate(model, data, config).metrics["test"]["loss"]
    out = outputs(model, data.test_images, data.test_labels)
    expected = cross_entropy(out.logits.softmax(dim=1), out.labels) + GAMMA * (out.x**2).mean()
    assert loss == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("head", HEADS)
def test_a_network_that_gives_one_point_for_all_images_is_evaluated(head):
    """Dead units, or a penalty far too strong: no class means, angles or clusters are left."""
    config = small(head)
    model = built(config).model
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    metrics = evaluate(model, few_digits(), config).metrics["test"]
    assert metrics["cross_entropy"] == pytest.approx(np.log(10))
    assert metrics["within_variance"] == 0
    assert metrics["distinct_codes"] == 1
