"""Domains of one configuration that lean on each other: shared hosts, includes, reverse zones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mailsync.desired.model import Desired, Wish
from mailsync.dns.rrset import Key, RRset
from mailsync.plan.abroad import siblings_records
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Live, Neighbour
from mailsync.plan.neighbours import leaned_on, leans_on, relations, zones_of
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


def case_a_neighbour_that_nobody_has_applied() -> None:
    """Its file has left the host, its MX has not, and no journal knows of either."""
    host, name = "mx1." + ZONE, "customer.example."
    life = hosting("192.0.2.1", wish("host", host, "A"))
    going = desired(name, replace(mx("10 mx.other.example."), name=name))
    live = zone(rrset(name, "MX", 3600, f"10 {host}"))
    life.neighbours = (Neighbour(name, going, live, Ledger()),)
    life.run("12d", every="1d")
    assert life.values(host, "A") == ("192.0.2.1",)
    moved = zone(rrset(name, "MX", 3600, "10 mx.other.example."))
    life.neighbours = (Neighbour(name, going, moved, Ledger()),)
    life.apply()
    assert life.values(host, "A") == ()


def case_an_include_that_a_neighbour_has_left() -> None:
    """A record stays while a neighbour whose file includes it no more still publishes that."""
    name = "customer.example."
    own = (f"_spf.{ZONE}", "TXT")
    life = Story(zone(rrset(*own, 60, "v=spf1 ip4:192.0.2.1 -all")), (wish("record", *own),))
    life.known_for("20d")
    live = rrset(name, "TXT", 60, "v=spf1 include:_spf.example.jp -all")
    life.neighbours = (Neighbour(name, desired(name), zone(live), Ledger()),)
    life.run("12d", every="1d")
    assert life.values(*own)
    life.neighbours = (Neighbour(name, desired(name), {}, Ledger()),)
    life.run("12d", every="1d")
    assert not life.values(*own)


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
    (finding,) = (one for one in life.plan().findings if one.id == "host-in-use")
    assert "the MX of customer.example names this host" in finding.message


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


# ---- Domains of one zone ------------------------------------------------------------------------

NEWS = f"news.{ZONE}"
NEWS_HOST = f"mx.{NEWS}"
NEWS_MX = (NEWS, "MX")


def sibling(*wishes: Wish) -> tuple[Neighbour, ...]:
    """Give a subdomain; the zone's listing and ledger are those of the domain that is planned."""
    news = replace(desired(ZONE, *wishes), domain=NEWS)
    return (Neighbour(ZONE, news, None, Ledger()),)


def news_mx(*values: str) -> Wish:
    """Wish for the subdomain's MX."""
    return wish("mx", NEWS, "MX", *values)


def test_mail_waits_for_the_host_of_a_subdomain() -> None:
    """The host has no address yet, but the subdomain's file asks for it: the switch waits."""
    life = Story(zone(rrset(ZONE, "MX", 60, OLD)), (mx(f"10 {NEWS_HOST}", ttl=60),))
    life.known_for("20d")
    life.neighbours = sibling(wish("host", NEWS_HOST, "A", "192.0.2.1"))
    life.run("2d")
    assert life.values(*MX) == (OLD,)
    assert [f.id for f in life.plan().findings if f.severity == "error"] == []
    made = life.now
    life.live[NEWS_HOST, "A"] = rrset(NEWS_HOST, "A", 3600, "192.0.2.1")
    life.ledger = life.ledger.intended((NEWS_HOST, "A"), life.live[NEWS_HOST, "A"], made)
    life.run("2d")
    assert life.ran_at("switch", MX) >= made + timedelta(hours=3)
    life.neighbours = sibling(wish("host", NEWS_HOST, "A"))
    life.wishes = (mx(OLD), wish("spf", ZONE, "TXT", f"v=spf1 include:{NEWS} -all"))
    assert "spf-include-missing" in {f.id for f in life.plan().findings}
    life.neighbours = sibling(wish("spf", NEWS, "TXT", "v=spf1 -all"))
    assert "spf-include-missing" not in {f.id for f in life.plan().findings}
    held = life.stage("prepare", "held")
    assert held is not None
    assert any("news.example.jp has to be applied first" in hold.reason for hold in held.holds)


def test_an_mx_host_that_a_subdomain_removes_is_none() -> None:
    """The plan of the domain that would send mail there is an error."""
    life = Story(
        zone(rrset(ZONE, "MX", 60, OLD), rrset(NEWS_HOST, "A", 60, "192.0.2.1")),
        (mx(f"10 {NEWS_HOST}"),),
        neighbours=sibling(wish("host", NEWS_HOST, "A")),
    )
    assert [f.id for f in life.plan().findings if f.severity == "error"] == ["mx-target-no-address"]


def test_a_host_stays_for_the_mail_of_a_subdomain() -> None:
    """Its MX leads here, and is meant to; or it has moved, and some resolver may hold it."""
    host = "mx1." + ZONE
    life = hosting("192.0.2.1", wish("host", host, "A"))
    life.live[NEWS_MX] = rrset(*NEWS_MX, 86400, f"10 {host}")
    life.neighbours = sibling(news_mx(f"10 {host}"))
    assert "host-in-use" in {finding.id for finding in life.plan().findings}
    life.neighbours = sibling(news_mx("10 mx.other.example."))
    assert "host-in-use" not in {finding.id for finding in life.plan().findings}
    life.apply()
    assert life.values(host, "A") == ("192.0.2.1",)
    life.ledger = life.ledger.seen(NEWS_MX, life.live[NEWS_MX], life.now)
    life.live[NEWS_MX] = rrset(*NEWS_MX, 3600, "10 mx.other.example.")
    life.ledger = life.ledger.seen(NEWS_MX, life.live[NEWS_MX], life.now)
    moved = life.now
    life.run("30d")
    assert life.values(host, "A") == ()
    assert next(t for t, _, c in life.log if c.key == (host, "A")) >= moved + DAY


