"""The table of the switches: complete, and equal to the protocols."""

import math
import re

import pytest

from replication.data.recipes import PROTOCOLS, SWITCHES
from replication.data.recipes import switches as values
from replication.figures.common.style import typed
from replication.figures.protocols import switches


def cells() -> dict[str, list[str]]:
    """The table's cells by field."""
    lines = [line for line in switches.table().splitlines() if line.startswith("| `")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0].strip("`"): row[1:] for row in rows}


def test_every_switch_has_a_line_with_its_meaning_and_values():
    assert list(cells()) == SWITCHES
    for name, (meaning, *own) in cells().items():
        assert meaning
        plain = [cell.strip("*") for cell in own]
        assert plain == [typed(values(protocol)[name]) for protocol in PROTOCOLS]


def test_bold_is_what_is_not_as_the_text_has_it():
    for name, (_, *own) in cells().items():
        bold = [cell.startswith("**") for cell in own]
        assert bold == [values(p)[name] != values("described")[name] for p in PROTOCOLS]
    assert sum(cell[2].startswith("**") for cell in cells().values()) == 6
    assert "differs from the text in 6 of these 10 fields" in switches.table()


def test_every_switch_has_a_sentence_on_what_follows():
    assert sorted(switches.CONSEQUENCES) == sorted(SWITCHES)
    explained = re.findall(r"^- `(\w+)`: .+\.$", switches.table(), re.MULTILINE)
    assert explained == SWITCHES


def test_the_floor_of_the_doubled_softmax():
    assert switches.cross_entropy_floor(10) == pytest.approx(1.4612, abs=5e-5)
    assert "below 1.4612 nats" in switches.CONSEQUENCES["softmax"]


def test_the_floor_is_that_of_the_loss():
    torch = pytest.importorskip("torch")
    from binenc_core.loss import total_loss

    logits = torch.zeros(1, 10)
    logits[0, 3] = 1e4
    label = torch.tensor([3])
    loss = total_loss(logits, torch.zeros(1, 2), label, 0, "mean_exp", "twice")
    assert float(loss) == pytest.approx(switches.cross_entropy_floor(10))


def test_confidently_wrong_images_give_no_gradient_through_two_softmaxes():
    torch = pytest.importorskip("torch")
    from binenc_core.loss import total_loss

    def gradient(softmax: str) -> float:
        logits = torch.zeros(1, 10)
        logits[0, 3] = 100
        logits.requires_grad_()
        label = torch.tensor([5])
        total_loss(logits, torch.zeros(1, 2), label, 0, "mean_exp", softmax).backward()
        return float(logits.grad.abs().max())

    assert gradient("once") == pytest.approx(1)
    assert gradient("twice") < 1e-6


def test_gamma_doubles_in_the_stated_time():
    growth = PROTOCOLS["later"]["gamma_growth"]
    stated = float(re.search(r"every ([\d.]+) epochs", switches.CONSEQUENCES["gamma_growth"])[1])
    assert growth**stated == pytest.approx(2, rel=0.01)
    assert math.isclose(stated, 8.6)


@pytest.mark.parametrize(
    ("value", "text"), [(1e6, "1e6"), (0.0005, "0.0005"), (10.0, "10"), (3, "3"), ("once", "once")]
)
def test_values_are_shown_as_they_are_typed(value, text):
    assert typed(value) == text
    assert isinstance(value, str) or float(text) == value
