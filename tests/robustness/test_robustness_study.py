import numpy as np
import pytest
import torch

from binenc_core.config import RunConfig
from binenc_core.dataset import Dataset
from binenc_core.models import Classifier
from binenc_core.robustness import ATTACKS
from binenc_core.robustness.network import decisions, logits_of
from binenc_core.training.loop import step
from binenc_core.training.state import build
from replication.data.recipes import recipe
from replication.studies import robustness
from replication.studies.catalog import ROBUSTNESS_ARRAYS as ARRAYS
from replication.studies.catalog import ROBUSTNESS_COLUMNS as COLUMNS
from replication.studies.catalog import StudyResult
from small_runs import few_digits, small

QUICK = robustness.NORMAL._replace(
    targets=2, kept=2, descent_steps=8, refining_steps=8, budgets=2, apgd_steps=5
)


@pytest.fixture
def quick(monkeypatch):
    """Attacks that do not try hard, where only what becomes of their numbers counts."""
    monkeypatch.setattr(robustness, "NORMAL", QUICK)
    monkeypatch.setattr(robustness, "STRONG", QUICK._replace(refining_steps=20))


def network(
    data: Dataset, config: RunConfig | None = None, steps: int = 40
) -> tuple[Classifier, RunConfig]:
    """A network of a few steps on all training images, which tells some classes apart."""
    config = config or small("linear", latent_dim=16, learning_rate=0.01)
    parts = build(config, data.train_images.shape[1:], data.classes, torch.device("cpu"))
    for _ in range(steps):
        step(parts, data.train_images, data.train_labels, config, 0.0)
    return parts.model, config


@pytest.fixture
def found(quick) -> tuple[StudyResult, Classifier, Dataset]:
    data = few_digits()
    model, config = network(data)
    return robustness.assess(model, data, config, 30), model, data


def test_it_gives_its_columns_for_the_images_drawn(found):
    made, model, data = found
    assert made.images == len(made.table) == 30
    assert set(made.table) == set(COLUMNS)
    assert set(made.arrays) == set(ARRAYS)
    rows = made.table["image"].to_numpy()
    assert len(set(rows)) == 30
    np.testing.assert_array_equal(made.table["label"], data.test_labels[rows])
    decided = decisions(logits_of(model), data.test_images)[rows]
    np.testing.assert_array_equal(made.table["predicted"], decided)
    sizes = data.test_images[rows].flatten(1).norm(dim=1)
    np.testing.assert_allclose(made.table["size"], sizes, rtol=1e-6)


def test_the_smallest_is_the_least_of_the_attacks(found):
    table = found[0].table
    np.testing.assert_allclose(table["smallest"], table[list(ATTACKS)].min(axis=1))
    assert np.isfinite(table["smallest"]).all()
    succeeded = np.isfinite(table["deepfool"])
    np.testing.assert_allclose(table["deepfool_last"][succeeded], table["deepfool"][succeeded])


def test_the_first_quarter_is_attacked_again_and_finds_the_same(found):
    table = found[0].table
    again = table.filter(regex="_(up|down|float64|strong)$")
    assert again.shape[1] == 7
    assert again.notna().all(axis=1).tolist() == [True] * 8 + [False] * 22
    for name in ("up", "down", "float64"):
        for number in ("deepfool", "smallest"):
            ratio = (table[f"{number}_{name}"] / table[number])[:8]
            np.testing.assert_allclose(ratio, 1, rtol=0.05)
    assert (table["smallest_strong"][:8] <= table["smallest"][:8] * 1.02).all()


def test_without_corruption_the_accuracy_is_the_network_s(found):
    made, model, data = found
    right = decisions(logits_of(model), data.test_images) == data.test_labels
    names, severities = made.arrays["corruptions"], made.arrays["severities"]
    assert list(names) == ["noise", "blur", "contrast", "occlusion"]
    assert (severities[:, 0] == 0).all()
    np.testing.assert_allclose(made.arrays["corrupted_accuracy"][:, 0], right.double().mean())
    assert made.arrays["corrupted_images"] == 80


def test_the_gallery_holds_the_rows_it_names(found):
    made, _, data = found
    rows = made.arrays["gallery_row"]
    table = made.table.iloc[rows]
    assert table["label"].is_unique
    kept = made.arrays["gallery_image"].astype(np.float32)
    np.testing.assert_allclose(kept, data.test_images[table["image"]], atol=1e-3)
    for name, column in (("deepfool", "deepfool_last"), ("smallest", "smallest")):
        moved = made.arrays[f"gallery_{name}"].astype(np.float64) - kept
        lengths = np.sqrt((moved**2).sum(axis=(1, 2, 3)))
        np.testing.assert_allclose(lengths, table[column], rtol=0.01, atol=0.01)


def test_a_network_trained_in_bfloat16_is_attacked_in_float32(quick):
    data = few_digits(test=20)
    exact, config = network(data)
    rounded, own = network(data, config.change(precision="bf16"))
    rounded.load_state_dict(exact.state_dict())
    tables = [robustness.assess(m, data, c, 8).table for m, c in ((exact, config), (rounded, own))]
    np.testing.assert_array_equal(tables[0]["smallest"], tables[1]["smallest"])


def test_a_network_of_colored_images_is_attacked(quick):
    draw = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (24, 3, 8, 8), generator=draw, dtype=torch.uint8)
    labels = torch.arange(24) % 10
    data = Dataset(images, labels, images, labels)
    own = {"backbone": "mlp", "width": 16, "latent_dim": 16, "learning_rate": 0.01}
    model, config = network(data, recipe("svhn", head="linear", **own))
    made = robustness.assess(model, data, config, 6)
    assert np.isfinite(made.table["smallest"]).all()
    assert made.arrays["gallery_image"].shape == (2, 3, 8, 8)


def test_a_diverged_network_is_refused():
    data = few_digits()
    model, config = network(data, steps=1)
    with torch.no_grad():
        model.classifier.weight.fill_(torch.nan)
    with pytest.raises(ValueError, match="the network's logits are not finite"):
        robustness.assess(model, data, config, 5)
