"""Domains of one configuration that lean on each other: shared hosts, includes, reverse zones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mailsync.desired.model import Desired, Wish
from mailsync.dns.rrset import Key, RRset
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Live, Neighbour
from mailsync.plan.neighbours import leans_on, mail_went_to, relations, zones_of
from mailsync.plan.planner import plan_domain
from tests.unit.plan.story import PLACE, START, ZONE, Story, mx, rrset, spf, wish, zone

HOSTING = "hosting.example."
HOST = f"mx.{HOSTING}"
INCLUDED = f"_spf.{HOSTING}"
MX, TXT = (ZONE, "MX"), (ZONE, "TXT")
OLD = "10 mx.old.example."
OLD_SPF = "v=spf1 include:_spf.old.example -all"


def desired(name: str, *wishes: Wish) -> Desired:
    """Give a domain's file."""
    return Desired(name, name, wishes, PLACE, ("local",), frozenset(w.kind for w in wishes))


def neighbour(
    name: str,
    wishes: tuple[Wish, ...],
    live: Mapping[Key, RRset],
    ledger: Ledger | None = None,
) -> Neighbour:
    """Give another zone of the configuration, all of which has long been known."""
    known = Ledger()
    for one in wishes:
        known = known.seen((one.name, one.type), live.get((one.name, one.type)), START - DAY * 30)
    return Neighbour(name, desired(name, *wishes), live, known if ledger is None else ledger)


def created(key: Key, rrset: RRset, at: datetime) -> Ledger:
    """Give the past of an RRset that mailsync created at a time, absent for long before."""
    return Ledger().seen(key, None, at - DAY * 30).intended(key, rrset, at).seen(key, rrset, at)


DAY = timedelta(days=1)


def case_a_host_in_another_zone() -> None:
    """Mail is not switched to a host whose address in a neighbour's zone came just now."""
    address = wish("host", HOST, "A", "192.0.2.1")
    live = zone(rrset(HOST, "A", 3600, "192.0.2.1"))
    life = Story(zone(rrset(ZONE, "MX", 60, OLD)), (mx(f"10 {HOST}", ttl=60),))
    life.known_for("20d")
    made = life.now
    ledger = created((HOST, "A"), live[HOST, "A"], made)
    life.neighbours = (neighbour(HOSTING, (address,), live, ledger),)
    life.run("2d")
    assert life.ran_at("switch", MX) >= made + timedelta(hours=3)


def case_a_zone_never_applied() -> None:
    """A neighbour's record that nobody has seen served is not counted on."""
    address = wish("host", HOST, "A", "192.0.2.1")
    life = Story(zone(rrset(ZONE, "MX", 60, OLD)), (mx(f"10 {HOST}", ttl=60),))
    life.known_for("20d")
    life.neighbours = (neighbour(HOSTING, (address,), {}, Ledger()),)
    life.run("2d")
    assert life.values(*MX) == (OLD,)
    stage = life.stage("switch", "held")
    assert stage is not None
    assert any("hosting.example has to be applied first" in hold.reason for hold in stage.holds)


def case_an_include_abroad() -> None:
    """SPF includes a neighbour's record only when every resolver finds it."""
    record = wish("record", INCLUDED, "TXT", "v=spf1 ip4:192.0.2.1 -all")
    live = zone(rrset(INCLUDED, "TXT", 3600, "v=spf1 ip4:192.0.2.1 -all"))
    key = (INCLUDED, "TXT")
    life = Story(zone(rrset(ZONE, "TXT", 60, OLD_SPF)), (spf(OLD_SPF),))
    life.known_for("20d")
    made = life.now
    ledger = created(key, live[key], made)
    life.neighbours = (neighbour(HOSTING, (record,), live, ledger),)
    life.wishes = (spf("v=spf1 include:_spf.hosting.example -all"),)
    life.run("1d")
    assert life.ran_at("prepare", TXT) >= made + timedelta(hours=3)


def case_a_name_for_an_address() -> None:
    """An address gets its name when every resolver finds the address at that name."""
    reverse = "2.0.192.in-addr.arpa."
    name = "10." + reverse
    address = wish("host", HOST, "A", "192.0.2.10")
    live = zone(rrset(HOST, "A", 3600, "192.0.2.10"))
    ledger = created((HOST, "A"), live[HOST, "A"], START)
    there = neighbour(HOSTING, (address,), live, ledger)
    plan = plan_domain(
        desired(reverse, wish("ptr", name, "PTR", HOST)),
        Live({}, neighbours=(there,)),
        Ledger(),
        START,
    )
    assert [(s.name, s.state) for s in plan.stages] == [("prepare", "held")]
    assert plan.stages[0].not_before == START + timedelta(hours=3)


CASES = [value for name, value in sorted(globals().items()) if name.startswith("case_")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.removeprefix("case_"))
def test_case(case: object) -> None:
    """Each case holds for the planner as it is."""
    assert callable(case)
    case()


