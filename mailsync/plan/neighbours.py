"""Which domains of a configuration lean on each other, by what their files say.

A domain leans on another zone when its mail goes to a host there, when its SPF includes a record
there, when a selector of its is an alias of a name there, or when an address's name is a host
there. Domains of one zone, which share its names and its history, all lean on each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mailsync.desired.model import Desired
from mailsync.dns.rrset import Key, RRset
from mailsync.plan.kinds.included import targets
from mailsync.plan.kinds.mx import hosts
from mailsync.plan.ledger import Ledger


def relations(everyone: Sequence[Desired]) -> Mapping[str, frozenset[str]]:
    """Give for each domain (an absolute name) those that it leans on, or that lean on it."""
    by_zone: dict[str, set[str]] = {}
    for desired in everyone:
        by_zone.setdefault(desired.zone, set()).add(desired.domain)
    found: dict[str, set[str]] = {
        desired.domain: by_zone[desired.zone] - {desired.domain} for desired in everyone
    }
    for desired in everyone:
        for zone in zones_of(leans_on(desired), set(by_zone)) - {desired.zone}:
            found[desired.domain] |= by_zone[zone]
            for other in by_zone[zone]:
                found[other].add(desired.domain)
    return {domain: frozenset(others) for domain, others in found.items()}


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


def leaned_on(ledger: Ledger) -> frozenset[str]:
    """Give what `names_in` gives for all that a ledger remembers: caches may not have left it."""
    versions = (version for one in ledger.histories.values() for version in one.versions)
    return names_in(version.rrset for version in versions if version.rrset is not None)


def names_in(rrsets: Iterable[RRset]) -> frozenset[str]:
    """Give every host that some MX names, and every name that some SPF record includes."""
    found: set[str] = set()
    for one in rrsets:
        if one.type == "MX":
            found |= hosts(one.values)
        elif one.type == "TXT":
            found |= targets(one.values)
    return frozenset(found)


def lets_go(desired: Desired, listing: Mapping[Key, RRset]) -> bool:
    """Tell whether a file takes something away on which mail of another zone may lean.

    That is an address of a host, or a whole record that others may include.
    """
    return any(
        bool(set(live.values) - set(wish.values))
        for wish in desired.wishes
        if wish.kind == "host" or (wish.kind in {"spf", "record"} and not wish.values)
        if (live := listing.get((wish.name, wish.type))) is not None
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
