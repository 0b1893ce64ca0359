"""One question to one authoritative server: bounded in size and time, and whatever comes back.

dnspython drops replies of another sender, with another id, to another question, or malformed.
"""

from __future__ import annotations

import errno
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from mailsync.dns.names import is_at_or_below
from mailsync.dns.rrset import BadValue, Key, RRset, canonical

_PAYLOAD = 1232
"""Octets of UDP that are not fragmented on the way (DNS flag day 2020); more comes over TCP."""

_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL})
_NO_EDNS = frozenset({dns.rcode.FORMERR, dns.rcode.NOTIMP, dns.rcode.BADVERS})


@dataclass(frozen=True, slots=True, order=True)
class Server:
    """One address of a name server. ``name``: as the delegation or the configuration has it."""

    name: str
    address: str
    port: int = 53

    def __str__(self) -> str:
        """Write name and address, as messages have it."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        endpoint = f"{host}:{self.port}"
        return endpoint if self.name == self.address else f"{self.name} ({endpoint})"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a server: ``timeout`` in seconds for each of ``tries``."""

    timeout: float = 3.0
    tries: int = 2


@dataclass(frozen=True, slots=True)
class Silence:
    """No answer that can be used. ``no_route``: this machine cannot reach that kind of address."""

    reason: str
    no_route: bool = False


Reply = dns.message.Message | Silence


@dataclass(frozen=True, slots=True)
class Manner:
    """How a question is put.

    ``recursive``: to a resolver, and whether it has validated the answer is asked for, too (AD, RFC
    6840 §5.7). ``unchecked``: it should not validate (CD, RFC 4035 §3.2.2). ``signed``: signatures
    come with the answer (DO). ``tcp``: over TCP from the start.
    """

    recursive: bool = False
    unchecked: bool = False
    signed: bool = False
    tcp: bool = False


PLAIN = Manner()


def ask(
    server: Server, name: str, rdtype: str, patience: Patience, manner: Manner = PLAIN
) -> Reply:
    """Ask for an RRset: EDNS over UDP, TCP when truncated, twice if need be."""
    try:
        query = _query(name, rdtype, manner, edns=True)
    except (dns.exception.DNSException, ValueError):  # a stranger's name, and a label before it
        return Silence("cannot be asked: that is no name")
    reply = _asked(server, query, patience, manner)
    if isinstance(reply, dns.message.Message) and reply.rcode() in _NO_EDNS:
        query = _query(name, rdtype, manner, edns=False)
        return _asked(server, query, patience, manner)  # RFC 6891 §7
    return reply


def _query(name: str, rdtype: str, manner: Manner, *, edns: bool) -> dns.message.Message:
    query = dns.message.make_query(
        name,
        rdtype,
        use_edns=0 if edns else False,
        payload=_PAYLOAD if edns else None,
        want_dnssec=manner.signed and edns,
    )
    query.flags = dns.flags.Flag(0)
    if manner.recursive:
        query.flags |= dns.flags.RD | dns.flags.AD
    if manner.unchecked:
        query.flags |= dns.flags.CD
    return query


def _asked(server: Server, query: dns.message.Message, patience: Patience, manner: Manner) -> Reply:
    reply: Reply = Silence("was not asked")
    for _ in range(patience.tries):
        reply = _once(query, server, patience.timeout, tcp=manner.tcp)
        if isinstance(reply, dns.message.Message) or reply.no_route:
            break
    return reply


def _once(query: dns.message.Message, server: Server, timeout: float, *, tcp: bool) -> Reply:
    try:
        if tcp:
            return dns.query.tcp(query, server.address, timeout, server.port)
        reply, _ = dns.query.udp_with_fallback(
            query,
            server.address,
            timeout,
            server.port,
            ignore_unexpected=True,
            ignore_errors=True,
        )
    except dns.exception.Timeout:
        return Silence(f"did not answer within {timeout:g} s")
    except OSError as error:
        if error.errno in _NO_ROUTE:
            family = f"IPv{ipaddress.ip_address(server.address).version}"
            return Silence(f"cannot be asked: this machine has no {family} route", no_route=True)
        return Silence(f"cannot be asked: {error.strerror or error}")
    except (dns.exception.DNSException, EOFError, ValueError):
        return Silence("gave an answer that cannot be read")
    return reply


