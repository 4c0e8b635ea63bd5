import pytest

from made_runs import made_runs
from replication.data.datasets import HARDER_DATASETS
from replication.figures.harder import harder, harder_costs
from replication.runs import costs

pytestmark = pytest.mark.usefixtures("own_folders")


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
    assert len([trace.name for trace in figure.data if trace.showlegend]) == 4
    assert figure.layout.meta["setting"].startswith("SVHN: ResNet18")
    text = harder.missing(["svhn", "cifar100"], runs)
    assert "Nothing is claimed here of CIFAR100" in text
    assert "campaign svhn" not in text


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
    assert cost.cpu == pytest.approx(4.0 * STEPS, rel=1e-3)
    table = harder_costs.table([cost])
    assert "4 s (bf16)<br>9 s (fp32)" in table
    assert "11.2 million" in table
    assert "ResNet18" in table


STEPS = 391 * (200 + 11 / 3)  # of 50,000 images in batches of 128; 11 evaluations


@pytest.mark.parametrize(
    ("changes", "gpu", "said"),
    [
        ([{}], (5e11 / 5e12, 5e11 / 50e12), "(estimate)"),
        ([{"operations": 3e8}], (1e-3, 1e-3), "s (estimate) |"),  # the time of launching a step
        (
            [{}, {"device": "cuda", "processor": "a GPU", "step_seconds": 0.02}],
            (0.02, 0.02),
            "(measured on a GPU)",
        ),
    ],
    ids=["estimated", "small", "measured"],
)
def test_a_gpu_takes_a_range_from_the_operations_unless_it_was_measured(changes, gpu, said):
    costs.add([measured(**own) for own in changes])
    (cost,) = harder_costs.data(["cifar10"])
    assert cost.gpu == pytest.approx([seconds * STEPS for seconds in gpu], rel=1e-2)
    (line,) = [row for row in harder_costs.table([cost]).splitlines() if "on one GPU" in row]
    assert said in line
    assert (" to " in line) == (gpu[0] > gpu[1])
    assert ("(estimate)" in line) == (cost.measured_gpu is None)
