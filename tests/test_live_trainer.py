"""The engine of the live trainer: its data, its gradients, its agreement with the Python core."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from binenc_book import trainer_data
from binenc_core import models
from binenc_core.config import RunConfig
from binenc_core.metrics.classes import class_means
from binenc_core.metrics.encoding import (
    encoding_metrics,
    majority_codes,
    positive_fractions,
    vertex_cosine,
)
from binenc_core.training.loop import step
from binenc_core.training.optimizers import Optimizers
from binenc_core.training.state import build
from replication.data.load import load
from trainer_pages import ROOT, load_engine

TEN = list(range(10))
SETTINGS = {
    "digits": TEN,
    "latent": 16,
    "head": "binary",
    "gamma": 10,
    "penalty": "mean_exp",
    "softmax": "once",
    "dropoutEpochs": "every",
    "rate": 1e-3,
    "optimizer": "adam",
    "seed": 0,
}


@pytest.fixture(scope="module")
def engine(browser):
    page = browser.new_page()
    load_engine(page)
    yield page
    page.close()


def train(engine, epochs: int, **changes) -> list[dict]:
    """History of a run of the page's engine."""
    return engine.evaluate(
        """([settings, epochs]) => {
            const run = new bookTrainer.Run(settings);
            while (run.epoch < epochs && !run.diverged) run.advance(Infinity);
            return run.history.map((row) => ({...row, diverged: run.diverged,
                collapsed: run.collapsed}));
        }""",
        [SETTINGS | changes, epochs],
    )


def test_the_digits_of_the_page_are_those_of_the_core():
    digits = (part.numpy() for part in load("digits"))
    written = (ROOT / trainer_data.SCRIPT).read_text(encoding="utf8")
    assert written == trainer_data.script(*digits), "python -m binenc_book.trainer_data"


def test_the_page_reads_every_pixel_and_label(engine):
    found = engine.evaluate(
        """() => { const {train, test} = bookTrainer.digits([0,1,2,3,4,5,6,7,8,9]);
        return [train, test].map(({pixels, labels}) => [[...pixels], [...labels]]); }"""
    )
    data = load("digits")
    for (pixels, labels), images, classes in zip(
        found,
        (data.train_images, data.test_images),
        (data.train_labels, data.test_labels),
        strict=True,
    ):
        assert pixels == images.flatten().tolist()
        assert labels == classes.tolist()


def test_chosen_digits_are_numbered_anew(engine):
    labels = engine.evaluate("() => [...bookTrainer.digits([1, 4]).test.labels]")
    expected = load("digits").test_labels
    assert labels == [int(label == 4) for label in expected.tolist() if label in (1, 4)]


# Trains on given batches from given weights; the loss of each batch and x of the first images.
BATCHES = """({network: shape, weights, pixels, labels, batches, settings, masks}) => {
    const {Network, Optimizers, totalLoss} = bookTrainer;
    const network = new Network(shape);
    network.load(weights);
    const optimizers = new Optimizers(network, settings.optimizer);
    const all = Float64Array.from(pixels), losses = [];
    batches.forEach((batch, at) => {
        const mask = masks && Uint8Array.from(masks[at]);
        network.forward(all, batch, 0, batch.length, mask);
        losses.push(totalLoss(network, labels, batch, 0, batch.length, settings).loss);
        network.backward(batch.length, mask);
        optimizers.step(settings.rate);
    });
    network.forward(all, [0, 1, 2, 3, 4, 5, 6, 7], 0, 8);
    return [losses, [...network.x.values.subarray(0, 8 * network.x.size)]];
}"""


class FixedDropout(nn.Module):
    """Dropout by given masks, a (B, units) mask for each call."""

    def __init__(self, masks: list[torch.Tensor]):
        super().__init__()
        self.masks = iter(masks)

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        return 2 * h * next(self.masks) if self.training else h


