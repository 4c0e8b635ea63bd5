"""The notebooks that show their training: the library's own to the bit, and a network of yours."""

from pathlib import Path

import nbformat
import pytest
import torch

from binenc_book.execute import NEEDS_PYTORCH
from binenc_core.metrics.names import METRICS
from binenc_core.training.loop import train
from replication.data.load import load
from replication.data.recipes import recipe

BOOK = Path(__file__).parents[1] / "book"


def open_code(page: str) -> str:
    """The code of a notebook's cells that use PyTorch themselves."""
    cells = nbformat.read(BOOK / f"{page}.ipynb", 4).cells
    return "\n".join(c.source for c in cells if NEEDS_PYTORCH in c.metadata.get("tags", []))


def test_the_quick_start_trains_as_the_library_does():
    epochs = 21  # the learning rate is halved once
    shown = {"gamma": 10.0, "epochs": epochs, "width": 24}
    exec(open_code("quickstart"), shown)
    for (_, model), head in zip(shown["networks"].items(), ("binary", "linear"), strict=True):
        kept = {}
        config = recipe("digits", head=head, epochs=epochs, width=24)
        outcome = train(
            config,
            torch.device("cpu"),
            load("digits"),
            on_checkpoint=lambda checkpoint: kept.update(checkpoint.state),  # noqa: B023
        )
        for name, weights in model.state_dict().items():
            torch.testing.assert_close(weights, kept[f"model.{name}"], rtol=0, atol=0)
    last = {r["split"]: r for r in outcome.records if r["epoch"] == epochs - 1}
    row = shown["rows"]["γ = 0"]
    assert row.pop("test accuracy") == pytest.approx(last["test"]["accuracy"])
    assert row == pytest.approx({name: last["train"][name] for name in row}, rel=1e-4)


def test_a_network_of_ones_own_learns_a_code_and_is_measured():
    made = {"seed": 0, "gamma": 10.0, "epochs": 15}
    exec(open_code("own_network"), made)
    found, summed = made["found"], made["summed"]
    assert (made["logits"].argmax(dim=1) == made["labels"]).float().mean() > 0.95
    assert found["bit_agreement"] > 0.9
    assert found["vertex_excess"] > 0.1
    assert set(summed) < set(found) <= set(METRICS)
    assert summed == pytest.approx({name: found[name] for name in summed}, rel=1e-4)
    assert made["features"].shape == (20, 512)