def test_a_subdomain_that_its_file_has_left_still_has_a_past() -> None:
    """What the journal remembers of its MX keeps a host's address, and so does what is live."""
    host = "mx1." + ZONE
    life = hosting("192.0.2.1", wish("host", host, "A"))
    before, after = rrset(*NEWS_MX, 86400, f"10 {host}"), rrset(*NEWS_MX, 60, "10 x.example.")
    life.ledger = life.ledger.seen(NEWS_MX, before, START).seen(NEWS_MX, after, life.now)
    life.live[NEWS_MX] = after
    life.apply()
    assert life.values(host, "A") == ("192.0.2.1",)
    life.run("12d")
    assert life.values(host, "A") == ()


def test_the_implicit_mx_of_a_subdomain_is_a_host_that_takes_mail() -> None:
    """Without an MX its own address takes its mail: it is switched, not just replaced."""
    life = hosting("192.0.2.1", wish("host", NEWS, "A", "192.0.2.2"))
    life.live[NEWS, "A"] = rrset(NEWS, "A", 3600, "192.0.2.1")
    life.neighbours = sibling(wish("spf", NEWS, "TXT", "v=spf1 -all"))
    life.known_for("20d")
    life.apply()
    assert life.values(NEWS, "A") == ("192.0.2.1",)
    assert life.ttl(NEWS, "A") == 300


def test_a_host_of_a_subdomain_is_no_old_server_of_ours() -> None:
    """What the subdomain's own plan says of its former address is not said twice."""
    life = Story(
        zone(rrset(ZONE, "MX", 60, OLD), rrset(NEWS_MX[0], "MX", 60, f"10 {NEWS_HOST}")),
        (mx(OLD, ttl=60),),
        neighbours=sibling(news_mx(f"10 {NEWS_HOST}"), wish("host", NEWS_HOST, "A", "192.0.2.2")),
    )
    key = (NEWS_HOST, "A")
    life.known_for("40d")
    life.ledger = life.ledger.seen(key, rrset(*key, 86400, "192.0.2.1"), START)
    life.live[key] = rrset(*key, 86400, "192.0.2.2")
    life.ledger = life.ledger.seen(key, life.live[key], life.now)
    assert life.plan().old_service_until is None
    life.neighbours = ()
    assert life.plan().old_service_until is not None


def test_what_a_rehearsal_takes_to_be_there() -> None:
    """All that the zone's other domains ask for, but what leads their mail."""
    here = sibling(wish("host", NEWS_HOST, "A", "192.0.2.1"), wish("host", NEWS_HOST, "AAAA"))
    mail = sibling(news_mx(OLD))
    other = (neighbour(HOSTING, (wish("host", HOST, "A", "192.0.2.1"),), {}),)
    found = siblings_records(ZONE, (*here, *mail, *other))
    assert found == zone(rrset(NEWS_HOST, "A", 3600, "192.0.2.1"))


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


def test_domains_of_one_zone_lean_on_each_other() -> None:
    """Whatever they say; and whoever leans on the zone leans on all of them."""
    everyone = [
        desired(HOSTING),
        replace(desired(HOSTING), domain=f"news.{HOSTING}"),
        desired("a.example.", replace(mx(f"10 {HOST}"), name="a.example.")),
    ]
    assert relations(everyone) == {
        HOSTING: {f"news.{HOSTING}", "a.example."},
        f"news.{HOSTING}": {HOSTING, "a.example."},
        "a.example.": {HOSTING, f"news.{HOSTING}"},
    }


def test_the_deepest_zone_has_a_name() -> None:
    """Of zones within each other, the inner one publishes it."""
    assert zones_of(["mx.a.example."], {"example.", "a.example."}) == {"a.example."}
    assert zones_of(["mx.other.test."], {"example."}) == set()


def test_a_key_that_a_neighbours_selector_is_an_alias_of_does_not_go() -> None:
    """Signatures of the neighbour would fail; with something else at that name, it is no matter."""
    key = (f"s1.keys.{ZONE}", "TXT")
    life = Story(zone(rrset(*key, 60, "v=DKIM1; p=AAAA")), (wish("record", *key),))
    life.known_for("20d")
    alias = wish("dkim", "s1._domainkey.customer.example.", "CNAME", key[0])
    life.neighbours = (neighbour("customer.example.", (alias,), {}),)
    (finding,) = life.plan().findings
    assert finding.id == "alias-target-in-use"
    assert "s1._domainkey.customer.example is an alias" in finding.message
    life.live[key[0], "A"] = rrset(key[0], "A", 60, "192.0.2.1")
    assert life.plan().findings == ()


def test_a_ledger_remembers_where_mail_went() -> None:
    """Also to where it no longer goes."""
    key = ("a.example.", "MX")
    ledger = Ledger().seen(key, rrset(*key, 60, OLD), START).seen(key, None, START + DAY)
    assert leaned_on(ledger) == {"mx.old.example."}
    spf = rrset("a.example.", "TXT", 60, "v=spf1 include:_spf.b.example -all", "any text")
    assert leaned_on(ledger.seen(spf.key, spf, START)) == {"mx.old.example.", "_spf.b.example."}
