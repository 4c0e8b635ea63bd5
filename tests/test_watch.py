from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from replication.base.progress import Progress
from replication.campaigns import campaign, watch
from replication.campaigns.campaign import Campaign, Running
from replication.runs.store import Run
from small_runs import quick

CONFIGS = [quick(seed=seed) for seed in range(6)]


def ended(config, epoch=None) -> Run:
    """A finished run without numbers, which diverged in an epoch or did not."""
    return Run(config.id, config, pd.DataFrame(), {"diverged_epoch": epoch}, Path("arrays.npz"))


@pytest.fixture
def state():
    """A campaign with two runs done, of which one was there, two in training and one failed."""
    return Campaign(
        CONFIGS,
        hits=1,
        runs={CONFIGS[0]: ended(CONFIGS[0]), CONFIGS[1]: ended(CONFIGS[1], epoch=17)},
        failed={CONFIGS[4]: "MemoryError: no [bold]memory[/bold] left"},
        running=[
            Running(CONFIGS[2], Progress(30, 41, 740.0), own=True),
            Running(CONFIGS[3], None, own=False),
        ],
    )


def picture(state, width=100) -> list[str]:
    """The lines of the table on a terminal."""
    console = Console(file=StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(watch._picture(state, "some", watch.labels(state.configs)))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_the_table_tells_the_state_of_every_run(state):
    lines = picture(state)
    assert lines[0] == (
        "some: 6 runs · done 2 (1 were there, 1 diverged) · running 2 · waiting 1 · failed 1"
    )
    assert [line.split() for line in lines[1:4]] == [
        ["running", "epoch", "time", "left"],
        ["digits", "none", "seed", "2", "30/41", "12", "min"],
        ["digits", "none", "seed", "3", "(another", "process)", "–", "–"],
    ]
    assert lines[4:] == ["failed: digits none seed 4: MemoryError: no [bold]memory[/bold] left"]


def test_lines_tell_each_end_once(state):
    state.running = []
    said = []
    tell = watch.lines(state, said.append)
    tell(state)
    assert said == []  # what was there before is no news
    state.runs[CONFIGS[2]] = ended(CONFIGS[2])
    state.failed[CONFIGS[3]] = "killed"
    tell(state)
    tell(state)
    tally = "(done 3 (1 were there, 1 diverged) · running 0 · waiting 1 · failed 2)"
    assert said == [
        f"digits none seed 2: done {tally}",
        f"digits none seed 3: failed: killed {tally}",
    ]
    state.runs[CONFIGS[5]] = ended(CONFIGS[5], epoch=3)
    tell(state)
    assert len(said) == 3
    assert said[2].startswith("digits none seed 5: diverged in epoch 3 (done 4 (")


def test_a_run_without_news_is_told_once_until_there_is_some(state):
    said = []
    tell = watch.lines(state, said.append)

    def show(quiet: float, done: int = 30) -> None:
        state.running = [Running(CONFIGS[2], Progress(done, 41, 740.0), own=True, quiet=quiet)]
        tell(state)

    for quiet in (599, 601, 602):
        show(quiet)
    assert said == ["digits none seed 2: no news for 10 min; its process may be stopped"]
    assert "no news for 10 min" in " ".join(picture(state)[2].split())
    show(0, done=31)
    show(601, done=31)
    assert len(said) == 2


def test_a_slow_epoch_is_no_reason_for_alarm():
    slow = Progress(1, 11, 10 * 3600.0)
    assert not Running(CONFIGS[0], slow, own=True, quiet=3 * 3600).is_stuck
    assert Running(CONFIGS[0], slow, own=True, quiet=6 * 3600).is_stuck
    assert Running(CONFIGS[0], Progress(11, 11, 0.0), own=True, quiet=700).is_stuck
    assert Running(CONFIGS[0], None, own=False, quiet=700).is_stuck


def test_news_are_awaited_while_the_campaign_itself_runs(state, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(campaign.time, "monotonic", lambda: clock[0])
    asked, before = 0.0, []

    def after(seconds: float) -> list[float]:
        nonlocal asked, before
        clock[0] += seconds
        asked = campaign.note_quiet(state, before, asked)
        before = list(state.running)
        return [run.quiet for run in state.running]

    assert after(0.5) == [0, 0]
    assert after(0.5) == [0.5, 0.5]
    assert after(3600) == [1.5, 1.5]  # it was stopped itself
    state.running[0] = Running(CONFIGS[2], Progress(31, 41, 700.0), own=True)
    assert after(0.5) == [0, 2]


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_shows_a_table_to_the_end_and_a_file_gets_lines(
    state, monkeypatch, capsys, terminal
):
    file = StringIO()
    made = Console(file=file, width=100, force_terminal=terminal, color_system=None)
    monkeypatch.setattr(watch, "Console", lambda: made)
    with watch.watching(state, "some") as tell:
        tell(state)
        state.running = []
        state.runs = {config: ended(config) for config in CONFIGS if config != CONFIGS[4]}
        tell(state)
    if terminal:
        last = file.getvalue().split("some: ")[-1]
        assert "done 5 (1 were there) · running 0 · waiting 0 · failed 1" in last
        assert "failed: digits none seed 4" in last
        assert "seed 2" not in last
    else:
        assert file.getvalue() == ""
        assert capsys.readouterr().out.startswith("digits none seed 2: done (done 5 ")
