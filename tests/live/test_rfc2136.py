"""Rfc2136Provider against a real BIND and a real Knot, looked at from outside by zone transfer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from octodns.provider.plan import Plan
from octodns.record import Record
from octodns.zone import Zone

from mailsync_providers.rfc2136 import (
    Rfc2136Provider,
    StaleWrite,
    TransferFailed,
    UpdateRefused,
)

from .servers import Bind, Knot, Published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .clock import SteppedClock
    from .servers import Primary

ZONE = "example.test."
SPF = '"v=spf1 ip4:192.0.2.1 -all"'
FOREIGN = ('"cut " "in" "to" " strings"', '"not UTF-8: \\233"', '"site-verification=Abc"')
LONG_TLSA = "3 0 0 " + "ab" * 100  # a whole certificate: octoDNS reads at most 64 octets
MASTER_FILE = f"""\
$TTL 3600
@ SOA ns root 1 3600 600 86400 60
@ NS ns
@ NS ns.example.net.
ns A 127.0.0.1
@ MX 10 Mail.EXAMPLE.test.
@ MX 20 backup.example.net.
@ TXT {SPF}
@ TXT {FOREIGN[0]}
@ TXT {FOREIGN[1]}
@ TXT {FOREIGN[2]}
mail A 192.0.2.1
www CNAME web.example.net.
_25._tcp.mail TLSA {LONG_TLSA}
_25._tcp.mail TLSA 3 1 1 {"cd" * 32}
xn--zzzzzz9999 TXT "no IDNA name"
@ TYPE65400 \\# 2 0102
"""

APEX_TXT = (ZONE, "TXT")
APEX_MX = (ZONE, "MX")
MX_BEFORE = ("10 mail.example.test.", "20 backup.example.net.")


@pytest.fixture(params=[Bind, Knot])
def server(request: pytest.FixtureRequest) -> Iterator[Primary]:
    """A primary that serves the zone above."""
    with request.param({ZONE: MASTER_FILE}) as started:
        yield started


def provider_of(server: Primary, **options: Any) -> Rfc2136Provider:
    """The provider as configured for that server."""
    key: dict[str, Any] = {
        "key_name": server.key.name,
        "key_secret": server.key.secret,
        "key_algorithm": server.key.algorithm,
    }
    return Rfc2136Provider(
        "primary", server.address, server.port, **{"timeout": 5, **key, **options}
    )


def planned(provider: Rfc2136Provider, *changes: Callable[[Zone], None]) -> Plan:
    """The plan that makes these changes to the zone as it is now."""
    existing = Zone(ZONE, [])
    provider.populate(existing, target=True, lenient=True)
    desired = existing.copy()
    for change in changes:
        change(desired)
    return Plan(existing, desired, existing.changes(desired, provider), exists=True)


def put(name: str, rdtype: str, ttl: int, *values: object) -> Callable[[Zone], None]:
    """Make this the RRset of that name and type."""

    def change(zone: Zone) -> None:
        data = {"type": rdtype, "ttl": ttl, "values": list(values)}
        zone.add_record(Record.new(zone, name, data, lenient=True), replace=True, lenient=True)

    return change


def put_cname(name: str, ttl: int, target: str) -> Callable[[Zone], None]:
    """Make the name an alias."""

    def change(zone: Zone) -> None:
        data = {"type": "CNAME", "ttl": ttl, "value": target}
        zone.add_record(Record.new(zone, name, data), replace=True, lenient=True)

    return change


def remove(name: str, rdtype: str) -> Callable[[Zone], None]:
    """Remove the RRset."""
    return lambda zone: zone.remove_record(zone.get_type(name, rdtype))


def revalue_txt(old: str, new: str, ttl: int = 3600) -> Callable[[Zone], None]:
    """Replace one value of the apex TXT, as octoDNS sees it, and set the TTL."""

    def change(zone: Zone) -> None:
        values = [new if value == old else value for value in zone.get_type("", "TXT").values]
        put("", "TXT", ttl, *values)(zone)

    return change


def mx(preference: int, exchange: str) -> dict[str, object]:
    """An MX value in octoDNS' form."""
    return {"preference": preference, "exchange": exchange}


