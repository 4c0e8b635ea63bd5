import pytest

from replication.campaigns.grids import expand, names, read
from replication.data.recipes import PROTOCOLS
from replication.runs.labels import labels as labels_of


def labels(*grids: dict) -> list[str]:
    return list(labels_of([config for grid in grids for config in expand(grid)]).values())


def test_a_label_tells_in_what_else_runs_differ():
    assert labels({"dataset": "digits", "gamma": [0, 30], "width": 8}) == [
        "digits binary seed 0, gamma 0.0",
        "digits binary seed 0, gamma 30.0",
    ]


def test_a_label_leaves_out_what_the_head_says():
    assert labels({"dataset": "digits", "head": ["binary", "linear"], "gamma": 3}) == [
        "digits binary seed 0",
        "digits linear seed 0",
    ]


def test_a_label_tells_the_protocol_and_not_what_follows_from_it():
    assert labels({"dataset": "mnist", "protocol": list(PROTOCOLS)}) == [
        "mnist binary seed 0, described",
        "mnist binary seed 0, released",
        "mnist binary seed 0, later",
    ]


SETS = {
    "switches": expand({"dataset": "digits", "softmax": ["once", "twice"], "halve_every": [0, 20]})
    + expand({"dataset": "digits", "protocol": ["released", "later"]}),
    "precisions": expand({"dataset": ["digits", "mnist"], "precision": ["fp32", "bf16"]}),
    "heads": expand({"dataset": "digits", "gamma": [0, 1], "head": ["binary", "linear"]}),
    "epochs": expand({"dataset": "digits", "epochs": [1, 41], "protocol": list(PROTOCOLS)}),
} | {name: read(name).configs for name in names()}


@pytest.mark.parametrize("name", SETS)
def test_no_two_runs_have_one_label(name):
    configs = list(dict.fromkeys(SETS[name]))
    found = labels_of(configs)
    assert list(found) == configs
    assert len(set(found.values())) == len(configs)
