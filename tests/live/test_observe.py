"""Asking real servers: a parent, a primary, a secondary that can lag, and a resolver."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import dns.resolver
import pytest

from mailsync.dns.rrset import Key, RRset
from mailsync.observe.authoritative import AuthoritativeObserver
from mailsync.observe.question import Patience

from .asking import Askable
from .servers import Bind, Knot, KnotSecondary, Unbound

ZONE = "example.test."
MX: Key = (ZONE, "MX")
OLD = RRset(*MX, 86400, ("10 old.example.test.",))
NEW = RRset(*MX, 300, ("10 new.example.test.",))
CHILD = """\
$TTL 86400
@    SOA  ns1 hostmaster 1 7200 3600 2419200 300
@    NS   ns1
@    NS   ns2
@    MX   10 old
ns1  A    127.0.0.1
ns2  A    127.0.0.12
_domainkey  NS  ns1.keys.test.
old  A    192.0.2.1
new  A    192.0.2.2
big  TXT  {big}
""".format(big=" ".join(f'"{number:0250}"' for number in range(9)))
PARENT = """\
$TTL 3600
@            SOA  ns hostmaster 1 7200 3600 2419200 300
@            NS   ns
ns           A    127.0.0.10
example      NS   ns1.example
example      NS   ns2.example
ns1.example  A    127.0.0.1
ns2.example  A    127.0.0.12
"""
NS = RRset(ZONE, "NS", 86400, ("ns1.example.test.", "ns2.example.test."))


@dataclass(frozen=True)
class World:
    """test. on one server, example.test. on two others, and a resolver that knows them all."""

    parent: Knot
    primary: Bind
    secondary: KnotSecondary
    resolver: Unbound

    def observer(self) -> AuthoritativeObserver:
        """An observer that has only the resolver to begin with."""
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers = [self.resolver.address]
        resolver.port = self.resolver.port
        return AuthoritativeObserver(
            resolver=resolver,
            ports=ports(self.parent, self.primary, self.secondary),
            patience=Patience(timeout=1.0, tries=2),
        )


def ports(*servers: Askable) -> Mapping[str, int]:
    """The servers' ports by their addresses."""
    return {server.address: server.port for server in servers}


@pytest.fixture
def world() -> Iterator[World]:
    """The servers of a test, each on a loopback address of its own.

    BIND finds addresses by the interfaces, and there is only 127.0.0.1; Knot takes any of 127/8.
    """
    with (
        Knot({"test": PARENT}, address="127.0.0.10") as parent,
        Bind({"example.test": CHILD}) as primary,
        KnotSecondary(primary, address="127.0.0.12") as secondary,
        Unbound({"test": [parent], "example.test": [primary, secondary]}) as resolver,
    ):
        yield World(parent, primary, secondary, resolver)


def test_delegation_and_content(world: World) -> None:
    """The parent's word is found, equals the listing, and both servers serve what they should."""
    observer = world.observer()
    gate = observer.authority(ZONE, {NS.key: NS})
    assert gate.state == "pass"
    assert gate.detail == (
        "the parent delegates example.test to ns1.example.test., ns2.example.test., "
        "as the DNS host lists"
    )
    sighting = observer.sight(ZONE, {MX: OLD, NS.key: NS, (ZONE, "TXT"): None})
    assert (sighting.lagging, sighting.negative_ttl) == ({}, 300)
    assert observer.authority(ZONE, {MX: OLD}).state == "pass"


def test_lagging_secondary_is_named(world: World) -> None:
    """While a secondary is held back it is named with what it serves; then nothing lags."""
    observer = world.observer()
    world.secondary.hold()
    world.primary.replace("example.test", "MX", NEW.ttl, *NEW.values)
    assert observer.sight(ZONE, {MX: NEW}).lagging == {
        MX: f"ns2.example.test. (127.0.0.12:{world.secondary.port}) still serves TTL 86400: "
        "10 old.example.test."
    }
    assert observer.authority(ZONE, {MX: NEW}).state == "fail"
    world.secondary.release()
    world.secondary.wait_for("example.test", "MX", *NEW.values)
    assert observer.sight(ZONE, {MX: NEW}).lagging == {}


def test_removal_lags_until_it_is_everywhere(world: World) -> None:
    """An RRset that is gone at one server and not at the other still lags."""
    world.secondary.hold()
    world.primary.replace("old.example.test", "A", 0)
    lagging = world.observer().sight(ZONE, {("old.example.test.", "A"): None}).lagging
    assert list(lagging) == [("old.example.test.", "A")]
    assert "ns1" not in lagging["old.example.test.", "A"]


def test_stopped_server_is_named(world: World) -> None:
    """A server that is down lags for everything."""
    world.secondary.stop()
    text = world.observer().sight(ZONE, {MX: OLD}).lagging[MX]
    assert text.startswith(f"ns2.example.test. (127.0.0.12:{world.secondary.port}) ")
    assert "answer within 1 s" in text or "cannot be asked" in text


def test_zone_delegated_elsewhere_fails(world: World) -> None:
    """When the parent names other servers than the DNS host lists, the gate says which."""
    world.parent.replace("example.test", "NS", 3600, "ns1.example.test.")
    gate = world.observer().authority(ZONE, {NS.key: NS})
    assert gate.state == "fail"
    assert gate.detail.startswith(
        "the parent delegates example.test to ns1.example.test., the DNS host lists "
        "ns1.example.test., ns2.example.test.:"
    )


def test_undelegated_zone_fails(world: World) -> None:
    """A zone that the parent does not know is not delegated."""
    gate = world.observer().authority("other.test.", {MX: OLD})
    assert gate.state == "fail"
    assert gate.detail.startswith("other.test is not delegated: ns.test. (127.0.0.10:")


def test_big_answers(world: World) -> None:
    """An answer too big for a datagram is compared all the same."""
    key = ("big.example.test.", "TXT")
    whole = "".join(f"{number:0250}" for number in range(9))
    cut = [f'"{whole[start : start + 255]}"' for start in range(0, len(whole), 255)]
    expected = {key: RRset(*key, 86400, (" ".join(cut),))}
    assert world.observer().sight(ZONE, expected).lagging == {}


def test_given_servers(world: World) -> None:
    """Private servers are asked where the configuration says, without any delegation."""
    servers = [(each.address, each.port) for each in (world.primary, world.secondary)]
    observer = AuthoritativeObserver(servers)
    assert observer.sight(ZONE, {MX: OLD}).lagging == {}
    assert observer.authority(ZONE, {}).state == "pass"
    wrong = AuthoritativeObserver([(world.parent.address, world.parent.port)])
    assert wrong.authority(ZONE, {}).state == "fail"
    assert "answered without authority" in wrong.sight(ZONE, {MX: OLD}).lagging[MX]


def test_a_delegation_is_served_by_its_parent(world: World) -> None:
    """BIND and Knot point to its name servers without authority; below, they are not asked."""
    cut, below = ("_domainkey." + ZONE, "NS"), ("s1._domainkey." + ZONE, "TXT")
    there = RRset(*cut, 86400, ("ns1.keys.test.",))
    observer = world.observer()
    assert observer.sight(ZONE, {cut: there, below: None}).lagging == {}
    other = RRset(*cut, 86400, ("ns2.keys.test.",))
    assert (
        "still serves TTL 86400: ns1.keys.test." in observer.sight(ZONE, {cut: other}).lagging[cut]
    )
