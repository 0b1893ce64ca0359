"""Whether resolvers validate a zone (RFC 4035): asked of them, not worked out here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from mailsync.dns.names import shown
from mailsync.observe.facts import Dnssec
from mailsync.observe.question import Manner, Patience, Server, Silence, ask

_ASKED = Manner(recursive=True)
_UNCHECKED = Manner(recursive=True, unchecked=True)
_SIGNED = Manner(signed=True)


def look(
    zone: str, resolvers: Sequence[Server], servers: Sequence[Server], patience: Patience
) -> Dnssec:
    """Ask resolvers in turn until one knows; ``servers`` are the zone's own, for signatures."""
    found = Dnssec("unknown", "there is no resolver to ask")
    for resolver in resolvers:
        found = _by(resolver, zone, patience)
        if found.state != "unknown":
            break
    if found.state not in {"secure", "bogus"}:
        return found
    return Dnssec(found.state, found.detail, _ends(zone, servers, patience))


def bogus(resolver: Server, name: str, rdtype: str, patience: Patience) -> bool | None:
    """Tell whether a resolver refuses an answer because it does not validate; None: not known."""
    reply = ask(resolver, name, rdtype, patience, _ASKED)
    if isinstance(reply, Silence):
        return None
    if reply.rcode() != dns.rcode.SERVFAIL:
        return False
    again = ask(resolver, name, rdtype, patience, _UNCHECKED)
    if isinstance(again, Silence) or again.rcode() == dns.rcode.SERVFAIL:
        return None
    return True


def _by(resolver: Server, zone: str, patience: Patience) -> Dnssec:
    reply = ask(resolver, zone, "SOA", patience, _ASKED)
    if isinstance(reply, Silence):
        return Dnssec("unknown", f"the resolver {resolver} {reply.reason}")
    if reply.rcode() == dns.rcode.SERVFAIL:
        again = ask(resolver, zone, "SOA", patience, _UNCHECKED)
        if not isinstance(again, Silence) and again.rcode() == dns.rcode.NOERROR:
            return Dnssec(
                "bogus",
                f"the resolver {resolver} refuses {shown(zone)} (SERVFAIL), and answers when it is "
                "told not to validate",
            )
        return Dnssec("unknown", f"the resolver {resolver} answered SERVFAIL, validating or not")
    if reply.rcode() != dns.rcode.NOERROR:
        return Dnssec("unknown", f"the resolver {resolver} answered {_rcode(reply)}")
    if reply.flags & dns.flags.AD:
        return Dnssec("secure", f"validated by the resolver {resolver}")
    ds = ask(resolver, zone, "DS", patience, _ASKED)
    if isinstance(ds, Silence) or ds.rcode() != dns.rcode.NOERROR:
        return Dnssec("unknown", f"the resolver {resolver} did not say whether there is a DS")
    if any(rrset.rdtype == dns.rdatatype.DS for rrset in ds.answer):
        return Dnssec("unknown", f"there is a DS, and the resolver {resolver} does not validate")
    return Dnssec("unsigned", f"{shown(zone)} has no DS: nothing is signed as far as anybody knows")


def _rcode(reply: dns.message.Message) -> str:
    return dns.rcode.to_text(reply.rcode())


def _ends(zone: str, servers: Sequence[Server], patience: Patience) -> datetime | None:
    """Give when the signature of the SOA expires: it is made anew whenever the zone is signed."""
    for server in servers[:3]:
        reply = ask(server, zone, "SOA", patience, _SIGNED)
        if isinstance(reply, Silence):
            continue
        ends = [
            signature.expiration
            for rrset in reply.answer
            if rrset.rdtype == dns.rdatatype.RRSIG
            for signature in rrset
        ]
        if ends:
            return datetime.fromtimestamp(min(ends), UTC)
    return None
