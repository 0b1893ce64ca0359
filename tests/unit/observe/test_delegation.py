from __future__ import annotations

from collections.abc import Iterable, Iterator

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import pytest

from mailsync.dns.rrset import Key, RRset
from mailsync.observe import delegation
from mailsync.observe.authoritative import AuthoritativeObserver
from mailsync.observe.delegation import Delegation, Finder, LookupFailed, NotDelegated
from mailsync.observe.question import Patience, Server

from .fakes import FakeServer, reply, resolver_at, zone_of

ZONE = "example.jp."
SOA = f"{ZONE} 3600 SOA ns1.example.jp. hostmaster.example.jp. 1 7200 3600 2419200 900"
JP = "jp. 3600 SOA a.dns.jp. root.dns.jp. 1 7200 3600 2419200 900"
MX = f"{ZONE} 300 MX 10 mx.example.net."
NS = (f"{ZONE} 86400 NS ns1.example.jp.", f"{ZONE} 86400 NS ns2.example.net.")
GLUE = ("ns1.example.jp. 86400 A 127.0.0.11",)
QUICK = Patience(timeout=0.3, tries=1)
LISTING: dict[Key, RRset] = {
    (ZONE, "NS"): RRset(ZONE, "NS", 86400, ("ns1.example.jp.", "NS2.example.net.")),
    (ZONE, "MX"): RRset(ZONE, "MX", 300, ("10 mx.example.net.",)),
}


class World:
    """A resolver, one server of jp., and two of example.jp. on loopback addresses of their own."""

    def __init__(self) -> None:
        self.resolver = FakeServer(
            zone_of(
                JP,
                "jp. 3600 NS a.dns.jp.",
                "a.dns.jp. 3600 A 127.0.0.10",
                "ns1.example.jp. 60 A 127.0.0.11",
                "ns2.example.net. 60 A 127.0.0.12",
                "ns3.example.net. 60 A 127.0.0.13",
            )
        )
        self.parent = FakeServer(self.referral, "127.0.0.10")
        self.ns1 = FakeServer(zone_of(SOA, MX, *NS), "127.0.0.11")
        self.ns2 = FakeServer(zone_of(SOA, MX, *NS), "127.0.0.12")
        self.ns3 = FakeServer(zone_of(SOA, MX, *NS), "127.0.0.13")
        self.servers = (self.resolver, self.parent, self.ns1, self.ns2, self.ns3)
        self.delegated: tuple[str, ...] = NS
        self.glue: tuple[str, ...] = GLUE
        self.terms: dict[str, object] = {}

    def referral(self, query: dns.message.Message, tcp: bool) -> bytes:
        message = reply(query, aa=False, authority=self.delegated, additional=self.glue)
        return message.to_wire(max_size=65535)

    @property
    def ports(self) -> dict[str, int]:
        return {server.address: server.port for server in self.servers}

    def find(self, zone: str = ZONE) -> Delegation:
        return Finder(resolver_at(self.resolver), self.ports, QUICK).find(zone)

    def observer(self) -> AuthoritativeObserver:
        return AuthoritativeObserver(
            resolver=resolver_at(self.resolver), ports=self.ports, patience=QUICK
        )

    def at(self, *servers: tuple[str, FakeServer]) -> tuple[Server, ...]:
        return tuple(Server(name, server.address, server.port) for name, server in servers)


@pytest.fixture
def world() -> Iterator[World]:
    """A small DNS in which everything is in order."""
    made = World()
    for server in made.servers:
        server.__enter__()
    yield made
    for server in made.servers:
        server.__exit__(None, None, None)


def said(query: dns.message.Message) -> str:
    """What a query asked for."""
    question = query.question[0]
    return f"{question.name} {dns.rdatatype.to_text(question.rdtype)}"


def test_parent_is_asked(world: World) -> None:
    """The parent's servers name the zone's servers; addresses come from glue and the resolver."""
    both = world.at(("ns1.example.jp.", world.ns1), ("ns2.example.net.", world.ns2))
    assert world.find() == Delegation(("ns1.example.jp.", "ns2.example.net."), both)
    assert [said(query) for query in world.parent.queries] == ["example.jp. NS"]
    assert "example.jp. NS" not in [said(query) for query in world.resolver.queries]


def test_glue_that_differs_is_asked_too(world: World) -> None:
    """Resolvers start from glue: an address that only the glue has is one of the zone's."""
    world.glue = ("ns1.example.jp. 86400 A 127.0.0.13",)
    found = world.find().servers
    assert [server.address for server in found] == ["127.0.0.11", "127.0.0.13", "127.0.0.12"]