def lower(published: Published) -> tuple[str, ...]:
    """The values with the names lowered: Knot does that, BIND keeps the case."""
    return tuple(value.lower() for value in published.values)


def without_soa(server: Primary) -> dict[tuple[str, str], Published]:
    """The zone but for its SOA, whose serial every update raises."""
    zone = server.zone(ZONE)
    del zone[ZONE, "SOA"]
    return zone


def test_a_fresh_plan_is_applied_and_nothing_else_changes(server: Primary) -> None:
    """A plan made from the zone as it is changes exactly what it says."""
    provider = provider_of(server)
    before = without_soa(server)
    assert provider.apply(planned(provider, put("", "MX", 3600, mx(5, "mx.example.net.")))) == 1
    assert without_soa(server) == {**before, APEX_MX: Published(3600, ("5 mx.example.net.",))}


def test_octodns_own_plan_is_applied(server: Primary) -> None:
    """Plain octoDNS plans and applies with it, and finds nothing left to do."""
    provider = provider_of(server)
    desired = Zone(ZONE, [])
    provider.populate(desired, lenient=True)
    put("new", "A", 300, "192.0.2.7")(desired)
    plan = provider.plan(desired)
    assert [change.record.fqdn for change in plan.changes] == ["new.example.test."]
    provider.apply(plan)
    assert server.zone(ZONE)["new.example.test.", "A"] == Published(300, ("192.0.2.7",))
    assert provider.plan(desired) is None


@pytest.mark.parametrize(
    ("name", "rdtype", "value", "change"),
    [
        ("", "MX", "30 other.example.net.", put("", "MX", 3600, mx(5, "mx.example.net."))),
        ("", "TXT", '"added"', revalue_txt("v=spf1 ip4:192.0.2.1 -all", "v=spf1 -all")),
        ("new.", "A", "192.0.2.9", put("new", "A", 300, "192.0.2.7")),
        ("mail.", "A", "192.0.2.9", remove("mail", "A")),
        ("new.", "TXT", '"in the way"', put_cname("new", 300, "web.example.net.")),
    ],
    ids=["replaced", "value-replaced", "created", "removed", "alias"],
)
def test_a_stale_plan_is_refused_and_overwrites_nothing(
    server: Primary, name: str, rdtype: str, value: str, change: Callable[[Zone], None]
) -> None:
    """What someone else wrote between plan and apply stays, and the plan fails as stale."""
    provider = provider_of(server)
    plan = planned(provider, change)
    server.add(name + ZONE, rdtype, 3600, value)
    theirs = server.zone(ZONE)
    with pytest.raises(StaleWrite, match=r"^example\.test\.: someone else changed .*nothing was"):
        provider.apply(plan)
    assert server.zone(ZONE) == theirs


def test_an_alias_made_meanwhile_does_not_swallow_an_address(server: Primary) -> None:
    """Servers drop an address beside a CNAME without a word; here it is a stale write."""
    provider = provider_of(server)
    plan = planned(provider, put("new", "A", 300, "192.0.2.7"))
    server.add("new." + ZONE, "CNAME", 3600, "web.example.net.")
    with pytest.raises(StaleWrite):
        provider.apply(plan)


def test_one_stale_change_keeps_back_all_others(server: Primary) -> None:
    """A plan is all or nothing: its good changes are not written beside a stale one."""
    provider = provider_of(server)
    plan = planned(
        provider,
        put("", "MX", 3600, mx(5, "mx.example.net.")),
        put("mail", "A", 3600, "192.0.2.5"),
    )
    server.replace("mail." + ZONE, "A", 3600, "192.0.2.99")
    theirs = server.zone(ZONE)
    with pytest.raises(StaleWrite):
        provider.apply(plan)
    assert server.zone(ZONE) == theirs


