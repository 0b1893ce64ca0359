"""Which zones of a configuration lean on each other, by what their files say.

A zone leans on another when its mail goes to a host there, when its SPF includes a record there,
when a selector of its is an alias of a name there, or when an address's name is a host there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mailsync.desired.model import Desired
from mailsync.plan.kinds.included import targets
from mailsync.plan.kinds.mx import hosts
from mailsync.plan.ledger import Ledger


def relations(everyone: Sequence[Desired]) -> Mapping[str, frozenset[str]]:
    """Give for each zone (an absolute name) the zones that it leans on, or that lean on it."""
    zones = {desired.zone for desired in everyone}
    found: dict[str, set[str]] = {zone: set() for zone in zones}
    for desired in everyone:
        for other in zones_of(leans_on(desired), zones) - {desired.zone}:
            found[desired.zone].add(other)
            found[other].add(desired.zone)
    return {zone: frozenset(others) for zone, others in found.items()}


def leans_on(desired: Desired) -> frozenset[str]:
    """Give the names, in whatever zone, that a domain's file leans on."""
    names: set[str] = set()
    for wish in desired.wishes:
        if wish.kind == "mx":
            names |= hosts(wish.values)
        elif wish.kind == "spf" or (wish.kind == "record" and wish.type == "TXT"):
            names |= targets(wish.values)
        elif wish.type in {"CNAME", "PTR"}:
            names |= set(wish.values)
    return frozenset(names)


def mail_went_to(ledger: Ledger) -> frozenset[str]:
    """Give every host that some MX in a ledger names: its file may have left it, caches may not."""
    return frozenset(
        host
        for key, history in ledger.histories.items()
        if key[1] == "MX"
        for version in history.versions
        if version.rrset is not None
        for host in hosts(version.rrset.values)
    )


def zones_of(names: Iterable[str], zones: set[str]) -> set[str]:
    """Give those of the zones in which the names lie; the deepest one for each."""
    found = set()
    for name in names:
        above = name
        while above not in zones and above:
            above = above.partition(".")[2]
        if above:
            found.add(above)
    return found