def authoritative(reply: Reply) -> str:
    """Say why a reply is no authoritative answer, in words after the server's name; or ``""``."""
    if isinstance(reply, Silence):
        return reply.reason
    if reply.rcode() not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        return f"answered {dns.rcode.to_text(reply.rcode())}"
    if not reply.flags & dns.flags.AA:
        return "answered without authority"
    return ""


@dataclass(frozen=True, slots=True)
class Alias:
    """A CNAME where another type was asked for."""

    target: str
    ttl: int


def served(reply: dns.message.Message, key: Key) -> RRset | Alias | None:
    """Give what an authoritative answer says of an RRset; None: there is none."""
    name, rdtype = key
    found = _answer(reply, name, rdtype)
    if found is None:
        alias = _answer(reply, name, "CNAME")
        return None if alias is None else Alias(alias[0].to_text().lower(), alias.ttl)
    values = tuple(canonical_text(rdtype, rdata.to_text()) for rdata in found)
    return RRset(name, rdtype, found.ttl, values)


def answered(reply: Reply, key: Key, zone: str) -> Iterator[tuple[Key, RRset | None]]:
    """Give what a reply tells, and of which RRset: of the one asked for, or of a delegation."""
    if isinstance(reply, Silence):
        return
    if not authoritative(reply):
        found = served(reply, key)
        yield key, None if isinstance(found, Alias) else found
        return
    for rrset in reply.authority:
        name = rrset.name.to_text().lower()
        if rrset.rdtype == dns.rdatatype.NS and name != zone and is_at_or_below(key[0], name):
            values = tuple(canonical_text("NS", rdata.to_text()) for rdata in rrset)
            yield (name, "NS"), RRset(name, "NS", rrset.ttl, values)


def canonical_text(rdtype: str, text: str) -> str:
    """Write a value as `canonical` does, or as it is where that does not know better."""
    try:
        return canonical(rdtype, text)
    except BadValue:
        return text


@dataclass(frozen=True, slots=True)
class Soa:
    """What of a zone's SOA matters here; ``negative_ttl`` in seconds (RFC 2308 §5)."""

    serial: int
    negative_ttl: int


def soa(reply: dns.message.Message, zone: str) -> Soa | None:
    """Give the SOA in an answer, None where there is none."""
    found = _answer(reply, zone, "SOA")
    if found is None:
        return None
    return Soa(found[0].serial, min(found.ttl, found[0].minimum))


def referred(reply: Reply, key: Key, zone: str) -> RRset | None:
    """Give the delegation that a zone's server points to instead of an answer (RFC 1034 §4.3.2).

    It names the servers of a name at or above the one that was asked for, without authority.
    """
    if isinstance(reply, Silence) or reply.rcode() != dns.rcode.NOERROR:
        return None
    if reply.answer or reply.flags & dns.flags.AA:
        return None
    for found in reply.authority:
        name = found.name.to_text().lower()
        below = name != zone and is_at_or_below(name, zone) and is_at_or_below(key[0], name)
        if below and found.rdtype == dns.rdatatype.NS:
            values = tuple(canonical_text("NS", rdata.to_text()) for rdata in found)
            return RRset(name, "NS", found.ttl, values)
    return None


def soa_negative_ttl(reply: dns.message.Message, zone: str) -> int | None:
    """Give min(SOA TTL, SOA MINIMUM) in seconds (RFC 2308 §5); None: no SOA in the answer."""
    found = soa(reply, zone)
    return None if found is None else found.negative_ttl


def _answer(reply: dns.message.Message, name: str, rdtype: str) -> dns.rrset.RRset | None:
    found = reply.get_rrset(
        reply.answer,
        dns.name.from_text(name),
        dns.rdataclass.IN,
        dns.rdatatype.from_text(rdtype),
    )
    return found or None