@pytest.mark.parametrize("ttl", [3600, 60])
def test_foreign_txt_values_keep_their_octets(server: Primary, ttl: int) -> None:
    """Beside a new SPF record every other TXT value keeps its strings, whatever the TTL does."""
    provider = provider_of(server)
    change = revalue_txt("v=spf1 ip4:192.0.2.1 -all", "v=spf1 -all", ttl)
    provider.apply(planned(provider, change))
    expected = tuple(sorted(['"v=spf1 -all"', *FOREIGN]))
    assert server.zone(ZONE)[APEX_TXT] == Published(ttl, expected)


@pytest.mark.parametrize(
    ("name", "rdtype", "change"),
    [
        (
            ZONE,
            "MX",
            put("", "MX", 60, mx(10, "mail.example.test."), mx(20, "backup.example.net.")),
        ),
        (ZONE, "TXT", revalue_txt("", "", 60)),
        (ZONE, "NS", put("", "NS", 60, "ns.example.test.", "ns.example.net.")),
        ("mail.example.test.", "A", put("mail", "A", 60, "192.0.2.1")),
        ("www.example.test.", "CNAME", put_cname("www", 60, "web.example.net.")),
    ],
    ids=["MX", "TXT", "NS", "A", "CNAME"],
)
def test_a_ttl_is_changed_for_the_whole_rrset(
    server: Primary, name: str, rdtype: str, change: Callable[[Zone], None]
) -> None:
    """A change of nothing but the TTL reaches every value, and changes none."""
    provider = provider_of(server)
    before = server.zone(ZONE)[name, rdtype]
    provider.apply(planned(provider, change))
    after = server.zone(ZONE)[name, rdtype]
    assert (after.ttl, lower(after)) == (60, lower(before))


def test_an_mx_and_its_new_host_come_in_one_message(server: Primary) -> None:
    """BIND refuses an MX to a host of the zone without an address; one message brings both."""
    provider = provider_of(server)
    plan = planned(
        provider,
        put("", "MX", 300, mx(10, "new.example.test.")),
        put("new", "A", 300, "192.0.2.7"),
    )
    provider.apply(plan)
    zone = server.zone(ZONE)
    assert zone[APEX_MX] == Published(300, ("10 new.example.test.",))
    assert zone["new.example.test.", "A"] == Published(300, ("192.0.2.7",))


def test_an_alias_makes_room_for_an_address(server: Primary) -> None:
    """A CNAME and the address that replaces it go in one message, in the order servers need."""
    provider = provider_of(server)
    plan = planned(provider, remove("www", "CNAME"), put("www", "A", 300, "192.0.2.7"))
    provider.apply(plan)
    zone = server.zone(ZONE)
    assert zone["www.example.test.", "A"] == Published(300, ("192.0.2.7",))
    assert ("www.example.test.", "CNAME") not in zone


def test_the_name_servers_are_replaced(server: Primary) -> None:
    """Both NS of the apex are replaced, though a server never deletes the last one."""
    provider = provider_of(server)
    provider.apply(planned(provider, put("", "NS", 60, "a.example.net.", "b.example.net.")))
    after = server.zone(ZONE)[ZONE, "NS"]
    assert after == Published(60, ("a.example.net.", "b.example.net."))


def test_what_octodns_cannot_represent_is_kept(
    server: Primary, caplog: pytest.LogCaptureFixture
) -> None:
    """A long TLSA value beside one that changes neither breaks the reading nor is lost."""
    provider = provider_of(server)
    new = {
        "certificate_usage": 3,
        "selector": 1,
        "matching_type": 1,
        "certificate_association_data": "ef" * 32,
    }
    provider.apply(planned(provider, put("_25._tcp.mail", "TLSA", 300, new)))
    after = server.zone(ZONE)["_25._tcp.mail.example.test.", "TLSA"]
    assert after.ttl == 300
    assert sorted(value.replace(" ", "") for value in after.values) == sorted(
        [LONG_TLSA.replace(" ", ""), "311" + "ef" * 32]
    )
    assert "_25._tcp.mail.example.test. TLSA: 1 of 2 values are beyond octoDNS" in caplog.text
    assert "xn--zzzzzz9999.example.test. TXT: beyond octoDNS (Invalid A-label)" in caplog.text