def test_servers_that_only_the_zone_names_are_asked_too(world: World) -> None:
    """Resolvers go by the zone's own NS as well, so these servers count."""
    world.ns1.answering = zone_of(SOA, MX, *NS, f"{ZONE} 86400 NS ns3.example.net.")
    found = world.find()
    assert found.names == ("ns1.example.jp.", "ns2.example.net.")
    assert [server.name for server in found.servers] == [
        "ns1.example.jp.",
        "ns2.example.net.",
        "ns3.example.net.",
    ]


def test_own_word_of_dead_servers_is_not_waited_for(world: World) -> None:
    """Servers that are silent, or no authority, cost bounded time and add no names."""
    world.ns1.answering = lambda *_: None
    world.ns2.answering = world.referral
    assert [server.name for server in world.find().servers] == [
        "ns1.example.jp.",
        "ns2.example.net.",
    ]


def test_other_records_beside_glue_mean_nothing(world: World) -> None:
    """Only addresses are taken from the additional section."""
    world.glue = (*GLUE, "ns1.example.jp. 86400 TXT strange")
    assert len(world.find().servers) == 2


def test_parent_and_zone_on_one_server(world: World) -> None:
    """A parent's server that serves the zone as well answers for itself; that is taken."""
    world.parent.answering = zone_of(SOA, *NS)
    assert world.find().names == ("ns1.example.jp.", "ns2.example.net.")


def test_not_delegated(world: World) -> None:
    """What the parent says does not exist is not delegated, whatever else it hosts."""

    def nxdomain(query: dns.message.Message, tcp: bool) -> bytes:
        return reply(query, rcode=dns.rcode.NXDOMAIN, authority=[JP]).to_wire()

    world.parent.answering = nxdomain
    with pytest.raises(NotDelegated, match=r"a\.dns\.jp\. \(127\.0\.0\.10:\d+\) knows no name ser"):
        world.find()
    gate = world.observer().authority(ZONE, LISTING)
    assert gate.state == "fail"
    assert gate.detail.startswith("example.jp is not delegated: a.dns.jp.")
    assert "observe.nameservers" in gate.detail
    lagging = world.observer().sight(ZONE, {(ZONE, "MX"): None}).lagging
    assert "the zone's servers are not known" in lagging[ZONE, "MX"]


def test_silent_parent(world: World) -> None:
    """When no server of the parent tells, the zone's own word is used, and nothing is certain."""
    world.parent.answering = lambda *_: None
    with pytest.raises(LookupFailed, match=r"no name servers of example\.jp \(NoAnswer\)"):
        world.find()
    assert world.observer().authority(ZONE, LISTING).state == "unknown"
    known = world.resolver.answering
    own = zone_of(*NS)

    def knowing(query: dns.message.Message, tcp: bool) -> bytes | Iterable[bytes] | None:
        return (own if said(query) == "example.jp. NS" else known)(query, tcp)

    world.resolver.answering = knowing
    assert world.find().parent is False
    gate = world.observer().authority(ZONE, LISTING)
    assert gate.state == "unknown"
    assert gate.detail.startswith("the parent's servers did not answer; its own servers delegate")


def test_useless_parent(world: World) -> None:
    """A referral to elsewhere, or SERVFAIL, is no word about the zone."""

    def upward(query: dns.message.Message, tcp: bool) -> bytes:
        root = [". 86400 NS a.root-servers.net."]
        return reply(query, aa=False, authority=root).to_wire()

    world.parent.answering = upward
    with pytest.raises(LookupFailed):
        world.find()


def test_root_has_no_parent(world: World) -> None:
    """The root is found by its own word."""
    world.resolver.answering = zone_of(". 60 NS ns1.example.jp.", "ns1.example.jp. 60 A 127.0.0.11")
    assert world.find(".") == Delegation(
        ("ns1.example.jp.",), world.at(("ns1.example.jp.", world.ns1)), parent=False
    )


def test_servers_without_address(world: World) -> None:
    """A delegation to names that have no address is not taken for an empty one."""
    world.delegated = (f"{ZONE} 86400 NS ns9.example.net.",)
    with pytest.raises(LookupFailed, match=r"no address of ns9\.example\.net\."):
        world.find()


