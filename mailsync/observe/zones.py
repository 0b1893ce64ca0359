"""The servers of a zone, each looked at: over UDP and TCP, its SOA, its NS, and what it serves."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from threading import Lock

import dns.rdatatype

from mailsync.dns.answer import VOID, Answer
from mailsync.dns.rrset import Key, RRset
from mailsync.observe.delegation import Delegation, Finder, LookupFailed, NotDelegated
from mailsync.observe.question import (
    Alias,
    Manner,
    Patience,
    Reply,
    Server,
    Silence,
    ask,
    authoritative,
    served,
    soa,
)

_SERVERS_MAX = 26
"""Addresses of one zone's servers that are looked at: thirteen names, twice."""

_TCP = Manner(tcp=True)


@dataclass(frozen=True, slots=True)
class ZoneServers:
    """Who serves a zone. ``fault``: why that is not known; ``delegated`` False: nobody does.

    ``delegation`` is None where the configuration names the servers.
    """

    zone: str
    servers: tuple[Server, ...] = ()
    delegation: Delegation | None = None
    fault: str = ""
    delegated: bool = True


@dataclass(frozen=True, slots=True)
class ServerLook:
    """How one server answers for a zone.

    ``fault``: why its answer over UDP is none, in words after its name; ``tcp_fault`` the same over
    TCP. ``silent``: it did not answer at all; ``no_route``: it could not be asked from here.
    ``serial`` and ``negative_ttl`` (seconds) are the SOA's, ``names`` the NS at the apex.
    """

    server: Server
    fault: str = ""
    tcp_fault: str = ""
    silent: bool = False
    no_route: bool = False
    serial: int | None = None
    negative_ttl: int | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Served:
    """One RRset as the servers of its zone serve it.

    ``answer`` and ``ttl`` are those of the first server that told; ``alias`` is the target where
    there is a CNAME instead. ``differing`` names each server that serves something else.
    """

    key: Key
    answer: Answer
    ttl: int = 0
    alias: str = ""
    differing: tuple[str, ...] = ()


class Zones:
    """Knows the servers of zones; each zone's are looked for once.

    ``nameservers``, as (address or name, port), serve the zones ``ours`` where the configuration
    says so; None: whom they are delegated to.
    """

    def __init__(
        self,
        finder: Finder,
        nameservers: Sequence[tuple[str, int]] | None = None,
        ours: frozenset[str] = frozenset(),
    ) -> None:
        self._finder = finder
        self._nameservers = nameservers
        self._ours = ours
        self._lock = Lock()
        self._known: dict[str, ZoneServers] = {}

    def find(self, zone: str) -> ZoneServers:
        """Give the servers of a zone; never raises."""
        with self._lock:
            known = self._known.get(zone)
        if known is None:
            known = self._found(zone)
            with self._lock:
                self._known[zone] = known
        return known

    def forget(self, zone: str) -> None:
        """Drop what is known of a zone: a run over many keeps no more than it needs."""
        with self._lock:
            self._known.pop(zone, None)

    def ask(self, zone: str, name: str, rdtype: str) -> RRset | Alias | str | None:
        """Ask the servers of a zone in turn until one answers; a text says why none did."""
        found = self.find(zone)
        fault = found.fault or "the zone has no servers"
        for server in found.servers[:_SERVERS_MAX]:
            reply = ask(server, name, rdtype, self._finder.patience)
            fault = authoritative(reply)
            if not fault and not isinstance(reply, Silence):
                return served(reply, (name, rdtype))
            fault = f"{server} {fault}"
        return fault

    def _found(self, zone: str) -> ZoneServers:
        try:
            if self._nameservers is not None and zone in self._ours:
                return ZoneServers(zone, tuple(self._listed(self._nameservers)))
            delegation = self._finder.find(zone)
        except LookupFailed as error:
            return ZoneServers(zone, fault=str(error))
        except NotDelegated as error:
            return ZoneServers(zone, fault=str(error), delegated=False)
        servers = {server.address: server for server in reversed(delegation.servers)}
        return ZoneServers(zone, tuple(sorted(servers.values())[:_SERVERS_MAX]), delegation)

    def _listed(self, nameservers: Iterable[tuple[str, int]]) -> Iterable[Server]:
        for name, port in nameservers:
            try:
                addresses: tuple[str, ...] = (str(ipaddress.ip_address(name)),)
            except ValueError:
                addresses = self._finder.addresses(name)
                if not addresses:
                    raise LookupFailed(f"no address of {name} (in observe.nameservers)") from None
            yield from (Server(name, address, port) for address in addresses)


def look(server: Server, zone: str, patience: Patience) -> ServerLook:
    """Ask one server for the zone's SOA, over UDP and TCP, and for its NS; never raises."""
    reply = ask(server, zone, "SOA", patience)
    if isinstance(reply, Silence):
        return ServerLook(server, reply.reason, silent=True, no_route=reply.no_route)
    fault = authoritative(reply)
    told = None if fault else soa(reply, zone)
    if told is None:
        return ServerLook(server, fault or "has no SOA there: it serves another zone")
    over_tcp = ask(server, zone, "SOA", patience, _TCP)
    names = ask(server, zone, "NS", patience)
    found = None if isinstance(names, Silence) else served(names, (zone, "NS"))
    return ServerLook(
        server,
        tcp_fault=authoritative(over_tcp),
        serial=told.serial,
        negative_ttl=told.negative_ttl,
        names=found.values if isinstance(found, RRset) else (),
    )


def compare(key: Key, replies: Iterable[tuple[Server, Reply]]) -> Served:
    """Put together what each server of a zone said of one RRset."""
    told: list[tuple[Server, RRset | Alias | None]] = []
    fault = "no server of the zone was asked"
    for server, reply in replies:
        why = authoritative(reply)
        if why or isinstance(reply, Silence):
            fault = f"{server} {why}"
        else:
            told.append((server, served(reply, key)))
    if not told:
        return Served(key, Answer("failed", reason=fault))
    _, first = told[0]
    differing = tuple(f"{server} serves {_words(said)}" for server, said in told if said != first)
    if isinstance(first, Alias):
        alias = Answer("found", (first.target,))
        return Served(key, alias, first.ttl, first.target, differing)
    if first is None:
        return Served(key, VOID, differing=differing)
    return Served(key, Answer("found", first.values), first.ttl, differing=differing)


def is_asked_for(rdtype: str) -> bool:
    """Tell whether a type is one that DNS knows: a DNS host's own (ALIAS) cannot be asked for."""
    try:
        return not dns.rdatatype.is_metatype(dns.rdatatype.from_text(rdtype))
    except (dns.rdatatype.UnknownRdatatype, ValueError):
        return False


def _words(said: RRset | Alias | None) -> str:
    if said is None:
        return "nothing there"
    if isinstance(said, Alias):
        return f"a CNAME to {said.target[:100]}"
    return f"TTL {said.ttl}: {', '.join(said.values)[:200]}"
