"""What was computed for the book: hours by processor, and the energy that they took at a guess."""

from collections.abc import Iterator

import pandas as pd

from replication.base import markdown
from replication.base.progress import duration
from replication.runs import store
from replication.studies import assessments
from replication.studies.catalog import STUDIES


def _lines() -> Iterator[tuple[str, str, float]]:
    for run in store.frozen_runs().values():
        yield "trainings", run.info["processor"], run.info["seconds"] * _threads(run.info)
    for study in STUDIES:
        for found in assessments.frozen_of(study).values():
            yield study, found.info["processor"], found.info["seconds"] * _threads(found.info)


def _threads(info: dict) -> int:
    return max(map(int, str(info["threads"]).split("; ")))


def text(watts: float) -> str:
    """Core time by what it went into and by processor, and the energy, as Markdown.

    `watts`: the power of a busy core with its share of the machine.
    """
    table = pd.DataFrame(_lines(), columns=["what", "processor", "seconds"])
    times = table.groupby(["what", "processor"], sort=False)["seconds"].sum()
    rows = [(what, name, duration(seconds)) for (what, name), seconds in times.items()]
    total = times.sum() / 3600
    energy = (
        f"Together {total:.0f} core hours: at {watts:g} W for a busy core and its share of the "
        f"machine about {total * watts / 1000:.1f} kWh. Only what is frozen counts; trainings that "
        "failed or were thrown away do not."
    )
    return markdown.table(("What", "Processor", "Core time"), rows) + f"\n\n{energy}"
