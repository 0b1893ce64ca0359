"""Holds in words: what somebody may still hold, and until when."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from mailsync.dns.rrset import Key
from mailsync.plan.ledger import Version
from mailsync.plan.model import Hold
from mailsync.plan.visible import Lifetimes, Remnant

_BRIEF = 60
"""How many characters of an answer a reason quotes."""


def named(key: Key) -> str:
    """Write which RRset, as holds and messages do: ``example.co.jp. MX``."""
    return f"{key[0]} {key[1]}"


def held_text(version: Version, values: tuple[str, ...] = ()) -> str:
    """Say what a resolver may hold; ``values`` are those of the version that matter."""
    if version.unseen:
        return (
            "not seen before: another version may have been replaced just now, and resolvers may "
            "hold it until then"
        )
    if version.rrset is None:
        return "resolvers may remember until then that there was no such record"
    text = ", ".join(values or version.rrset.values)
    brief = text if len(text) <= _BRIEF else text[: _BRIEF - 3] + "..."
    return f"resolvers may hold {brief} (TTL {version.rrset.ttl}) until then"


def until_all(
    key: Key,
    held: Iterable[Remnant],
    lifetimes: Lifetimes,
    now: datetime,
    fits: Callable[[tuple[str, ...]], bool],
) -> tuple[Hold, ...]:
    """Hold until every version that some resolver may hold fits; absence is no values at all.

    What is published now and does not fit is taken to be on its way out.
    """
    found = []
    for remnant in held:
        version = remnant.version
        values = version.rrset.values if version.rrset is not None else ()
        if version.unseen or not fits(values):
            until = remnant.until or now + lifetimes.of(version)
            found.append(Hold(until, held_text(version), named(key)))
    return tuple(sorted(found))
