"""What a study found of networks, as a page shows it: by dataset and protocol."""

from collections.abc import Callable, Mapping, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import pandas as pd

from replication.data import recipes
from replication.figures.common import captions
from replication.figures.common.style import HEAD_STYLES
from replication.figures.common.tables import in_order, select, stacked
from replication.studies.assessments import Assessment


class Group(NamedTuple):
    """A dataset's networks under one protocol, by head (in HEAD_STYLES' order) and seed."""

    dataset: str
    protocol: str
    found: list[Assessment]

    @property
    def title(self) -> str:
        """Dataset and protocol, for people."""
        return recipes.title(self.dataset, self.protocol)

    @property
    def place(self) -> dict[str, Any]:
        """Dataset and protocol as columns of a table."""
        return {"dataset": self.dataset, "protocol": self.protocol}

    @property
    def heads(self) -> list[str]:
        """The architectures that there are, in HEAD_STYLES' order."""
        return [head for head in HEAD_STYLES if self.of(head)]

    def columns(self, found: Assessment) -> dict[str, Any]:
        """The columns that tell whose a line of a table is: those of a run, and the protocol."""
        return self.place | {"head": found.config.head, "seed": found.config.seed}

    def select(self, table: pd.DataFrame, **wanted: Any) -> pd.DataFrame:
        """The lines of a table on the group's networks that have these values."""
        return select(table, **self.place, **wanted)

    def of(self, head: str) -> list[Assessment]:
        """The networks of an architecture, by seed."""
        return [found for found in self.found if found.config.head == head]


class Measured(NamedTuple):
    """Groups of networks, and a table of what was measured of each network."""

    groups: list[Group]
    table: pd.DataFrame


def groups(found: Sequence[Assessment]) -> list[Group]:
    """The groups by dataset (in order of appearance) and protocol.

    Raises ValueError where a group has two networks of one head and seed.
    """
    ordered = in_order(found)
    made = []
    for dataset in captions.datasets(found):
        for protocol in recipes.PROTOCOLS:
            own = [
                a
                for a in ordered
                if (a.config.dataset, recipes.protocol_of(a.config)) == (dataset, protocol)
            ]
            if len({(a.config.head, a.config.seed) for a in own}) < len(own):
                title = Group(dataset, protocol, own).title
                raise ValueError(f"{title}: allowed is one network for each head and seed")
            if own:
                made.append(Group(dataset, protocol, own))
    return made


def measured(
    found: Sequence[Assessment], of: Callable[[Assessment], Mapping[str, Any]]
) -> Measured:
    """What `of` tells of each network: columns, of a line or more, or a table.

    The table has dataset, protocol, head and seed before them.
    """
    shown = groups(found)
    own = [(group, assessment) for group in shown for assessment in group.found]
    return Measured(shown, stacked({**group.columns(a), **of(a)} for group, a in own))


def heads(shown: Sequence[Group]) -> list[str]:
    """The architectures that any group has, in HEAD_STYLES' order."""
    return [head for head in HEAD_STYLES if any(head in group.heads for group in shown)]


# How many test images a network was assessed on, or a part of its study took.
Count = Callable[[Assessment], int]


def images(found: Sequence[Assessment], count: Count = attrgetter("images")) -> str:
    """On how many test images networks were assessed, such as "100 test images each."."""
    numbers = sorted({count(own) for own in found})
    return f"{' or '.join(f'{number:,}' for number in numbers)} test images each."


def setting(shown: Sequence[Group], count: Count = attrgetter("images")) -> str:
    """On how many test images the networks were assessed, and how they were trained."""
    found = [own for group in shown for own in group.found]
    return f"{images(found, count)} {captions.setting(found)}"
