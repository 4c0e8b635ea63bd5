"""A small trained network, which the tests of several attacks share."""

from copy import deepcopy

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from binenc_core.robustness.network import decisions
from replication.data.load import load


@pytest.fixture(scope="session")
def trained():
    """A small network trained on the digits, with its test images and their classes."""
    data = load("digits")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers = (nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
        network = nn.Sequential(nn.Flatten(), *layers)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(60):
        optimizer.zero_grad()
        cross_entropy(network(data.train_images), data.train_labels).backward()
        optimizer.step()
    optimizer.zero_grad()
    network.eval()
    assert (decisions(network, data.test_images) == data.test_labels).float().mean() > 0.9
    return network, data.test_images, data.test_labels


@pytest.fixture
def digits(trained):
    """The same, for a test that may leave something in the network."""
    network, images, labels = trained
    return deepcopy(network), images, labels
