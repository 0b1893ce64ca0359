"""The servers of a zone, each looked at by itself, and what they serve put beside each other."""

from __future__ import annotations

import dns.message
import dns.rcode

from mailsync.dns.answer import VOID
from mailsync.dns.rrset import RRset
from mailsync.observe import zones
from mailsync.observe.delegation import Finder
from mailsync.observe.question import Alias, Server, Silence, ask
from mailsync.observe.resolving import dnspython_resolver
from mailsync.observe.zones import ServerLook, Zones, ZoneServers, compare, is_asked_for, look

from .fakes import BOTH_FAMILIES, FakeServer, reply, zone_of
from .internet import QUICK, SOA, Internet, mail_domain

ZONE = "example.com."


def at(server: FakeServer) -> Server:
    """The address of a server."""
    return Server("ns1.example.com.", server.address, server.port)


@BOTH_FAMILIES
def test_a_good_server_is_told_in_full(address: str) -> None:
    """Serial, negative TTL, the NS it names; over UDP and TCP."""
    with FakeServer(zone_of(*mail_domain()), address) as server:
        found = look(at(server), ZONE, QUICK)
    assert found == ServerLook(at(server), serial=7, negative_ttl=900, names=("ns1.example.com.",))


def test_servers_that_do_not_serve_are_told_apart() -> None:
    """Silence, no authority, another zone, a refusal, TCP that does not work."""
    with FakeServer(lambda query, tcp: None) as server:
        silent = look(at(server), ZONE, QUICK)
    assert (silent.silent, "did not answer" in silent.fault) == (True, True)

    def cached(query: dns.message.Message, tcp: bool) -> bytes:
        return reply(query, SOA, aa=False).to_wire()

    with FakeServer(cached) as server:
        assert look(at(server), ZONE, QUICK).fault == "answered without authority"
    with FakeServer(zone_of("example.net. 60 A 192.0.2.1")) as server:
        assert "serves another zone" in look(at(server), ZONE, QUICK).fault

    def refuses(query: dns.message.Message, tcp: bool) -> bytes:
        return reply(query, rcode=dns.rcode.REFUSED).to_wire()

    with FakeServer(refuses) as server:
        refused = look(at(server), ZONE, QUICK)
    assert (refused.fault, refused.silent) == ("answered REFUSED", False)

    def without_tcp(query: dns.message.Message, tcp: bool) -> bytes | None:
        return None if tcp else zone_of(SOA)(query, tcp)  # type: ignore[return-value]

    with FakeServer(without_tcp) as server:
        found = look(at(server), ZONE, QUICK)
    assert (found.fault, found.names, found.serial) == ("", (), 7)
    assert found.tcp_fault


def test_what_servers_serve_is_put_beside_each_other() -> None:
    """The first that tells counts, whoever serves something else is named."""
    mx = (ZONE, "MX")
    with (
        FakeServer(zone_of("example.com. 60 MX 10 a.example.")) as one,
        FakeServer(zone_of("example.com. 60 MX 10 b.example.")) as two,
        FakeServer(zone_of("example.com. 60 CNAME c.example.")) as three,
        FakeServer(zone_of("example.net. 60 A 192.0.2.1")) as four,
    ):
        servers = [at(server) for server in (one, two, three, four)]
        said = [(server, ask(server, *mx, QUICK)) for server in servers]
    late = (at(one), Silence("was not asked in time"))
    found = compare(mx, [late, *said])
    assert (found.answer.values, found.ttl) == (("10 a.example.",), 60)
    assert [text.partition(") serves ")[2] for text in found.differing] == [
        "TTL 60: 10 b.example.",
        "a CNAME to c.example.",
        "nothing there",
    ]
    alias = compare(mx, said[2:3])
    assert (alias.alias, alias.answer.values) == ("c.example.", ("c.example.",))
    assert compare(mx, said[3:]).answer == VOID
    assert "was not asked in time" in compare(mx, [late]).answer.reason
    assert compare(mx, []).answer.state == "failed"


def test_types_that_dns_does_not_know_are_not_asked_for() -> None:
    """ALIAS is a DNS host's own; ANY is no record's."""
    assert [is_asked_for(t) for t in ("MX", "TYPE65534", "ALIAS", "ANY")] == [
        True,
        True,
        False,
        False,
    ]


def test_a_zones_servers_are_those_of_the_configuration_or_of_the_delegation() -> None:
    """The configuration's only for its own zones; names in it are looked up."""
    with Internet(*mail_domain()) as net:
        resolver = dnspython_resolver((net.resolver,), QUICK)
        finder = Finder(resolver, {"127.0.0.1": net.server.port}, QUICK)
        named = Zones(finder, (("ns1.example.com", net.server.port),), frozenset({ZONE}))
        assert named.find(ZONE).servers == (
            Server("ns1.example.com", "127.0.0.1", net.server.port),
        )
        assert named.find(ZONE).delegation is None
        lost = Zones(finder, (("nobody.example.com", 53),), frozenset({ZONE}))
        assert "no address of nobody.example.com" in lost.find(ZONE).fault
        delegated = Zones(finder, (("192.0.2.1", 53),)).find(ZONE)
        assert delegated.delegation is not None
        assert delegated.servers == (at(net.server),)
        assert Zones(finder).find("example.org.") == ZoneServers(
            "example.org.", fault="no name servers of example.org (NXDOMAIN)"
        )


def test_a_zone_that_its_parent_does_not_know_is_not_delegated() -> None:
    """That is the parent's word, no fault of the network."""
    records = (
        "com. 3600 SOA a.gtld.example. h.gtld.example. 1 7200 3600 2419200 900",
        "com. 3600 NS a.gtld.example.",
        "a.gtld.example. 60 A 127.0.0.1",
    )
    with Internet(*records) as net:
        resolver = dnspython_resolver((net.resolver,), QUICK)
        found = Zones(Finder(resolver, {"127.0.0.1": net.server.port}, QUICK)).find(ZONE)
    assert (found.delegated, "knows no name servers" in found.fault) == (False, True)


def test_a_zones_servers_are_asked_in_turn() -> None:
    """Until one answers with authority; else the last one's fault is told."""
    with Internet(*mail_domain("www.example.com. 60 CNAME a.example.net.")) as net:
        known = net.zones(ZONE)
        mx = known.ask(ZONE, ZONE, "MX")
        assert isinstance(mx, RRset)
        assert mx.values == ("10 mx1.example.com.",)
        assert known.ask(ZONE, "www.example.com.", "A") == Alias("a.example.net.", 60)
        assert known.ask(ZONE, "no.example.com.", "A") is None
        net.broken.add("no.example.com.")
        assert str(known.ask(ZONE, "no.example.com.", "A")).endswith("answered SERVFAIL")
        assert known.ask("example.org.", "example.org.", "MX") == known.find("example.org.").fault
        known.forget("example.org.")
        assert set(known._known) == {ZONE}
    assert zones.compare((ZONE, "MX"), ()).answer.state == "failed"
