import pytest

from made_runs import made_runs
from replication.data.datasets import HARDER_DATASETS
from replication.figures.harder import harder, harder_costs
from replication.runs import costs, store
from replication.runs.freeze import freeze
from replication.runs.trainer import get_or_train
from small_runs import use_folders


@pytest.fixture(autouse=True)
def folders(monkeypatch, tmp_path):
    use_folders(monkeypatch, tmp_path)


def test_without_a_frozen_campaign_nothing_is_drawn_and_every_command_is_told():
    datasets, runs = harder.frozen("kmnist, cifar10")
    assert (datasets, runs) == (["kmnist", "cifar10"], [])
    assert harder.figure(harder.data(runs)) is None
    text = harder.missing(datasets, runs)
    assert "Nothing is claimed here of KMNIST, CIFAR10" in text
    for name in datasets:
        assert f"campaign {name} --freeze" in text
    assert "svhn" not in text


def test_what_is_frozen_is_drawn_and_described_and_the_rest_named():
    runs = made_runs("svhn")
    curves = harder.data(runs)
    assert curves.datasets == ["svhn"]
    figure = harder.figure(curves)
    assert {trace.name for trace in figure.data if trace.showlegend} == {
        "Binary encoding",
        "Linear penultimate",
        "Non-linear penultimate",
        "No penultimate",
    }
    assert figure.layout.meta["setting"].startswith("SVHN: ResNet18")
    text = harder.missing(["svhn", "cifar100"], runs)
    assert "Nothing is claimed here of CIFAR100" in text
    assert "campaign svhn" not in text


def test_a_frozen_campaign_is_found_by_its_name():
    from replication.data.recipes import recipe

    # Of the digits, so that it trains in a moment; the name alone says where to look.
    run = get_or_train(recipe("digits", head="none", width=16, epochs=1), "cpu", str)
    freeze([run], store.RESULTS / "spare", "command")
    (store.RESULTS / "spare").rename(store.RESULTS / "kmnist")
    _, runs = harder.frozen("kmnist")
    assert [found.id for found in runs] == [run.id]


@pytest.mark.parametrize("name", ["mnist", "cifar", ""])
def test_another_dataset_names_what_is_allowed(name):
    with pytest.raises(ValueError, match="allowed: kmnist, svhn, cifar10, cifar100"):
        harder.frozen(name)


# ---- Costs --------------------------------------------------------------------------------------


def measured(dataset: str = "cifar10", **changes) -> dict:
    made = dict.fromkeys(costs.FIELDS, "a core") | {"dataset": dataset, "device": "cpu"}
    numbers = {"threads": 1, "parameters": 11_200_000, "batch_size": 128, "operations": 5e11}
    return made | numbers | {"precision": "fp32", "step_seconds": 9.0} | changes


def test_without_a_measurement_the_table_says_so():
    found = harder_costs.data(HARDER_DATASETS)
    assert harder_costs.table(found).count("not measured") == 12
    assert "python -m replication costs" in harder_costs.note(found)


def test_a_run_on_a_core_takes_the_faster_precision():
    costs.add([measured(), measured(precision="bf16", step_seconds=4.0)])
    (cost,) = harder_costs.data(["cifar10"])
    steps = 391 * (200 + 11 / 3)  # of 50,000 images in batches of 128; 11 evaluations
    assert cost.cpu == pytest.approx(4.0 * steps, rel=1e-3)
    table = harder_costs.table([cost])
    assert "4 s (bf16)<br>9 s (fp32)" in table
    assert "11.2 million" in table
    assert "ResNet18" in table


def test_an_unmeasured_gpu_is_a_range_from_the_operations_and_called_an_estimate():
    costs.add([measured()])
    (cost,) = harder_costs.data(["cifar10"])
    steps = 391 * (200 + 11 / 3)
    slow, fast = cost.gpu
    assert slow == pytest.approx(5e11 / 5e12 * steps, rel=1e-2)
    assert fast == pytest.approx(slow / 10, rel=1e-2)
    assert "(estimate)" in harder_costs.table([cost])
    assert "assumptions, not measurements" in harder_costs.note([cost])


def test_a_small_network_s_steps_take_the_time_of_launching_them():
    costs.add([measured("kmnist", operations=3e8)])
    (cost,) = harder_costs.data(["kmnist"])
    assert cost.gpu[0] == cost.gpu[1] > 938 * 21 * 1e-3
    (line,) = [row for row in harder_costs.table([cost]).splitlines() if "on one GPU" in row]
    assert line.endswith("s (estimate) |") and " to " not in line


def test_a_measured_gpu_takes_the_estimate_s_place():
    costs.add([measured(), measured(device="cuda", processor="a GPU", step_seconds=0.02)])
    (cost,) = harder_costs.data(["cifar10"])
    assert cost.gpu[0] == cost.gpu[1] == pytest.approx(0.02 * 391 * (200 + 11 / 3), rel=1e-2)
    assert "(measured on a GPU)" in harder_costs.table([cost])
    assert "(estimate)" not in harder_costs.table([cost])