def hosting(live_address: str, *wishes: Wish) -> Story:
    """Tell the story of the zone that has the shared host; its own mail goes elsewhere."""
    life = Story(zone(rrset("mx1." + ZONE, "A", 3600, live_address)), wishes)
    life.see()
    life.passes("20d")
    return life


def test_the_address_of_a_host_that_takes_a_neighbours_mail_is_switched() -> None:
    """Not at once: the TTL goes down first, and the old server is needed until it is out."""
    host = "mx1." + ZONE
    life = hosting("192.0.2.1", wish("host", host, "A", "192.0.2.1"))
    customer = mx(f"10 {host}")
    customer = replace(customer, name="customer.example.")
    live = zone(rrset("customer.example.", "MX", 3600, f"10 {host}"))
    life.neighbours = (neighbour("customer.example.", (customer,), live),)
    life.wishes = (wish("host", host, "A", "192.0.2.2"),)
    life.apply()
    assert life.values(host, "A") == ("192.0.2.1",)
    assert life.ttl(host, "A") == 300
    life.run("2d")
    assert life.values(host, "A") == ("192.0.2.2",)


def test_the_address_of_a_host_that_takes_a_neighbours_mail_cannot_go() -> None:
    """The plan of the host's zone names the reason."""
    host = "mx1." + ZONE
    life = hosting("192.0.2.1", wish("host", host, "A"))
    customer = replace(mx(f"10 {host}"), name="customer.example.")
    live = zone(rrset("customer.example.", "MX", 3600, f"10 {host}"))
    life.neighbours = (neighbour("customer.example.", (customer,), live),)
    assert "host-in-use" in {finding.id for finding in life.plan().findings}


def test_an_address_stays_while_a_neighbours_old_mx_is_visible() -> None:
    """The neighbour has moved away, and some resolver still leads its mail here."""
    host = "mx1." + ZONE
    life = hosting("192.0.2.1", wish("host", host, "A"))
    key = ("customer.example.", "MX")
    customer = replace(mx("10 mx.other.example."), name="customer.example.")
    before, after = (rrset(*key, 86400, f"10 {h}") for h in (host, "mx.other.example."))
    ledger = Ledger().seen(key, before, START).seen(key, after, life.now)
    life.neighbours = (neighbour("customer.example.", (customer,), zone(after), ledger),)
    life.apply()
    assert life.values(host, "A") == ("192.0.2.1",)
    life.run("11d")
    assert life.values(host, "A") == ()


def test_a_neighbour_whose_file_cannot_be_read_still_has_a_past() -> None:
    """What its journal remembers of its MX keeps a host's address."""
    host = "mx1." + ZONE
    life = hosting("192.0.2.1", wish("host", host, "A"))
    key = ("customer.example.", "MX")
    ledger = Ledger().seen(key, rrset(*key, 86400, f"10 {host}"), START)
    life.neighbours = (Neighbour("customer.example.", None, None, ledger),)
    life.apply()
    assert life.values(host, "A") == ("192.0.2.1",)


def test_zones_lean_on_each_other_by_what_their_files_say() -> None:
    """Shared hosts, includes, aliases and names of addresses, in both directions."""
    everyone = [
        desired(HOSTING, wish("host", HOST, "A", "192.0.2.1")),
        desired("a.example.", replace(mx(f"10 {HOST}"), name="a.example.")),
        desired("b.example.", wish("spf", "b.example.", "TXT", f"v=spf1 include:{INCLUDED} -all")),
        desired("c.example.", wish("dkim", "s1._domainkey.c.example.", "CNAME", f"s1.{HOSTING}")),
        desired("2.0.192.in-addr.arpa.", wish("ptr", "1.2.0.192.in-addr.arpa.", "PTR", HOST)),
        desired("d.example.", replace(mx("10 mx.example."), name="d.example.")),
    ]
    found = relations(everyone)
    assert found[HOSTING] == {"a.example.", "b.example.", "c.example.", "2.0.192.in-addr.arpa."}
    assert found["a.example."] == {HOSTING}
    assert found["d.example."] == frozenset()
    assert leans_on(everyone[0]) == frozenset()


def test_the_deepest_zone_has_a_name() -> None:
    """Of zones within each other, the inner one publishes it."""
    assert zones_of(["mx.a.example."], {"example.", "a.example."}) == {"a.example."}
    assert zones_of(["mx.other.test."], {"example."}) == set()


def test_a_ledger_remembers_where_mail_went() -> None:
    """Also to where it no longer goes."""
    key = ("a.example.", "MX")
    ledger = Ledger().seen(key, rrset(*key, 60, OLD), START).seen(key, None, START + DAY)
    assert mail_went_to(ledger) == {"mx.old.example."}
