"""Verdicts as pages, README and terminal show them."""

import subprocess
import sys

import pytest

from claimed_runs import ARMS, MARGIN, SETTING, claim, runs
from replication.claims import judge, words
from replication.claims.table import Table


def judged(*claims, seeds: int = 3, planned: int = 3):
    setting = SETTING._replace(planned=planned)
    table = Table(list(claims), ARMS, {"mnist": setting}, {"some": MARGIN})
    values = {"binary": [0.5, 0.6, 0.7][:seeds], "linear": [0.2, 0.3, 0.4][:seeds]}
    return judge.judge(table, setting, runs(values))


def test_accuracies_are_told_in_points_and_logarithms_as_factors():
    points, factor = judged(claim(), claim(id="other", scale="log"))
    assert words.estimate(points) == "+30.00 [+30.00, +30.00] points"
    assert words.bound(points) == "10 points"
    assert words.estimate(factor).startswith("×2.06 [×")
    assert words.bound(factor) == "×1.11"


def test_a_level_is_told_as_the_quantity_itself():
    own = claim(kind="level", arms=("binary",), margin=None, threshold=0.9, direction="lower")
    (found,) = judged(own)
    found = found._replace(claim=own._replace(measure="vertex_excess"))
    assert words.bound(found) == "≤ 0.9"
    middle, low, high = words.estimate(found).replace(",", "").split()
    assert float(middle) == pytest.approx(0.6)
    assert float(low.strip("[")) < 0.6 < float(high.strip("]"))


def test_a_table_has_a_line_for_each_claim_and_a_column_for_each_setting_that_is_judged():
    waiting = SETTING._replace(name="mnist_released", protocol="released", planned=3)
    found = judged(claim(), claim(id="other", text="So it is"))
    all_of_them = [*found, *(v._replace(setting=waiting, n=2) for v in judged(claim(), seeds=0))]
    lines = words.table(all_of_them).splitlines()
    assert lines[0] == "| Claim | Margin | MNIST, as described<br>3 seeds |"
    assert len(lines) == 4
    assert "✓ **replicated**<br>+30.00" in lines[2]
    assert lines[2].count("|") == lines[3].count("|") == 4
    said = words.waiting(all_of_them)
    assert said == "Not judged yet: MNIST, as released (2 of 3 seeds)."
    assert words.table(all_of_them[2:]) == words.waiting(found) == ""


def test_a_provisional_verdict_is_grey_and_says_so():
    (found,) = judged(claim(), planned=10)
    assert words.cell(found).startswith('<span class="provisional">')
    assert words.state([found]) == "3 of 10 seeds, provisional"
    assert "<br>3 of 10 seeds, provisional |" in words.table([found])
    (whole,) = judged(claim())
    assert "provisional" not in words.table([whole])
    (none,) = judged(claim(), seeds=0)
    assert words.cell(none) == "– not judged: no frozen run"


@pytest.mark.parametrize("extra", [[], ["--csv"]])
@pytest.mark.sampled
def test_the_command_prints_the_table(extra):
    command = [sys.executable, "-m", "replication", "verdicts", "--group", "vertices", *extra]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stdout.strip().splitlines()
    if extra:
        assert lines[0].split(",") == judge.COLUMNS
    assert sum("vertices-code" in line for line in lines) == 4
    assert not any("fig3" in line for line in lines)


def test_the_command_names_what_is_allowed():
    command = [sys.executable, "-m", "replication", "verdicts", "--group", "figure 9"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: group is 'figure 9'; allowed: figure 1, ")
    assert done.stderr.count("\n") == 1
