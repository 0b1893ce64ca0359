"""An RRset's change as people compare it: what goes, what comes, what stays, and the TTL."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mailsync.plan.model import Change, DomainPlan
from mailsync.plan.printable import printable

_KEY = re.compile(r'[A-Za-z0-9+/]{24,}(?:" "[A-Za-z0-9+/]+)*={0,2}')
"""Base64 or hexadecimal, also across the character-strings of a TXT."""

_LONG = 96
"""Key material is shortened from this many characters on; a SHA-256 in hexadecimal is not."""

_KEPT = 24
"""Of a shortened key this much is kept at either end: what a vendor's panel is compared with."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A change in parts; ``ttl`` is empty when it stays, values are as in the RRset."""

    ttl: str
    removed: tuple[str, ...]
    added: tuple[str, ...]
    kept: tuple[str, ...]


def difference(change: Change) -> Difference:
    """Take a change apart. The TTL of what is removed altogether is not told."""
    old = change.before.values if change.before else ()
    new = change.after.values if change.after else ()
    ttl = ""
    if change.after is not None:
        if change.before is None:
            ttl = f"TTL {change.after.ttl}"
        elif change.before.ttl != change.after.ttl:
            ttl = f"TTL {change.before.ttl} → {change.after.ttl}"
    return Difference(
        ttl,
        tuple(value for value in old if value not in new),
        tuple(value for value in new if value not in old),
        tuple(value for value in old if value in new),
    )


def shortened(values: Iterable[str]) -> Mapping[str, str]:
    """Give each value as it is shown: printable, long keys cut in the middle.

    Never ambiguous: two different values of the collection are never shown alike, and ``…`` stands
    in no presentation text of DNS. The number tells how many characters are left out.
    """
    short = {value: _KEY.sub(_cut, printable(value)) for value in values}
    seen = Counter(short.values())
    return {value: text if seen[text] == 1 else printable(value) for value, text in short.items()}


def _cut(match: re.Match[str]) -> str:
    text = match[0]
    if len(text) < _LONG:
        return text
    return f"{text[:_KEPT]}…({len(text) - 2 * _KEPT} more)…{text[-_KEPT:]}"


def shown_values(domain: DomainPlan) -> Mapping[str, str]:
    """Shorten all values of a domain's plan together, so that none of them looks like another."""
    return shortened(
        value
        for stage in domain.stages
        for change in stage.changes
        for rrset in (change.before, change.after)
        if rrset is not None
        for value in rrset.values
    )
