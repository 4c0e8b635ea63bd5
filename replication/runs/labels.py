"""Names that tell the runs of a campaign apart."""

from collections.abc import Sequence
from dataclasses import fields

from binenc_core.config import HEADS, PARTS, RunConfig
from replication.data.recipes import protocol_of, recipe

IN_LABEL = ("dataset", "head", "seed")
# Which optimizer trains what is worth a word where it is not the usual one.
_RARE = {
    item.name for item in fields(RunConfig) if item.name.startswith((*PARTS, "switch", "rotation"))
}


def labels(configs: Sequence[RunConfig]) -> dict[RunConfig, str]:
    """A name for each run: dataset, head, seed, and in what else runs of its head differ.

    That is the protocol, and the fields whose values do not follow from it.
    """
    protocols = {config: protocol_of(config) for config in configs}
    named = len(set(protocols.values())) > 1
    varying = {head: _varying([c for c in configs if c.head == head]) for head in HEADS}

    def label(config: RunConfig) -> str:
        usual = recipe(config.dataset, protocols[config], head=config.head)
        notes = [
            f"{name} {getattr(config, name)}"
            for name in varying[config.head]
            if getattr(config, name) != getattr(usual, name) or not (named or name in _RARE)
        ]
        return ", ".join([config.label, *([protocols[config]] if named else []), *notes])

    return {config: label(config) for config in configs}


def _varying(configs: Sequence[RunConfig]) -> list[str]:
    """The fields beside those of every label in which runs differ."""
    return [
        item.name
        for item in fields(RunConfig)
        if item.name not in IN_LABEL and len({getattr(c, item.name) for c in configs}) > 1
    ]
