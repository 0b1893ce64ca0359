"""Whom the zone is delegated to, and whether all of them serve the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mailsync.dns.names import shown
from mailsync.dns.ttl import written
from mailsync.observe.facts import Facts
from mailsync.observe.results import Observation
from mailsync.observe.topics.saying import Saying, listed
from mailsync.observe.zones import ServerLook, ZoneServers

_SAY = Saying("delegation")
_DAY = 86400


def judge(facts: Facts) -> Iterator[Observation]:
    """Judge the servers of the zone."""
    zone = facts.zone
    if zone is None:
        return
    name = shown(zone.zone)
    if zone.fault:
        told = _SAY.unknown if zone.delegated else _SAY.failed
        yield told("ns-consistency", name, zone.fault)
        return
    yield from _parent(zone, facts.looks)
    yield from _servers(facts.looks)
    yield from _zone(name, zone, facts.looks)
    for (owner, rdtype), served in facts.records.items():
        if served.differing:
            detail = listed(served.differing, "; ")
            yield _SAY.failed("ns-consistency", f"{shown(owner)} {rdtype}", detail)


def _parent(zone: ZoneServers, looks: Sequence[ServerLook]) -> Iterator[Observation]:
    name = shown(zone.zone)
    if zone.delegation is None:
        if any(not look.fault for look in looks):
            yield _SAY.passed("ns-consistency", name, "served by those that mailsync.yaml names")
        return
    names = zone.delegation.names
    if not zone.delegation.parent:
        detail = "the parent's servers did not say whom they delegate to"
        yield _SAY.unknown("ns-consistency", name, detail)
        return
    own = {look.names: look for look in looks if look.names}
    others = [(found, look) for found, look in own.items() if found != names]
    for found, look in others:
        detail = f"the parent delegates to {_names(names)}, and {look.server} names {_names(found)}"
        yield _SAY.failed("ns-consistency", name, detail)
    if own and not others:
        yield _SAY.passed(
            "ns-consistency", name, f"delegated to {_names(names)}, as it says itself"
        )


def _servers(looks: Sequence[ServerLook]) -> Iterator[Observation]:
    tcp_works = any(not look.fault and not look.tcp_fault for look in looks)
    reached = {look.server.name for look in looks if not look.silent}
    for look in looks:
        subject = str(look.server)
        if look.no_route and look.server.name in reached:
            yield _SAY.unknown("ns-lame", subject, look.fault)
        elif look.fault:
            told = _SAY.unknown if look.silent else _SAY.failed
            yield told("ns-lame", subject, look.fault)
        elif look.tcp_fault:
            # Where no server answers over TCP, it may be a network here that forbids it.
            told = _SAY.failed if tcp_works else _SAY.unknown
            yield told("ns-tcp", subject, f"over TCP, it {look.tcp_fault}")
        else:
            detail = (
                f"answers with authority, over UDP and TCP; serial {look.serial}, negative TTL "
                f"{look.negative_ttl} s"
            )
            yield _SAY.passed("ns-lame", subject, detail)


def _zone(name: str, zone: ZoneServers, looks: Sequence[ServerLook]) -> Iterator[Observation]:
    alive = [look for look in looks if not look.fault]
    serials: dict[int, list[str]] = {}
    for look in alive:
        serials.setdefault(look.serial or 0, []).append(str(look.server))
    if len(serials) > 1:
        each = [f"{serial} at {listed(at)}" for serial, at in sorted(serials.items())]
        yield _SAY.failed("ns-serial", name, f"serials differ: {listed(each, '; ')}")
    if zone.delegation is not None and len({server.name for server in zone.servers}) == 1:
        yield _SAY.failed("ns-count", name, f"only one name server: {zone.servers[0].name}")
    longest = max((look.negative_ttl or 0 for look in alive), default=0)
    if longest > _DAY:
        detail = f"that a name does not exist may be remembered for {written(longest)}"
        yield _SAY.failed("soa-negative", name, detail)


def _names(names: Sequence[str]) -> str:
    return listed(map(shown, names))
