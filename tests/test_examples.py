"""The program of the page "Use it on your own network"."""

import runpy
from pathlib import Path

import pytest

from binenc_core.metrics.names import METRICS

EXAMPLE = Path(__file__).parents[1] / "book" / "examples" / "own_network.py"


@pytest.mark.slow
def test_a_network_of_ones_own_learns_a_code_and_is_measured(capsys):
    made = runpy.run_path(str(EXAMPLE))
    found, summed = made["found"], made["summed"]
    assert "bit_agreement" in capsys.readouterr().out
    assert (made["logits"].argmax(dim=1) == made["labels"]).float().mean() > 0.95
    assert found["bit_agreement"] > 0.9
    assert found["vertex_excess"] > 0.1
    assert set(summed) < set(found) <= set(METRICS)
    assert summed == pytest.approx({name: found[name] for name in summed}, rel=1e-4)
    assert made["features"].shape == (20, 512)
