"""Whether resolvers validate: only what they say is known."""

from __future__ import annotations

from datetime import UTC, datetime

import dns.message
import dns.rcode
import pytest

from mailsync.observe.dnssec import look
from mailsync.observe.question import Server

from .fakes import FakeServer, reply
from .internet import QUICK, Internet, mail_domain

ZONE = "example.com."
DS = "example.com. 60 DS 1 13 2 " + "ab" * 32
RRSIG = "example.com. 60 RRSIG SOA 13 2 3600 20261201000000 20261101000000 1 example.com. AAAA"


def test_what_a_resolver_validates_is_secure() -> None:
    """And the zone's own servers tell until when its signature holds."""
    with (
        Internet(*mail_domain()) as net,
        FakeServer(lambda query, tcp: reply(query, RRSIG).to_wire()) as own,
        FakeServer(lambda query, tcp: None) as mute,
    ):
        net.secure = True
        servers = [Server("a.", each.address, each.port) for each in (mute, own)]
        found = look(ZONE, (net.resolver,), servers, QUICK)
        assert found.ends == datetime(2026, 12, 1, tzinfo=UTC)
        assert look(ZONE, (net.resolver,), servers[:1], QUICK).ends is None
    assert found.state == "secure"


def test_a_zone_without_ds_is_unsigned() -> None:
    """That is an answer; a DS that the resolver does not go by is none."""
    with Internet(*mail_domain()) as net:
        assert look(ZONE, (net.resolver,), (), QUICK).state == "unsigned"
        net.records.append(DS)
        found = look(ZONE, (net.resolver,), (), QUICK)
    assert (found.state, "does not validate" in found.detail) == ("unknown", True)


def test_what_only_validation_refuses_is_bogus() -> None:
    """SERVFAIL that stays without validation is another fault, and unknown."""
    with Internet(*mail_domain()) as net:
        net.bogus.add(ZONE)
        assert look(ZONE, (net.resolver,), (), QUICK).state == "bogus"
        net.broken.add(ZONE)
        assert look(ZONE, (net.resolver,), (), QUICK).state == "unknown"


@pytest.mark.parametrize("silent", [True, False])
def test_a_resolver_that_does_not_tell_is_not_the_last(silent: bool) -> None:
    """The next one is asked; nobody at all is unknown."""

    def refuses(query: dns.message.Message, tcp: bool) -> bytes | None:
        return None if silent else reply(query, rcode=dns.rcode.REFUSED).to_wire()

    with FakeServer(refuses, "127.0.0.2") as first, Internet(*mail_domain()) as net:
        one = Server(first.address, first.address, first.port)
        assert look(ZONE, (one,), (), QUICK).state == "unknown"
        assert look(ZONE, (one, net.resolver), (), QUICK).state == "unsigned"
    assert look(ZONE, (), (), QUICK).state == "unknown"


def test_a_ds_that_nobody_tells_of_is_unknown() -> None:
    """A resolver that answers for the zone, and not for its DS."""

    def half(query: dns.message.Message, tcp: bool) -> bytes | None:
        wanted = query.question[0].rdtype.name
        return reply(query, *mail_domain()[:1]).to_wire() if wanted == "SOA" else None

    with FakeServer(half) as server:
        found = look(ZONE, (Server("r", server.address, server.port),), (), QUICK)
    assert (found.state, "whether there is a DS" in found.detail) == ("unknown", True)
