import math

import pytest

from binenc_core.config import PRECISIONS
from replication.__main__ import main
from replication.data.datasets import HARDER_DATASETS
from replication.data.recipes import recipe
from replication.runs import costs, timing
from small_runs import CPU, small

pytestmark = pytest.mark.usefixtures("own_folders")


def row(**changes) -> dict:
    made = dict.fromkeys(costs.FIELDS, "x") | {"dataset": "kmnist", "threads": 1}
    return (
        made | {"parameters": 10, "batch_size": 4, "operations": 100, "step_seconds": 0.5} | changes
    )


def test_a_run_takes_its_epochs_and_a_third_of_one_for_each_evaluation(monkeypatch):
    config = recipe("cifar10", "later", head="none", epochs=41, log_every=20)
    epoch = 2.0 * math.ceil(50_000 / 128)
    assert costs.run_seconds(config, 2.0) == pytest.approx(41 * epoch + 3 * epoch / 3)
    left = 20 * epoch + epoch / 3
    assert costs.run_seconds(config, 2.0, done=21) == pytest.approx(left)
    monkeypatch.setattr(timing, "seconds_per_step", lambda *_: 2.0)
    assert timing.estimated_seconds(config, CPU, 21) == pytest.approx(left)


def test_measurements_join_and_replace_those_of_the_same_machine():
    assert list(costs.read().columns) == list(costs.FIELDS)
    costs.add([row(step_seconds=1.0), row(dataset="svhn")])
    costs.add([row(step_seconds=0.12345, operations=10**13), row(processor="another")])
    table = costs.read()
    assert len(table) == 3
    own = table[(table["dataset"] == "kmnist") & (table["processor"] == "x")]
    assert own[["step_seconds", "operations"]].values.tolist() == [[0.12345, 10**13]]
    assert "`step_seconds`" in (costs.folder() / "README.md").read_text(encoding="utf8")


def test_a_damaged_file_is_told_and_kept():
    costs.add([row()])
    path = costs.folder() / "steps.csv"
    path.write_text("dataset\nx\n", encoding="utf8")
    with pytest.raises(RuntimeError, match=r"steps\.csv is damaged"):
        costs.add([row()])
    assert path.read_text(encoding="utf8") == "dataset\nx\n"


def test_what_is_measured_of_a_step():
    config = small("none", batch_size=10)
    found = timing.measured(config, CPU)
    assert set(found) == set(costs.FIELDS)
    # 64 pixels → 16 → 16 → 16 units and 10 classes: weights and biases.
    assert found["parameters"] == 65 * 16 + 2 * 17 * 16 + 17 * 10
    # Two operations for each weight and image, forward and for the weights' gradients; for the
    # inputs' gradients as well, but in the first layer.
    weights = 64 * 16 + 2 * 16 * 16 + 16 * 10
    assert found["operations"] == 2 * 10 * (2 * weights + weights - 64 * 16)
    assert found["step_seconds"] > 0


def test_the_command_times_every_campaign_in_both_precisions(monkeypatch, one_thread):
    def measured(config, device):
        own = {"dataset": config.dataset, "precision": config.precision, "device": device.type}
        return row(**own)

    monkeypatch.setattr(timing, "measured", measured)
    assert main(["costs", "--device", "cpu"]) == 0
    table = costs.read()
    assert set(zip(table["dataset"], table["precision"], strict=True)) == {
        (dataset, precision) for dataset in HARDER_DATASETS for precision in PRECISIONS
    }
