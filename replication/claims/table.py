"""The table of claims: claims.toml, read and checked."""

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

from binenc_core.config import RunConfig, known, read_whole
from binenc_core.metrics.names import METRICS
from replication.claims.measures import STUDY_MEASURES
from replication.data.datasets import DATASETS
from replication.data.recipes import PROTOCOLS
from replication.studies.catalog import STUDIES

CLAIMS = Path(__file__).with_name("claims.toml")


class Kind(NamedTuple):
    """What a kind of claim needs: least and most arms, and whether it has a margin and so on."""

    arms: tuple[int, int]
    margin: bool = False
    threshold: bool = False
    direction: bool = True


MANY = 99
KINDS = {
    "contrast": Kind((1, 2), margin=True),
    "level": Kind((1, MANY), threshold=True),
    "threshold": Kind((1, MANY), threshold=True),
    "most": Kind((2, MANY), margin=True),
    "comparable": Kind((2, MANY), margin=True, direction=False),
    "order": Kind((3, MANY)),
    "sooner": Kind((2, 2), margin=True),
    "throughout": Kind((2, 2), margin=True),
    "switch": Kind((2, 2), direction=False),
}
DIRECTIONS = ("higher", "lower")
SPLITS, VALUES, SCALES = ("train", "test"), ("end", "change"), ("plain", "log")


class Margin(NamedTuple):
    """The smallest difference that counts: by dataset, or under "value" for all; and why."""

    values: dict[str, float]
    reason: str

    def on(self, dataset: str) -> float:
        """The margin on a dataset, in the units of the measure or of its logarithm."""
        return self.values.get(dataset, self.values.get("value"))


class Setting(NamedTuple):
    """A campaign whose frozen runs judge, on what they are, and how many seeds are planned."""

    name: str
    dataset: str
    protocol: str
    planned: int


class Claim(NamedTuple):
    """One line of the table; claims.toml says what each field means."""

    id: str
    group: str
    source: str
    text: str
    kind: str
    measure: str
    split: str
    arms: tuple[str, ...]
    settings: tuple[str, ...]
    value: str = "end"
    scale: str = "plain"
    direction: str | None = None
    margin: str | None = None
    threshold: float | None = None
    ceiling: float | None = None
    study: str | None = None


# A study of the networks compares them in one way; a switch is measured on the measure itself.
STUDY_KINDS = ("most",)
SWITCH_SCALES = ("plain",)


class Table(NamedTuple):
    """All claims, and what they name; the fields of each arm are RunConfig's."""

    claims: list[Claim]
    arms: dict[str, dict[str, Any]]
    settings: dict[str, Setting]
    margins: dict[str, Margin]


def read(path: Path = CLAIMS) -> Table:
    """The table of claims in a TOML file; raises ValueError, in one line, for what is wrong."""
    try:
        parts = tomllib.loads(path.read_text(encoding="utf8"))
        known("key", ("margin", "arm", "setting", "claim"), *parts)
        margins = {n: _margin(n, own) for n, own in parts.get("margin", {}).items()}
        arms = {name: _arm(name, parts["arm"]) for name in parts.get("arm", {})}
        settings = {n: _setting(n, own) for n, own in parts.get("setting", {}).items()}
        claims = [_claim(own, margins, arms, settings) for own in parts.get("claim", [])]
    except ValueError as error:  # also what tomllib raises
        raise ValueError(f"{path.name}: {error}") from None
    ids = [claim.id for claim in claims]
    if twice := [name for name in ids if ids.count(name) > 1]:
        raise ValueError(f"{path.name}: two claims have the id {twice[0]!r}; allowed: one each")
    return Table(claims, arms, settings, margins)


