"""Looking at real name servers and resolvers: a lagging secondary, old answers, DNSSEC."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dns.dnssec
import dns.message
import dns.name
import dns.query
import dns.rdatatype
import pytest

from mailsync.observe.check import check
from mailsync.observe.delegation import Finder
from mailsync.observe.facts import Dnssec, Subject
from mailsync.observe.gather import Gatherer, Settings
from mailsync.observe.question import Patience, Server
from mailsync.observe.resolving import Lookups, dnspython_resolver
from mailsync.observe.results import Observation, Topic
from mailsync.observe.zones import Zones

from .asking import Askable
from .servers import Bind, Knot, KnotSecondary, Unbound
from .test_observe import CHILD, NEW, PARENT, ZONE, ports

QUICK = Patience(timeout=1.0, tries=2)


class SignedBind(Bind):
    """BIND that signs its zones by itself, with keys that it makes."""

    def _configuration(self) -> str:
        signed = f'type primary;\n    dnssec-policy default;\n    key-directory "{self.directory}";'
        inline = f"{signed}\n    inline-signing yes;"
        return super()._configuration().replace("type primary;", inline)

    def anchor(self, zone: str, *, digest: str = "") -> str:
        """The zone's DS, once it is signed; with another digest it is nobody's."""
        deadline = time.monotonic() + 10
        name = dns.name.from_text(zone)
        while True:
            query = dns.message.make_query(name, "DNSKEY", use_edns=0, payload=4096)
            reply = dns.query.tcp(query, self.address, 5, self.port)
            keys = [key for rrset in reply.answer for key in rrset if key.flags & 1]
            if keys:
                ds = dns.dnssec.make_ds(name, keys[0], "SHA256").to_text()
                return f"{zone} DS {' '.join(ds.split()[:3])} {digest or ds.split()[3]}"
            assert time.monotonic() < deadline, "BIND does not sign"
            time.sleep(0.02)


class Validating(Unbound):
    """unbound that validates below one trust anchor."""

    def __init__(self, stubs: Mapping[str, Sequence[Askable]], anchor: str) -> None:
        super().__init__(stubs)
        self._anchor = anchor

    def _configuration(self) -> str:
        modules = f'module-config: "validator iterator"\n    trust-anchor: "{self._anchor}"'
        return super()._configuration().replace('module-config: "iterator"', modules)


@dataclass(frozen=True)
class World:
    """test. on one server, example.test. on two others, and a resolver that knows them all."""

    parent: Knot
    primary: Bind
    secondary: KnotSecondary
    resolver: Unbound

    def check(self, *topics: Topic) -> list[Observation]:
        """Look at the domain with only the resolver to begin with; give what is no `ok`."""
        found = check(Subject(ZONE), self.gatherer(), topics).observations
        return [one for one in found if one.level != "ok"]

    def gatherer(self) -> Gatherer:
        """Whoever looks."""
        resolvers = (server(self.resolver),)
        finder = Finder(
            dnspython_resolver(resolvers, QUICK),
            ports(self.parent, self.primary, self.secondary),
            QUICK,
        )
        settings = Settings(seconds=20, patience=QUICK, canaries=resolvers, smtp_port=1)
        zones = Zones(finder)
        lookups = Lookups(resolvers, QUICK, None, zones.ask)
        return Gatherer(settings, lookups, zones, lambda: datetime.now(UTC))


def server(one: Askable) -> Server:
    """An address to ask."""
    return Server(one.address, one.address, one.port)


@pytest.fixture
def world() -> Iterator[World]:
    """As for the observer of changes."""
    with (
        Knot({"test": PARENT}, address="127.0.0.10") as parent,
        Bind({"example.test": CHILD}) as primary,
        KnotSecondary(primary, address="127.0.0.12") as secondary,
        Unbound({"test": [parent], "example.test": [primary, secondary]}) as resolver,
    ):
        yield World(parent, primary, secondary, resolver)


def test_a_zone_in_order_has_nothing_to_tell(world: World) -> None:
    """Delegated as it says itself, served alike over UDP and TCP, resolved as it is served."""
    assert world.check("delegation", "resolvers", "dnssec") == []


def test_a_lagging_secondary_and_an_old_answer_are_told(world: World) -> None:
    """The serials and the MX differ; the resolver still holds what was there."""
    world.resolver.ask("example.test", "MX")
    world.secondary.hold()
    world.primary.replace("example.test", "MX", NEW.ttl, *NEW.values)
    found = {one.id: one for one in world.check("delegation", "resolvers")}
    assert set(found) == {"ns-serial", "ns-consistency", "resolver-answer"}
    assert found["ns-consistency"].subject == "example.test MX"
    assert "10 old.example.test." in found["ns-consistency"].detail
    assert found["resolver-answer"].level == "info"


def test_a_server_that_is_down_is_unknown_and_one_of_another_zone_is_an_error(
    world: World,
) -> None:
    """The one may be the network's doing, the other is an answer."""
    world.secondary.stop()
    assert [(one.id, one.level) for one in world.check("delegation")] == [("ns-lame", "unknown")]
    with Knot({"other.test": PARENT}, address="127.0.0.14") as lame:
        world.parent.replace("ns2.example.test", "A", 60, "127.0.0.14")
        world.primary.replace("ns2.example.test", "A", 60, "127.0.0.14")
        finder = Finder(
            dnspython_resolver((server(world.resolver),), QUICK),
            ports(world.parent, world.primary, lame),
            QUICK,
        )
        gatherer = world.gatherer()
        gatherer._zones._finder = finder
        found = check(Subject(ZONE), gatherer, ("delegation",)).observations
    assert ("ns-lame", "error") in {(one.id, one.level) for one in found}


def test_dnssec_is_what_validating_resolvers_say() -> None:
    """Validated with the right key, bogus with another one; and until when the signature holds."""
    with SignedBind({"example.test": CHILD}) as primary:
        anchor = primary.anchor("example.test.")
        stubs = {"example.test": [primary]}
        with (
            Validating(stubs, anchor) as right,
            Validating(stubs, primary.anchor("example.test.", digest="ab" * 32)) as wrong,
            Unbound(stubs) as plain,
        ):
            found = {
                name: _dnssec(primary, resolver)
                for name, resolver in (("right", right), ("wrong", wrong), ("plain", plain))
            }
    assert found["right"].state == "secure"
    assert found["right"].ends is not None
    assert found["right"].ends > datetime.now(UTC)
    assert found["wrong"].state == "bogus"
    assert "told not to validate" in found["wrong"].detail
    assert found["plain"].state == "unknown"  # it does not validate, and there is no parent to ask


def _dnssec(primary: Bind, resolver: Unbound) -> Dnssec:
    """Give what is found, and judge it."""
    resolvers = (server(resolver),)
    finder = Finder(dnspython_resolver(resolvers, QUICK), {}, QUICK)
    zones = Zones(finder, ((primary.address, primary.port),), frozenset({ZONE}))
    settings = Settings(seconds=20, patience=QUICK, canaries=resolvers)
    lookups = Lookups(resolvers, QUICK, None, zones.ask)
    gatherer = Gatherer(settings, lookups, zones, lambda: datetime.now(UTC))
    found = gatherer.gather(Subject(ZONE, ZONE), ("dnssec",)).dnssec
    assert found is not None
    return found
