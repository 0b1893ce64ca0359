"""The octoDNS face of hosts without an API: reads for plain octoDNS, and never writes."""

from __future__ import annotations

import pytest
from octodns.provider import ProviderException
from octodns.record import Record
from octodns.zone import Zone

from mailsync_providers.manual import HOSTS, BadConfiguration, ByHand, ManualProvider, described
from tests.unit.observe.fakes import FakeServer, reply, zone_of

NAME = "example.jp."
RECORDS = (
    "example.jp. 300 MX 10 mx.example.net.",
    'example.jp. 3600 TXT "v=spf1 -all"',
    'example.jp. 3600 TXT "semi;colon"',
    "autodiscover.example.jp. 60 CNAME autodiscover.example.net.",
    "shop.example.jp. 60 A 192.0.2.7",
)


def provider(*servers: FakeServer, **settings: object) -> ManualProvider:
    """Make a provider that asks these servers."""
    asked = [f"{one.address}:{one.port}" for one in servers]
    return ManualProvider("panel", "generic", nameservers=asked, timeout=0.5, **settings)  # type: ignore[arg-type]


def test_it_reads_the_usual_names_and_those_that_are_named() -> None:
    """Nothing lists them: what nobody names is not seen."""
    zone = Zone(NAME, [])
    with FakeServer(zone_of(*RECORDS)) as server:
        assert provider(server).populate(zone)
        found = {(r.name, r._type): r for r in zone.records}
        assert set(found) == {("", "MX"), ("", "TXT"), ("autodiscover", "CNAME")}
        assert found["", "TXT"].values == ["semi\\;colon", "v=spf1 -all"]
        named = Zone(NAME, [])
        provider(server, names=["shop"]).populate(named)
    assert "shop" in {record.name for record in named.records}


def test_a_plan_of_plain_octodns_asks_for_what_it_wishes() -> None:
    """And its apply says who has to do it."""
    desired = Zone(NAME, [])
    data = {"type": "A", "ttl": 60, "value": "192.0.2.8"}
    desired.add_record(Record.new(desired, "shop", data))
    with FakeServer(zone_of(*RECORDS)) as server:
        panel = provider(server)
        plan = panel.plan(desired)
        assert plan is not None
        (change,) = (one for one in plan.changes if one.record.name == "shop")
        assert change.existing.values == ["192.0.2.7"]
        with pytest.raises(ByHand, match="changes are a person's to make"):
            panel.apply(plan)


def test_servers_that_do_not_agree_are_an_error() -> None:
    """Half a change is nothing to compare with."""
    with (
        FakeServer(zone_of(*RECORDS)) as one,
        FakeServer(zone_of(RECORDS[0].replace("10", "20"))) as two,
        pytest.raises(ProviderException, match="the name servers do not agree yet"),
    ):
        provider(one, two).populate(Zone(NAME, []))


def test_a_silent_server_and_one_without_authority_are_errors() -> None:
    """What was not read must not look like absence."""
    with (
        FakeServer(lambda query, tcp: None) as mute,
        pytest.raises(ProviderException, match="gave no answer"),
    ):
        provider(mute).populate(Zone(NAME, []))
    with (
        FakeServer(lambda query, tcp: reply(query, aa=False).to_wire()) as other,
        pytest.raises(ProviderException, match="without authority"),
    ):
        provider(other).populate(Zone(NAME, []))


def test_what_octodns_cannot_hold_is_left_out() -> None:
    """Text that it would change is not shown as if it were the text."""
    zone = Zone(NAME, [])
    with FakeServer(zone_of('example.jp. 300 TXT "\\195\\169"')) as server:
        provider(server).populate(zone)
    assert not zone.records


@pytest.mark.parametrize("host", HOSTS)
def test_every_description_says_where_it_is_from(host: str) -> None:
    """Both languages, a confidence, and sources, unless nothing is claimed."""
    found = described(host)
    assert set(found["name"]) == {"ja", "en"}
    assert found["ttl"] in {"settable", "fixed"}
    assert found["confidence"]
    assert bool(found["sources"]) == (host != "generic")
    for words in (*found.get("traps", ()), *found.get("cannot", {}).values()):
        assert words["ja"]
        assert words["en"]


def test_a_server_is_a_host_with_a_port_or_without() -> None:
    """Anything else is told when the provider is made."""
    good = ManualProvider("p", "generic", nameservers=["ns1.example.net", "[2001:db8::1]:5300"])
    assert good._servers == [("ns1.example.net", 53), ("2001:db8::1", 5300)]
    with pytest.raises(BadConfiguration, match="neither HOST nor HOST:PORT"):
        ManualProvider("p", "generic", nameservers=["ns1:99999"])