def test_endless_delegation(world: World) -> None:
    """A referral with more servers than any zone has is refused, not followed."""
    world.delegated = tuple(f"{ZONE} 86400 NS ns{number}.example.net." for number in range(21))
    with pytest.raises(LookupFailed, match="21 name servers, more than 20"):
        world.find()


def test_endless_glue(world: World) -> None:
    """Of one name's addresses a bounded number is taken."""
    world.glue = tuple(f"ns1.example.jp. 86400 A 127.0.1.{number}" for number in range(60))
    found = delegation._glue(dns.message.from_wire(world.referral(_query(), False)))
    assert len(found["ns1.example.jp."]) == 8


def _query() -> dns.message.Message:
    return dns.message.make_query(ZONE, "NS")


def test_authority_passes_when_the_sets_are_equal(world: World) -> None:
    """The parent's NS set is the one that the DNS host lists."""
    gate = world.observer().authority(ZONE, LISTING)
    assert (gate.name, gate.state) == ("authority", "pass")
    assert gate.detail == (
        "the parent delegates example.jp to ns1.example.jp., ns2.example.net., "
        "as the DNS host lists"
    )


@pytest.mark.parametrize(
    "listed", [("ns1.other.example.",), ("ns1.example.jp.",), ("ns1.example.jp.", "ns9.example.")]
)
def test_authority_fails_when_the_sets_differ(world: World, listed: tuple[str, ...]) -> None:
    """A zone that is delegated elsewhere, or partly elsewhere, is not to be written here."""
    gate = world.observer().authority(ZONE, {(ZONE, "NS"): RRset(ZONE, "NS", 60, listed)})
    assert gate.state == "fail"
    assert gate.detail == (
        "the parent delegates example.jp to ns1.example.jp., ns2.example.net., the DNS host lists "
        f"{', '.join(listed)}: change the delegation at the registrar, or the target in "
        "mailsync.yaml"
    )


def test_hosts_that_do_not_list_their_ns_are_known_by_content(world: World) -> None:
    """Where the listing has no apex NS, every delegated server must serve what it has."""
    listing = {(ZONE, "MX"): LISTING[ZONE, "MX"]}
    gate = world.observer().authority(ZONE, listing)
    assert (gate.state, gate.detail) == (
        "pass",
        "ns1.example.jp., ns2.example.net. serve what the DNS host lists",
    )
    world.ns2.answering = zone_of(SOA, *NS)
    gate = world.observer().authority(ZONE, listing)
    assert gate.state == "fail"
    assert "example.jp MX: ns2.example.net. (127.0.0.12:" in gate.detail
    assert "does not serve it yet" in gate.detail
    assert "target in mailsync.yaml" in gate.detail


def test_nothing_to_know_a_host_by(world: World) -> None:
    """An empty listing proves nothing; records below a cut, or outside DNS, neither."""
    below: dict[Key, RRset] = {
        (f"sub.{ZONE}", "NS"): RRset(f"sub.{ZONE}", "NS", 60, ("ns.example.",)),
        (f"a.sub.{ZONE}", "A"): RRset(f"a.sub.{ZONE}", "A", 60, ("192.0.2.1",)),
        (ZONE, "ALIAS"): RRset(ZONE, "ALIAS", 60, ("elsewhere.example.",)),
    }
    for listing in ({}, below):
        gate = world.observer().authority(ZONE, listing)
        assert gate.state == "unknown"
        assert gate.detail.startswith("the DNS host lists nothing by which ns1.example.jp.")


def test_delegation_is_remembered_for_a_while(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking again soon looks nothing up; later it does."""
    observer = world.observer()
    for _ in range(3):
        assert observer.sight(ZONE, {(ZONE, "MX"): LISTING[ZONE, "MX"]}).lagging == {}
    assert len(world.parent.queries) == 1
    monkeypatch.setattr("mailsync.observe.authoritative._REMEMBERED", -1.0)
    observer.sight(ZONE, {})
    assert len(world.parent.queries) == 2


def test_lagging_server_is_named(world: World) -> None:
    """A text says which server serves what."""
    world.ns2.answering = zone_of(SOA, MX.replace("300", "86400"), *NS)
    lagging = world.observer().sight(ZONE, {(ZONE, "MX"): LISTING[ZONE, "MX"]}).lagging
    assert lagging == {
        (ZONE, "MX"): f"ns2.example.net. (127.0.0.12:{world.ns2.port}) still serves TTL 86400: "
        "10 mx.example.net."
    }
