"""PTR records stand in the reverse zone: here the domains' wishes for them are given to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mailsync.desired.faults import Faults
from mailsync.desired.model import Desired, Wish
from mailsync.desired.target import Target, serving
from mailsync.dns.names import shown


def routed(
    desired: Sequence[Desired], targets: Sequence[Target], files: frozenset[str], faults: Faults
) -> tuple[Desired, ...]:
    """Give the domains, PTR wishes being the reverse zones' where a target serves these.

    A reverse zone is known by its file, or by its very name under ``targets``: a glob does not say
    where a zone begins. One without a file, or whose file was not asked for, comes along with the
    domain that needs it. A wish that no target serves stays where it is. ``files``: the zones that
    have a file.
    """
    found = {one.domain: one for one in desired}
    for one in desired:
        for wish in [w for w in one.wishes if w.kind == "ptr"]:
            zone = next(_zones(wish.name, targets, files), None)
            if zone is None or zone == one.zone:
                continue
            found[one.domain] = _without(found[one.domain], wish)
            there = found.get(zone) or _made(zone, wish, one, targets)
            found[zone] = _with(there, wish, faults)
    return tuple(sorted(found.values(), key=lambda one: shown(one.domain)))


def _zones(name: str, targets: Sequence[Target], files: frozenset[str]) -> Iterator[str]:
    """Give the zones that may hold a name of the reverse tree, the deepest first."""
    above = name
    while above.endswith((".in-addr.arpa.", ".ip6.arpa.")):
        target = serving(targets, above)
        if above in files or (target is not None and target.pattern == shown(above)):
            yield above
        above = above.partition(".")[2]


def _made(zone: str, wish: Wish, of: Desired, targets: Sequence[Target]) -> Desired:
    target = serving(targets, zone)
    hosts = () if target is None else target.hosts
    return Desired(zone, zone, (), wish.place, hosts, frozenset({"ptr"}), cutover=of.cutover)


def _without(desired: Desired, wish: Wish) -> Desired:
    return replace(desired, wishes=tuple(one for one in desired.wishes if one is not wish))


def _with(desired: Desired, wish: Wish, faults: Faults) -> Desired:
    for other in desired.wishes:
        if (other.name, other.type) == (wish.name, wish.type):
            if other.values != wish.values:
                message = f"{shown(wish.name)} has another name already, at {other.place}"
                faults.add(wish.place, message)
            return desired
    wishes = sorted((*desired.wishes, wish), key=lambda one: (one.name, one.type, one.kind))
    kinds = desired.kinds | {"ptr"}
    return replace(desired, wishes=tuple(wishes), kinds=kinds)
