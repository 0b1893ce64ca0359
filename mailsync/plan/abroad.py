"""What other domains of the configuration publish that this one's mail leans on, or the reverse.

A host that takes mail for several domains, an SPF record that others include, a reverse zone: each
belongs to a domain with a plan of its own, in another zone or, as a subdomain does, in the same.
Only what a neighbour's file asks for is looked at here: the rest nobody changes through mailsync,
and it is as foreign as any other server's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from mailsync.desired.model import Cutover, Wish
from mailsync.dns.names import is_at_or_below, shown
from mailsync.dns.rrset import Key, RRset
from mailsync.plan import reasons
from mailsync.plan.ledger import Version
from mailsync.plan.live import Neighbour
from mailsync.plan.model import Hold
from mailsync.plan.visible import Lifetimes, Remnant, remnants


def publisher(zone: str, neighbours: Sequence[Neighbour], key: Key) -> Neighbour | None:
    """Give the neighbour whose file asks for an RRset; ``zone`` is the asking domain's own.

    It stands in the deepest zone that holds its name; what another zone's file says of it is void.
    """
    zones = {zone, *(one.zone for one in neighbours)}
    holding = max((z for z in zones if is_at_or_below(key[0], z)), key=len, default=None)
    return next((one for one in neighbours if one.zone == holding and asked(one, key)), None)


def asked(neighbour: Neighbour, key: Key) -> Wish | None:
    """Give what a neighbour's file asks for at an RRset."""
    return next((w for w in wishes(neighbour) if (w.name, w.type) == key), None)


def siblings(zone: str, neighbours: Sequence[Neighbour]) -> tuple[str, ...]:
    """Give the names of the zone's other domains."""
    here = (one.desired for one in neighbours if one.zone == zone)
    return tuple(desired.domain for desired in here if desired is not None)


def siblings_keys(zone: str, neighbours: Sequence[Neighbour]) -> frozenset[Key]:
    """Give the RRsets of the zone that its other domains ask for."""
    return frozenset(
        (w.name, w.type) for one in neighbours if one.zone == zone for w in wishes(one)
    )


def siblings_records(zone: str, neighbours: Sequence[Neighbour]) -> dict[Key, RRset]:
    """Give the records that the zone's other domains ask for, but those that lead their mail."""
    found = (w for one in neighbours if one.zone == zone for w in wishes(one))
    return {
        (w.name, w.type): RRset(w.name, w.type, w.ttl, w.values)
        for w in found
        if w.values and w.kind != "mx"
    }


def siblings_mx(zone: str, neighbours: Sequence[Neighbour]) -> frozenset[Key]:
    """Give the MX RRsets of the zone that its other domains ask for."""
    return frozenset(
        (w.name, w.type)
        for one in neighbours
        if one.zone == zone
        for w in wishes(one)
        if w.kind == "mx"
    )


def wishes(neighbour: Neighbour) -> tuple[Wish, ...]:
    """Give what the neighbour's file asks for."""
    return neighbour.desired.wishes if neighbour.desired is not None else ()


def visible(neighbour: Neighbour, key: Key, now: datetime) -> tuple[Remnant, ...]:
    """Give the versions of a neighbour's RRset that some resolver may hold; none: nothing known.

    What its zone lists is among them, though no journal may know of it.
    """
    held = _remembered(neighbour, key, now)
    live = None if neighbour.rrsets is None else neighbour.rrsets.get(key)
    if live is None or any(one.until is None and one.version.rrset == live for one in held):
        return held
    return (*held, Remnant(Version(live, now), None))


def keys_of(neighbour: Neighbour, rdtype: str) -> tuple[Key, ...]:
    """Give the RRsets of a type that a neighbour's file, its journal or its zone knows of."""
    found = {(w.name, w.type) for w in wishes(neighbour)}
    found |= {*neighbour.ledger.histories, *(neighbour.rrsets or ())}
    return tuple(sorted(key for key in found if key[1] == rdtype))


def _remembered(neighbour: Neighbour, key: Key, now: datetime) -> tuple[Remnant, ...]:
    return remnants(neighbour.ledger.history(key), _lifetimes(neighbour), now)


def _lifetimes(neighbour: Neighbour) -> Lifetimes:
    cutover = neighbour.desired.cutover if neighbour.desired is not None else Cutover()
    return Lifetimes(cutover, neighbour.negative_ttl)


def until_all(
    neighbour: Neighbour, key: Key, now: datetime, fits: Callable[[tuple[str, ...]], bool]
) -> tuple[Hold, ...]:
    """Hold until every version of a neighbour's RRset that some resolver may hold fits."""
    lifetimes = _lifetimes(neighbour)
    held = _remembered(neighbour, key, now)
    if not held:
        domain = neighbour.zone if neighbour.desired is None else neighbour.desired.domain
        reason = f"{shown(domain)} has to be applied first: nobody saw this served yet"
        return (Hold(now + lifetimes.of_absence(), reason, reasons.named(key)),)
    return reasons.until_all(key, held, lifetimes, now, fits)


def mx(neighbours: Sequence[Neighbour], now: datetime) -> Iterator[tuple[Wish | None, Remnant]]:
    """Give every MX version of the neighbours that some resolver may hold, with its wish."""
    for neighbour in neighbours:
        wished = {(w.name, w.type): w for w in wishes(neighbour) if w.kind == "mx"}
        for key in keys_of(neighbour, "MX"):
            for remnant in visible(neighbour, key, now):
                yield wished.get(key), remnant


def wished_mx(neighbours: Sequence[Neighbour]) -> dict[Key, tuple[str, ...]]:
    """Give the values of every MX RRset that the neighbours' files ask for."""
    found = (w for one in neighbours for w in wishes(one) if w.kind == "mx")
    return {(wish.name, wish.type): wish.values for wish in found}
