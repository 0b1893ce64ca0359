"""What a person is asked to type where a DNS host has no API: records, one by one. Pure.

From the moment at which steps are printed until every authoritative server serves their end, any
version that carrying them out can pass through may be published: `possible` gives these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

from mailsync.dns.rrset import Key, RRset, txt_text
from mailsync.plan.model import Change

Language = Literal["ja", "en", "both"]

ROWS_MAX = 4
"""Rows of one RRset for which every order of typing is reckoned with; of more, the printed one."""

ROUTING = frozenset({"MX", "A", "AAAA", "SRV"})
"""Types of which an old and a new value may stand side by side."""


@dataclass(frozen=True, slots=True)
class Text:
    """The same in Japanese and in English."""

    ja: str
    en: str


@dataclass(frozen=True, slots=True)
class Trap:
    """Something that goes wrong easily.

    ``when``: the type of the record that it concerns, or ``SPF``; ``before`` and ``after``: all.
    """

    when: str
    text: Text


@dataclass(frozen=True, slots=True)
class Panel:
    """A control panel, in its own words; what is not known of it is empty.

    ``menu``: the way to the form (``ZONE``: choose the zone); ``fields``: the labels of ``name``,
    ``type``, ``ttl``, ``value`` and ``preference``. ``apex``: what is typed for the zone's own
    name. ``final_dot``: whether names are typed with it. ``row``: the button that adds a row;
    ``save``: those that are pressed last. ``ttl_settable``: whether it takes TTLs.
    """

    id: str
    name: Text
    menu: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    apex: Literal["blank", "unknown"] = "unknown"
    final_dot: Literal["omit", "keep", "unknown"] = "unknown"
    row: str = ""
    save: tuple[str, ...] = ()
    delete: Text | None = None
    traps: tuple[Trap, ...] = ()
    unknown: Text | None = None
    ttl_settable: bool = True
    language: Language = "both"


@dataclass(frozen=True, slots=True)
class Step:
    """One record to add (no ``before``), change or delete (no ``after``); TTLs in seconds."""

    key: Key
    before: str | None
    after: str | None
    ttl_before: int | None
    ttl_after: int | None


def steps(changes: Sequence[Change]) -> tuple[Step, ...]:
    """Give the records to type, in order: of each RRset what is added, what changes, what goes.

    So an RRset is never empty on the way.
    """
    return tuple(step for change in changes for step in _of_change(change))


def _of_change(change: Change) -> Iterator[Step]:
    old, new = _values(change.before), _values(change.after)
    old_ttl = None if change.before is None else change.before.ttl
    new_ttl = None if change.after is None else change.after.ttl
    gone = [value for value in old if value not in new]
    come = [value for value in new if value not in old]
    pairs = _paired(change.key[1], gone, come)
    taken = {value for pair in pairs for value in pair}
    for value in come:
        if value not in taken:
            yield Step(change.key, None, value, None, new_ttl)
    for before, after in pairs:
        yield Step(change.key, before, after, old_ttl, new_ttl)
    if old_ttl != new_ttl:
        for value in old:
            if value in new:
                yield Step(change.key, value, value, old_ttl, new_ttl)
    for value in gone:
        if value not in taken:
            yield Step(change.key, value, None, old_ttl, None)


def _paired(rdtype: str, gone: list[str], come: list[str]) -> list[tuple[str, str]]:
    """Pair what can be one row's change: texts of one kind, anything else in order."""
    if rdtype != "TXT":
        return list(zip(gone, come, strict=False))
    left = list(come)
    pairs = []
    for value in gone:
        same = next((other for other in left if _tag(value) and _tag(other) == _tag(value)), None)
        if same is not None:
            left.remove(same)
            pairs.append((value, same))
    return pairs


def _tag(value: str) -> str:
    """Give what kind of record a text says it is: ``v=spf1``, ``v=DMARC1``; empty: nothing."""
    text = txt_text(value).lower().replace(";", " ")
    first = text.split(maxsplit=1)[0] if text.split() else ""
    return first if first.startswith("v=") else ""


def is_spf(step: Step) -> bool:
    """Tell whether a step is about an SPF record."""
    value = step.after or step.before
    return step.key[1] == "TXT" and value is not None and _tag(value) == "v=spf1"


def possible(changes: Sequence[Change]) -> tuple[tuple[Key, RRset | None, RRset | None], ...]:
    """Give what may be published once the steps are printed, as a journal's intent holds it.

    For each RRset its end stands last; before it whatever half-typed steps can leave behind, each
    with the old TTL and with the new one. An RRset that was emptied is not among them: the order
    of the steps forbids it.
    """
    return tuple(
        (change.key, change.before, after)
        for change in changes
        for after in (*_between(change), change.after)
    )


def _between(change: Change) -> Iterator[RRset]:
    old, new = frozenset(_values(change.before)), frozenset(_values(change.after))
    # All values as they were or will be, and the TTL not: half a step.
    found = [old, new]
    for typed in _typed(list(_of_change(change))):
        gone = {step.before for step in typed if step.before is not None}
        come = {step.after for step in typed if step.after is not None}
        found.append((old - gone) | come)
        if change.key[1] in ROUTING:
            # Where a row cannot be changed in place: added first, and only then deleted.
            found.append(old | come)
    ttls = sorted({one.ttl for one in (change.before, change.after) if one is not None})
    made = (RRset(*change.key, ttl, tuple(values)) for values in found if values for ttl in ttls)
    return (one for one in dict.fromkeys(made) if one not in {change.before, change.after})


def _typed(rows: list[Step]) -> list[tuple[Step, ...]]:
    """Give the sets of steps that may have been carried out when only some have been."""
    if len(rows) > ROWS_MAX:
        return [tuple(rows[:count]) for count in range(1, len(rows) + 1)]
    return [some for size in range(1, len(rows) + 1) for some in combinations(rows, size)]


def _values(rrset: RRset | None) -> tuple[str, ...]:
    return () if rrset is None else rrset.values