def _margin(name: str, own: dict[str, Any]) -> Margin:
    known(f"key of margin {name}", ("value", "reason", *DATASETS), *own)
    values = {key: number for key, number in own.items() if key != "reason"}
    for number in values.values():
        if isinstance(number, bool) or not isinstance(number, int | float) or not number > 0:
            raise ValueError(f"margin {name} is {number!r}; allowed: a number > 0")
    if not values or not isinstance(own.get("reason"), str):
        raise ValueError(f"margin {name} is incomplete; allowed: value or datasets, and a reason")
    return Margin(values, own["reason"])


def _arm(name: str, arms: dict[str, dict[str, Any]], below: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of an arm, after those of the arms that it is based on."""
    if name in below:
        raise ValueError(f"arm {name} is based on itself; allowed: another arm")
    known("arm", arms, name)
    own = dict(arms[name])
    base = own.pop("base", None)
    known(f"field of arm {name}", [item.name for item in fields(RunConfig)], *own)
    return (_arm(base, arms, (*below, name)) if base else {}) | own


def _setting(name: str, own: dict[str, Any]) -> Setting:
    known(f"key of setting {name}", ("dataset", "protocol", "planned"), *own)
    known(f"dataset of setting {name}", DATASETS, own.get("dataset"))
    known(f"protocol of setting {name}", PROTOCOLS, own.get("protocol"))
    own["planned"] = read_whole(f"planned of setting {name}", own.get("planned"))
    return Setting(name, **own)


def _claim(own: dict[str, Any], margins, arms, settings) -> Claim:
    name = own.get("id")
    where = f"of claim {name}"
    known(f"key {where}", Claim._fields, *own)
    needed = [key for key in Claim._fields if key not in Claim._field_defaults]
    if missing := [key for key in needed if key not in own]:
        raise ValueError(f"claim {name} has no {missing[0]}; allowed: one that has")
    for key in ("arms", "settings"):
        if not isinstance(own[key], list) or not own[key]:
            raise ValueError(f"{key} {where} is {own[key]!r}; allowed: a list of names")
    for key in ("threshold", "ceiling"):
        number = own.get(key, 0.0)
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise ValueError(f"{key} {where} is {number!r}; allowed: a number")
    claim = Claim(**own | {key: tuple(own[key]) for key in ("arms", "settings")})
    known(f"kind {where}", KINDS, claim.kind)
    kind = KINDS[claim.kind]
    if claim.study is not None:
        known(f"study {where}", STUDIES, claim.study)
        known(f"kind {where}", STUDY_KINDS, claim.kind)
    if claim.kind == "switch":
        known(f"scale {where}", SWITCH_SCALES, claim.scale)
    measures = STUDY_MEASURES[claim.study] if claim.study else METRICS
    known(f"measure {where}", measures, claim.measure)
    known(f"split {where}", SPLITS, claim.split)
    known(f"value {where}", VALUES, claim.value)
    known(f"scale {where}", SCALES, claim.scale)
    known(f"arm {where}", arms, *claim.arms)
    known(f"setting {where}", settings, *claim.settings)
    least, most = kind.arms
    if not least <= len(claim.arms) <= most:
        raise ValueError(f"claim {name} has {len(claim.arms)} arms; allowed: {least} to {most}")
    for key in ("direction", "margin", "threshold"):
        given, wanted = getattr(claim, key), getattr(kind, key)
        if (given is not None) != wanted:
            allowed = f"{'one' if wanted else 'none'}, as its kind is {claim.kind}"
            raise ValueError(f"{key} {where} is {given!r}; allowed: {allowed}")
    if kind.direction:
        known(f"direction {where}", DIRECTIONS, claim.direction)
    if kind.margin:
        known(f"margin {where}", margins, claim.margin)
        for setting in claim.settings:
            if margins[claim.margin].on(settings[setting].dataset) is None:
                raise ValueError(f"margin {claim.margin} {where} has none for {setting}")
    if claim.kind == "threshold" and not 0 < claim.threshold < 1:
        raise ValueError(f"threshold {where} is {claim.threshold!r}; allowed: between 0 and 1")
    return claim