def test_bind_says_why_an_mx_without_an_address_is_refused() -> None:
    """BIND's integrity check answers REFUSED; the error names that reason among others."""
    with Bind({ZONE: MASTER_FILE}) as server:
        provider = provider_of(server)
        plan = planned(provider, put("", "MX", 300, mx(10, "nowhere.example.test.")))
        with pytest.raises(UpdateRefused, match=r"\(REFUSED\).*check-integrity.*nothing was"):
            provider.apply(plan)
        assert lower(server.zone(ZONE)[APEX_MX]) == MX_BEFORE


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"key_name": "other"}, "does not know the TSIG key"),
        ({"key_secret": "b3RoZXI="}, "TSIG signature is wrong"),
        ({"key_name": None, "key_secret": None, "key_algorithm": None}, "wants a TSIG key|REFUSED"),
    ],
    ids=["name", "secret", "unsigned"],
)
def test_a_wrong_key_is_told_plainly(
    server: Primary, options: dict[str, object], told: str
) -> None:
    """Neither reading nor writing goes with a wrong key; the error says what to check."""
    wrong = provider_of(server, **options)
    with pytest.raises(TransferFailed, match=told) as refused_transfer:
        wrong.populate(Zone(ZONE, []), target=True)
    provider = provider_of(server)
    plan = planned(provider, put("", "MX", 300, mx(5, "mx.example.net.")))
    wrong._transferred = provider._transferred
    before = server.zone(ZONE)
    with pytest.raises(UpdateRefused, match=told) as refused_update:
        wrong.apply(plan)
    assert server.zone(ZONE) == before
    for refused in (refused_transfer, refused_update):
        assert server.endpoint.replace(":", " port ") in str(refused.value)
        assert "\n" not in str(refused.value)
        assert wrong.key_secret is None or wrong.key_secret not in str(refused.value)


def test_an_unknown_zone_is_told_plainly(server: Primary) -> None:
    """A zone that the server does not have cannot be read, and the error says so."""
    with pytest.raises(TransferFailed, match=r"^other\.test\.: .*not authoritative for the zone"):
        provider_of(server).populate(Zone("other.test.", []), target=True)


def test_a_server_that_is_gone_is_told_plainly(server: Primary) -> None:
    """A server that stopped between plan and apply: nothing was written, and the error says so."""
    provider = provider_of(server)
    plan = planned(provider, put("", "MX", 300, mx(5, "mx.example.net.")))
    server.stop()
    with pytest.raises(UpdateRefused, match=r"nothing listens there.*nothing was written"):
        provider.apply(plan)
    with pytest.raises(TransferFailed, match="nothing listens there"):
        planned(provider)


def test_a_wrong_clock_is_told_plainly(clock: SteppedClock) -> None:
    """TSIG lets clocks differ by 300 seconds; beyond, the error names the clocks."""
    with Bind({ZONE: MASTER_FILE}, clock=clock) as server:
        provider = provider_of(server)
        plan = planned(provider, put("", "MX", 300, mx(5, "mx.example.net.")))
        clock.advance(3600)
        with pytest.raises(UpdateRefused, match=r"clock skew over 300 s \(BADTIME, RFC 8945"):
            provider.apply(plan)
        with pytest.raises(TransferFailed, match="set this machine's clock"):
            planned(provider)


def test_a_zone_is_written_once_per_reading(server: Primary) -> None:
    """The same plan a second time is refused: what it was made from is no longer known."""
    provider = provider_of(server)
    plan = planned(provider, put("", "MX", 300, mx(5, "mx.example.net.")))
    provider.apply(plan)
    after = server.zone(ZONE)
    with pytest.raises(UpdateRefused, match="plan again"):
        provider.apply(plan)
    assert server.zone(ZONE) == after
