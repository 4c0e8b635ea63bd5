"""bfloat16 beside float32: which runs are compared, and what is said without them."""

from made_runs import made_run
from replication.campaigns import grids
from replication.figures.verdicts import precision


def test_the_same_seed_and_all_seeds_stand_beside_the_run_in_float32():
    fine = made_run("fashion_mnist", seed=11, values={"accuracy": 0.9, "vertex_excess": 0.1})
    coarse = [
        made_run("fashion_mnist", head, seed, precision="bf16", values={"accuracy": value})
        for seed, value in ((10, 0.8), (11, 0.6))
        for head in ("binary", "linear")
    ]
    lines = precision.table([fine], coarse).splitlines()
    assert "| test accuracy | 90.00 % | 60.00 % | 70.00 ± 14.14 % |" in lines
    assert any(line.endswith("| 0.1 | no value | no value |") for line in lines)


def test_the_campaign_is_one_run_of_the_others_but_for_the_precision(own_folders):
    assert f"`results/{precision.CAMPAIGN}` is not there" in precision.text()
    (fine,) = grids.read(precision.CAMPAIGN).configs
    assert fine.precision == "fp32"
    assert fine.change(precision="bf16") in grids.read(precision.TWINS).configs
