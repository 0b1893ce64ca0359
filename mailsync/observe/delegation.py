"""Where a zone is delegated to: the word of its parent's servers (RFC 1034 §4.2.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.resolver
import dns.rrset

from mailsync.dns.names import shown
from mailsync.observe.question import Patience, Server, Silence, ask, authoritative

_NAMES_MAX = 20
"""Name servers that a zone may have; the root has 13."""

_ADDRESSES_MAX = 8
"""Addresses that one name server may have."""

_ASKED_MAX = 6
"""Servers of one zone that are asked for its word, or its child's, before giving up."""

_THREADS = 8


class LookupFailed(Exception):  # noqa: N818  # reads as what it is where it is raised
    """DNS did not tell; the message says what could not be found, in a few words."""


class NotDelegated(Exception):  # noqa: N818  # the same
    """The parent's servers say that there is no such delegation."""


@dataclass(frozen=True, slots=True)
class Delegation:
    """A zone's servers. ``names``: those that the parent names, absolute, lower case, sorted.

    ``servers``: every address of these, and of those that the zone itself names besides: resolvers
    go by either set. ``parent`` False: the parent's servers did not tell, and ``names`` is the
    zone's own word.
    """

    names: tuple[str, ...]
    servers: tuple[Server, ...]
    parent: bool = True


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds delegations. ``ports``: the port of a server's address, where it is not 53."""

    resolver: dns.resolver.Resolver
    ports: Mapping[str, int]
    patience: Patience

    def find(self, zone: str) -> Delegation:
        """Ask the zone's parent whom it delegates to, and find all addresses of these servers.

        Raises `LookupFailed` when DNS does not tell, `NotDelegated` when the parent knows no
        such zone.
        """
        referral = self._referral(zone)
        names, glue = _names(referral, zone), _glue(referral)
        told = bool(names)
        if not told:
            names = self._resolved_names(zone)
        servers = self._servers(names, glue)
        own = self._own_names(zone, servers) - set(names)
        if own:
            servers = tuple(sorted({*servers, *self._servers(sorted(own), {})}))
        if not servers:
            raise LookupFailed(f"no address of {', '.join(names)}")
        return Delegation(names, servers, parent=told)

    def addresses(self, name: str) -> tuple[str, ...]:
        """Give all addresses of a host, IPv4 first; none when it has none or DNS fails."""
        found = []
        for rdtype in ("A", "AAAA"):
            try:
                answer = self.resolver.resolve(name, rdtype, search=False)
            except (dns.exception.DNSException, OSError):
                continue
            found += sorted(rdata.to_text() for rdata in answer)
        return tuple(found[:_ADDRESSES_MAX])

    def _referral(self, zone: str) -> dns.message.Message | None:
        """Give what the first of the parent's servers that tells says of the zone, or None."""
        if zone == ".":
            return None
        try:
            above = dns.name.from_text(zone).parent()
            parent = dns.resolver.zone_for_name(above, resolver=self.resolver).to_text()
            names = self._resolved_names(parent.lower())
        except (dns.exception.DNSException, OSError, LookupFailed):
            return None
        servers = (server for name in names for server in self._servers((name,), {}))
        for server in islice(servers, _ASKED_MAX):
            reply = ask(server, zone, "NS", self.patience)
            if isinstance(reply, Silence):
                continue
            if reply.rcode() == dns.rcode.NOERROR and _names(reply, zone):
                return reply
            if not authoritative(reply):
                raise NotDelegated(f"{server} knows no name servers of {shown(zone)}")
        return None

    def _resolved_names(self, zone: str) -> tuple[str, ...]:
        """Give a zone's NS names as the resolver knows them. Raises `LookupFailed`."""
        try:
            answer = self.resolver.resolve(zone, "NS", search=False)
        except (dns.exception.DNSException, OSError) as error:
            raise LookupFailed(f"no name servers of {shown(zone)} ({_brief(error)})") from None
        return _bounded(rdata.to_text() for rdata in answer)

    def _own_names(self, zone: str, servers: Iterable[Server]) -> set[str]:
        """Give the NS names that the first server to answer for the zone has at its apex."""
        for server in islice(servers, _ASKED_MAX):
            reply = ask(server, zone, "NS", self.patience)
            if not isinstance(reply, Silence) and reply.flags & dns.flags.AA:
                return set(_names(reply, zone))
        return set()

    def _servers(
        self, names: Iterable[str], glue: Mapping[str, tuple[str, ...]]
    ) -> tuple[Server, ...]:
        """Give every address of these name servers: the resolver's word and the parent's glue."""
        names = tuple(names)
        with ThreadPoolExecutor(_THREADS) as pool:
            resolved = pool.map(self.addresses, names)
        return tuple(
            Server(name, address, self.ports.get(address, 53))
            for name, found in zip(names, resolved, strict=True)
            for address in sorted({*found, *glue.get(name, ())})
        )


def system_resolver(timeout: float) -> dns.resolver.Resolver:
    """Give the resolver that this machine is set to use. Raises `LookupFailed`."""
    try:
        resolver = dns.resolver.Resolver()
    except (dns.exception.DNSException, OSError) as error:
        raise LookupFailed(f"no resolver on this machine ({_brief(error)})") from None
    resolver.lifetime = 2 * timeout
    return resolver


def _names(reply: dns.message.Message | None, zone: str) -> tuple[str, ...]:
    """Give the NS names of a zone from a referral, or from an answer where there is no cut."""
    if reply is None:
        return ()
    owner = dns.name.from_text(zone)
    for section in (reply.authority, reply.answer):
        found = reply.get_rrset(section, owner, dns.rdataclass.IN, dns.rdatatype.NS)
        if found:
            return _bounded(rdata.to_text() for rdata in found)
    return ()


def _glue(reply: dns.message.Message | None) -> dict[str, tuple[str, ...]]:
    """Give the addresses of a referral's additional section, by absolute lower-case name."""
    glue: dict[str, tuple[str, ...]] = {}
    for rrset in reply.additional if reply is not None else ():
        if rrset.rdtype in {dns.rdatatype.A, dns.rdatatype.AAAA}:
            name = rrset.name.to_text().lower()
            found = (*glue.get(name, ()), *(rdata.to_text() for rdata in rrset))
            glue[name] = found[:_ADDRESSES_MAX]
    return glue


def _bounded(names: Iterable[str]) -> tuple[str, ...]:
    found = tuple(sorted({name.lower() for name in names}))
    if len(found) > _NAMES_MAX:
        raise LookupFailed(f"{len(found)} name servers, more than {_NAMES_MAX}")
    return found


def _brief(error: Exception) -> str:
    return type(error).__name__
