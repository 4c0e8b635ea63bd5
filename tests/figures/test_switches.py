"""The table of the switches: complete, and equal to the protocols."""

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


def test_the_floor_and_the_lost_gradient_are_those_of_the_loss():
    torch = pytest.importorskip("torch")
    from binenc_core.loss import total_loss

    def of(label: int, softmax: str):
        logits = torch.zeros(1, 10)
        logits[0, 3] = 1e4
        logits.requires_grad_()
        x, labels = torch.zeros(1, 2), torch.tensor([label])
        loss = total_loss(logits, x, labels, 0, "mean_exp", softmax)
        loss.backward()
        return float(loss.detach()), float(logits.grad.abs().max())

    floor, _ = of(3, "twice")
    assert floor == pytest.approx(switches.cross_entropy_floor(10))
    assert f"below {floor:.4f} nats" in switches.CONSEQUENCES["softmax"]
    assert of(5, "once")[1] == pytest.approx(1)  # confidently wrong
    assert of(5, "twice")[1] < 1e-6
