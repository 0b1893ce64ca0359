"""What other zones of the same configuration publish that this one's mail leans on, or the reverse.

A host that takes mail for several domains, an SPF record that others include, a reverse zone: each
stands in a zone with a plan of its own. Only what a neighbour's file asks for is looked at here:
the rest nobody changes through mailsync, and it is as foreign as any other server's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from mailsync.desired.model import Cutover, Wish
from mailsync.dns.names import is_at_or_below, shown
from mailsync.dns.rrset import Key
from mailsync.plan import reasons
from mailsync.plan.live import Neighbour
from mailsync.plan.model import Hold
from mailsync.plan.visible import Lifetimes, Remnant, remnants


def owner(neighbours: Sequence[Neighbour], name: str) -> Neighbour | None:
    """Give the neighbour in whose zone a name lies; the deepest where zones lie in one another."""
    found = [one for one in neighbours if is_at_or_below(name, one.zone)]
    return max(found, key=lambda one: len(one.zone), default=None)


def wishes(neighbour: Neighbour) -> tuple[Wish, ...]:
    """Give what the neighbour's file asks for."""
    return neighbour.desired.wishes if neighbour.desired is not None else ()


def visible(neighbour: Neighbour, key: Key, now: datetime) -> tuple[Remnant, ...]:
    """Give the versions of a neighbour's RRset that some resolver may hold; none: nothing known."""
    return remnants(neighbour.ledger.history(key), _lifetimes(neighbour), now)


def _lifetimes(neighbour: Neighbour) -> Lifetimes:
    cutover = neighbour.desired.cutover if neighbour.desired is not None else Cutover()
    return Lifetimes(cutover, neighbour.negative_ttl)


def until_all(
    neighbour: Neighbour, key: Key, now: datetime, fits: Callable[[tuple[str, ...]], bool]
) -> tuple[Hold, ...]:
    """Hold until every version of a neighbour's RRset that some resolver may hold fits."""
    lifetimes = _lifetimes(neighbour)
    held = visible(neighbour, key, now)
    if not held:
        reason = f"{shown(neighbour.zone)} has to be applied first: nobody saw this served yet"
        return (Hold(now + lifetimes.of_absence(), reason, reasons.named(key)),)
    return reasons.until_all(key, held, lifetimes, now, fits)


def mx(neighbours: Sequence[Neighbour], now: datetime) -> Iterator[tuple[Wish | None, Remnant]]:
    """Give every MX version of the neighbours that some resolver may hold, with its wish."""
    for neighbour in neighbours:
        wished = {(w.name, w.type): w for w in wishes(neighbour) if w.kind == "mx"}
        keys = {*wished, *(key for key in neighbour.ledger.histories if key[1] == "MX")}
        for key in sorted(keys):
            for remnant in visible(neighbour, key, now):
                yield wished.get(key), remnant


def wished_mx(neighbours: Sequence[Neighbour]) -> list[tuple[str, ...]]:
    """Give the values of every MX RRset that the neighbours' files ask for."""
    return [w.values for one in neighbours for w in wishes(one) if w.kind == "mx"]
