"""Networks by dataset and protocol."""

import pytest

from made_assessments import four_heads, made_assessment
from replication.figures.common import assessed


def test_groups_are_by_dataset_and_protocol_and_in_order(tmp_path):
    found = [
        *four_heads(tmp_path, dataset="fashion_mnist"),
        *four_heads(tmp_path, protocol="released"),
        *four_heads(tmp_path, seeds=2),
    ]
    shown = assessed.groups(found[::-1])
    titles = ["MNIST, as described", "MNIST, as released", "FashionMNIST, as described"]
    assert [group.title for group in shown] == titles
    assert [group.heads for group in shown] == [["binary", "linear", "none", "nonlinear"]] * 3
    assert [a.config.seed for a in shown[0].of("none")] == [0, 1]


def test_two_networks_of_one_head_and_seed_are_refused(tmp_path):
    found = [made_assessment(tmp_path), made_assessment(tmp_path, gamma=3)]
    with pytest.raises(ValueError, match="MNIST, as described: allowed is one network for each"):
        assessed.groups(found)