def drawn_masks(batches: list[torch.Tensor], width: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return [torch.rand(len(b), 2 * width, generator=generator) < 0.5 for b in batches]


@pytest.mark.parametrize(
    ("head", "penalty", "softmax", "optimizer", "masked"),
    [
        ("binary", "mean_exp", "once", "adam", True),
        ("binary", "exp_mean", "twice", "sgd", False),
        ("linear", "mean_exp", "once", "signsgd", False),
        ("nonlinear", "mean_exp", "twice", "adam", False),
        ("none", "mean_exp", "once", "sgd", True),
    ],
)
def test_the_first_epochs_are_those_of_the_core(
    engine, monkeypatch, head, penalty, softmax, optimizer, masked
):
    # In float64, as the page computes: else Adam turns the rounding of slopes near zero into steps.
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    config = RunConfig(
        dataset="digits",
        head=head,
        width=64,
        latent_dim=4,
        gamma=3,
        penalty=penalty,
        softmax=softmax,
        dropout=0,
        learning_rate=1e-3,
        classifier_optimizer=optimizer,
        classifier_rate=engine.evaluate("(name) => bookTrainer.OPTIMIZERS[name].factor", optimizer),
        halve_every=0,
    )
    data = load("digits")
    images = data.train_images.double()
    parts = build(config, (1, 8, 8), 10, torch.device("cpu"))
    if not masked:  # with the page's two hidden layers; the core's backbone has three
        parts.model.backbone = nn.Sequential(nn.Flatten(), *models._dense((64, 64), config))
        parts = replace(parts, optimizers=Optimizers(parts.model, config))
    parts.model.double()
    linear = [module for module in parts.model.modules() if isinstance(module, nn.Linear)]
    weights = [{"rows": m.weight.tolist(), "bias": m.bias.tolist()} for m in linear]
    epochs = [torch.randperm(len(data.train_labels), generator=parts.shuffle) for _ in range(2)]
    batches = [batch for order in epochs for batch in order.split(64)]
    masks = drawn_masks(batches, 64) if masked else None
    if masked:
        places = [i for i, m in enumerate(parts.model.backbone) if isinstance(m, nn.Dropout)]
        for number, place in enumerate(places):
            own = slice(64 * number, 64 * (number + 1))
            parts.model.backbone[place] = FixedDropout([mask[:, own] for mask in masks])
    parts.model.train()
    expected = [
        step(parts, images[b], data.train_labels[b], config, config.gamma)[0].item()
        for b in batches
    ]
    parts.model.eval()
    with torch.no_grad():
        _, x = parts.model(images[:8])
    given = {
        "network": {
            "inputs": 64,
            "hidden": [64] * (3 if masked else 2),
            "latent": 4,
            "classes": 10,
            "head": head,
            "dropout": 0.5,
            "batch": 64,
        },
        "weights": weights,
        "pixels": data.train_images.flatten().tolist(),
        "labels": data.train_labels.tolist(),
        "batches": [batch.tolist() for batch in batches],
        "settings": {
            "gamma": config.gamma,
            "penalty": penalty,
            "softmax": softmax,
            "rate": 1e-3,
            "optimizer": optimizer,
        },
        "masks": [mask.flatten().int().tolist() for mask in masks] if masked else None,
    }
    losses, found = engine.evaluate(BATCHES, given)
    np.testing.assert_allclose(losses, expected, rtol=1e-6)
    np.testing.assert_allclose(found, x.flatten().tolist(), atol=1e-6)


def test_the_measures_are_those_of_the_core(engine):
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 5
    centers = torch.randn(5, 3, generator=generator)
    x = centers[labels] + 0.5 * torch.randn(60, 3, generator=generator)
    found = engine.evaluate(
        "([x, labels]) => { const f = bookTrainer.measures(Float64Array.from(x), labels, 5, 3);"
        "return {...f, means: [...f.means], hamming: [...f.hamming]}; }",
        [x.flatten().tolist(), labels.tolist()],
    )
    codes = majority_codes(positive_fractions(x, labels))
    expected = encoding_metrics(x, labels, labels, codes)
    assert found["agreement"] == pytest.approx(expected["whole_code_agreement"])
    assert found["distinct"] == expected["distinct_codes"]
    assert sum(found["hamming"]) / 20 == pytest.approx(expected["hamming_mean"])
    np.testing.assert_allclose(found["means"], class_means(x, labels).flatten(), atol=1e-6)
    assert found["cosine"] == pytest.approx(vertex_cosine(x), rel=1e-5)
    assert found["spread"] == pytest.approx(float(x.std(dim=0, correction=0).mean()), rel=1e-5)


def test_what_lies_at_the_center_has_no_vertex_cosine(engine):
    found = engine.evaluate(
        "() => bookTrainer.measures(Float64Array.from([0, 0, 1, -1]), [0, 1], 2, 2).cosine"
    )
    assert found == pytest.approx(1)


@pytest.mark.parametrize("p", [2, 3, 4, 16])
def test_the_chance_cosine_is_that_of_gaussian_directions(engine, p):
    generator = torch.Generator().manual_seed(p)
    x = torch.randn(100_000, p, generator=generator)
    found = engine.evaluate(
        "(p) => bookTrainer.measures(new Float64Array(2 * p), [0, 1], 2, p).chance", p
    )
    assert found == pytest.approx(vertex_cosine(x), abs=1e-3)


@pytest.mark.parametrize(
    ("means", "amplitude", "distance"),
    [([2, 2, -2, 2], 2, 0), ([1, 3, 1, -3], 2, 0.5), ([0, 0, 0, 0], 0, 0)],
)
def test_corners_of_the_common_amplitude(engine, means, amplitude, distance):
    found = engine.evaluate(
        "(x) => bookTrainer.measures(Float64Array.from(x), [0, 1], 2, 2)", means
    )
    assert found["amplitude"] == amplitude
    assert found["distance"] == pytest.approx(distance)


def test_the_same_seed_gives_the_same_numbers(engine):
    first, again, other = (train(engine, 2, digits=[0, 1], seed=seed) for seed in (3, 3, 4))
    assert json.dumps(first) == json.dumps(again)
    assert first[1]["loss"] != other[1]["loss"]


def test_random_numbers_fill_the_unit_interval_evenly(engine):
    numbers = engine.evaluate(
        "() => { const g = new bookTrainer.Generator(1, 2);"
        "return Array.from({length: 20000}, () => g.uniform()); }"
    )
    counts, _ = np.histogram(numbers, bins=20, range=(0, 1))
    assert ((counts - 1000) ** 2 / 1000).sum() < 43.8  # χ² of 19 degrees of freedom, p = 0.001
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.03


@pytest.mark.full
def test_it_learns_the_digits(engine):
    last = train(engine, 150)[-1]
    assert last["epoch"] == 150
    assert last["test"] >= 0.9


def test_an_overflow_is_told_and_not_recorded(engine):
    rows = train(engine, 5, digits=[0, 1], head="binary", rate=1e3)
    assert rows[-1]["diverged"]
    assert all(row["spread"] is not None and np.isfinite(row["spread"]) for row in rows)
