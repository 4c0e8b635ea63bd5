"""What a campaign shows of itself: a live table, or a line for each run that ends."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from binenc_core.config import RunConfig
from replication.base.progress import Say, duration
from replication.campaigns.campaign import Campaign, Running, Watch
from replication.runs.labels import labels
from replication.runs.store import Run


def lines(campaign: Campaign, say: Say) -> Watch:
    """Say a line for each run that ends from now on, and for one of which there is no news."""
    names = labels(campaign.configs)
    told = {*campaign.runs, *campaign.failed}
    stuck: set[RunConfig] = set()

    def watch(campaign: Campaign) -> None:
        for config in [*campaign.runs, *campaign.failed]:
            if config not in told:
                told.add(config)
                run = campaign.runs.get(config)
                how = _end(run) if run else f"failed: {campaign.failed[config]}"
                say(f"{names[config]}: {how} ({_tally(campaign)})")
        for run in campaign.running:
            if run.is_stuck and run.config not in stuck:
                say(f"{names[run.config]}: {_no_news(run)}")
        stuck.clear()
        stuck.update(run.config for run in campaign.running if run.is_stuck)

    return watch


@contextmanager
def watching(campaign: Campaign, name: str) -> Iterator[Watch]:
    """A live table on a terminal, lines elsewhere."""
    console = Console()
    if not console.is_terminal:
        yield lines(campaign, lambda text: print(text, flush=True))
        return
    names = labels(campaign.configs)
    with Live(console=console, refresh_per_second=4) as live:
        yield lambda campaign: live.update(_picture(campaign, name, names))


def _end(run: Run) -> str:
    epoch = run.info["diverged_epoch"]
    return "done" if epoch is None else f"diverged in epoch {epoch}"


def _no_news(run: Running) -> str:
    return f"no news for {duration(run.quiet)}; its process may be stopped"


def _tally(campaign: Campaign) -> str:
    """How many runs are in each state."""
    diverged = sum(run.info["diverged_epoch"] is not None for run in campaign.runs.values())
    notes = [f"{campaign.hits} were there"] if campaign.hits else []
    notes += [f"{diverged} diverged"] if diverged else []
    counts = [
        f"done {len(campaign.runs)}" + (f" ({', '.join(notes)})" if notes else ""),
        f"running {len(campaign.running)}",
        f"waiting {len(campaign.waiting)}",
        f"failed {len(campaign.failed)}",
    ]
    return " · ".join(counts)


def _picture(campaign: Campaign, name: str, names: dict[RunConfig, str]) -> Group:
    """The table of the runs in training, under the tally of all and above the failures."""
    table = Table("running", "epoch", "time left", box=None, pad_edge=False)
    for run in campaign.running:
        note = "" if run.own else " (another process)"
        epoch, left = "–", "–"
        if run.progress:
            epoch = f"{run.progress.done}/{run.progress.epochs}"
            left = duration(run.progress.seconds_left)
        table.add_row(names[run.config] + note, epoch, _no_news(run) if run.is_stuck else left)
    failures = [Text(f"failed: {names[c]}: {why}", "red") for c, why in campaign.failed.items()]
    head = Text(f"{name}: {len(campaign.configs)} runs · {_tally(campaign)}", "bold")
    return Group(head, *([table] if campaign.running else []), *failures)
