from dataclasses import replace
from datetime import timedelta

import pytest

from mailsync.desired.model import Cutover
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Neighbour
from tests.unit.plan.story import START, ZONE, Story, mx, rrset, wish, zone

MX1 = "mx1." + ZONE
OLD = rrset(ZONE, "MX", 3600, "10 mx.old.example.")
MX = (ZONE, "MX")
A = (MX1, "A")


def test_a_new_hosts_address_is_visible_before_the_mx_names_it() -> None:
    """The address comes while preparing; the switch waits until nobody remembers its absence."""
    life = Story(zone(OLD), (mx("10 " + MX1), wish("host", MX1, "A", "192.0.2.10")))
    life.cutover = Cutover(unseen_ttl=60, resolver_min_ttl=60)
    life.ledger = life.ledger.seen(MX, OLD.with_ttl(300), START - timedelta(days=3))
    life.live[MX] = OLD.with_ttl(300)
    assert life.apply() == ["prepare"]
    switch = life.stage("switch")
    assert switch is not None
    assert switch.not_before == START + timedelta(hours=3)
    assert any(hold.rrset == f"{MX1} A" for hold in switch.holds)
    life.run("4h", every="10m")
    assert life.ran_at("switch", MX) == START + timedelta(hours=3)


def test_the_address_of_a_host_that_takes_mail_is_switched() -> None:
    """Changing the address of an MX host routes mail: lowered, waited for, switched, restored."""
    life = Story(
        zone(rrset(ZONE, "MX", 3600, "10 " + MX1), rrset(MX1, "A", 86400, "192.0.2.1")),
        (mx("10 " + MX1), wish("host", MX1, "A", "192.0.2.2")),
    )
    life.run("12d")
    assert life.ran_at("prepare", A) == START
    assert life.ran_at("switch", A) == START + timedelta(days=1)
    assert life.live[A] == rrset(MX1, "A", 3600, "192.0.2.2")


def test_the_old_address_keeps_accepting() -> None:
    """The server at the old address stays until no resolver holds it."""
    life = Story(
        zone(rrset(ZONE, "MX", 3600, "10 " + MX1), rrset(MX1, "A", 86400, "192.0.2.1")),
        (mx("10 " + MX1), wish("host", MX1, "A", "192.0.2.2")),
    )
    expected = START + timedelta(seconds=86400 + 300 + 300)
    assert life.plan().old_service_until == expected


def test_a_stale_address_of_a_coming_host_is_corrected_first() -> None:
    """A host that no MX names yet gets its right address at once; the switch waits for it."""
    life = Story(zone(OLD, rrset(MX1, "A", 43200, "192.0.2.1")))
    life.wishes = (mx(OLD.values[0]), wish("host", MX1, "A", "192.0.2.1"))
    life.known_for("20d")
    life.wishes = (mx("10 " + MX1), wish("host", MX1, "A", "192.0.2.2"))
    corrected = life.now
    assert life.apply() == ["prepare"]
    assert life.values(*A) == ("192.0.2.2",)
    life.run("3d")
    assert life.ran_at("switch", MX) == corrected + timedelta(seconds=43200)


@pytest.mark.unmeasured
def test_a_stale_address_stays_while_an_mx_that_nobody_saw_may_lead_to_it() -> None:
    """Mail may go there: it is changed like the address of a host in use, and before the MX."""
    life = Story(
        zone(OLD, rrset(MX1, "A", 43200, "192.0.2.1")),
        (mx("10 " + MX1), wish("host", MX1, "A", "192.0.2.2")),
    )
    assert life.apply() == ["prepare"]
    assert life.live[A] == rrset(MX1, "A", 300, "192.0.2.1")
    life.run("3d", every="1m")
    moved = next(t for t, _, c in life.log if c.after == rrset(MX1, "A", 300, "192.0.2.2"))
    assert moved == START + timedelta(days=1)
    assert life.ran_at("switch", MX) == moved + timedelta(minutes=5)


def shared_host() -> Story:
    """Tell the story of a domain whose mail is to go to a host that takes another one's already."""
    other = rrset("other.example.", "MX", 3600, "10 " + MX1)
    file = replace(mx("10 " + MX1), name="other.example.")
    life = Story(zone(OLD, rrset(MX1, "A", 43200, "192.0.2.1")))
    life.wishes = (mx(OLD.values[0]), wish("host", MX1, "A", "192.0.2.1"))
    known = Ledger().seen(other.key, other, START - timedelta(days=30))
    there = replace(life.desired, domain="other.example.", zone="other.example.", wishes=(file,))
    life.neighbours = (Neighbour("other.example.", there, zone(other), known),)
    life.known_for("20d")
    life.wishes = (mx("10 " + MX1), wish("host", MX1, "A", "192.0.2.2"))
    life.apply()
    return life


def case_a_host_in_use_that_comes() -> None:
    """A host that takes mail for another domain gets its new address before this domain's mail.

    What stands at its old address takes the other domain's mail, and perhaps not this one's.
    """
    life = shared_host()
    life.run("3d", every="1m")
    moved = life.ran_at("switch", A)
    assert moved == START + timedelta(days=20, seconds=43200)
    assert life.ran_at("switch", MX) == moved + timedelta(minutes=5)


@pytest.mark.unmeasured
def test_case() -> None:
    """The case that a mutant breaks holds for the planner as it is."""
    case_a_host_in_use_that_comes()


def test_a_plan_shows_that_mx_follows_the_address() -> None:
    """As two steps of the switch, the second with its own time and reason."""
    plan = shared_host().plan()
    first, second = (stage for stage in plan.stages if stage.name == "switch")
    assert [change.key for change in first.changes] == [A]
    assert [change.key for change in second.changes] == [MX]
    assert second.not_before == first.not_before + timedelta(minutes=5)
    assert f"{MX1} A" in {hold.rrset for hold in second.holds}
    assert plan.old_service_until == second.not_before + timedelta(minutes=10)


def test_an_mx_host_without_address_is_an_error() -> None:
    """An MX never names a host of this zone that has no address."""
    life = Story(zone(OLD), (mx("10 " + MX1),))
    plan = life.plan()
    assert plan.status == "error"
    assert [f.id for f in plan.findings] == ["mx-target-no-address"]
    assert life.apply() == []


@pytest.mark.parametrize(
    ("wild", "beside", "says"),
    [
        (("*." + ZONE, "A", "192.0.2.9"), (), []),
        (("*." + ZONE, "AAAA", "2001:db8::9"), (), []),
        (("*." + ZONE, "CNAME", "www.example."), (), ["mx-target-cname"]),
        # A name that is there, or has one below it, is no wildcard's to answer for.
        (("*." + ZONE, "A", "192.0.2.9"), ((MX1, "TXT", '"x"'),), ["mx-target-no-address"]),
        (("*." + ZONE, "A", "192.0.2.9"), (("a." + MX1, "TXT", '"x"'),), ["mx-target-no-address"]),
        (("*.other." + ZONE, "A", "192.0.2.9"), (), ["mx-target-no-address"]),
    ],
)
def test_an_mx_host_may_have_its_address_of_a_wildcard(
    wild: tuple[str, str, str], beside: tuple[tuple[str, str, str], ...], says: list[str]
) -> None:
    """What a wildcard answers will do for a host that takes mail already (RFC 4592 §3.3.1)."""
    records = [rrset(name, rdtype, 3600, value) for name, rdtype, value in (wild, *beside)]
    here = rrset(ZONE, "MX", 3600, "10 " + MX1)
    life = Story(zone(here, *records), (mx("10 " + MX1),))
    assert [f.id for f in life.plan().findings if f.severity == "error"] == says
    life = Story(zone(OLD, *records), (mx("10 " + MX1),))
    assert "error" in {finding.severity for finding in life.plan().findings}


def test_an_mx_host_in_a_delegated_zone_is_not_judged() -> None:
    """What lies below a delegation is not in this zone, and not ours to judge."""
    sub = rrset("sub." + ZONE, "NS", 3600, "ns.other.example.")
    life = Story(zone(OLD, sub), (mx("10 mx.sub." + ZONE),))
    assert life.plan().status == "changes"


def test_an_mx_host_that_is_an_alias_is_an_error() -> None:
    """An MX must not name an alias (RFC 2181 §10.3)."""
    alias = rrset(MX1, "CNAME", 3600, "elsewhere.example.")
    life = Story(zone(OLD, alias), (mx("10 " + MX1),))
    assert [f.id for f in life.plan().findings] == ["mx-target-cname"]


def test_an_undeclared_host_address_that_changed_is_waited_for() -> None:
    """The address of a coming MX host matters although the file does not name it."""
    life = Story(zone(OLD.with_ttl(60), rrset(MX1, "A", 3600, "192.0.2.1")), (mx("10 " + MX1),))
    life.ledger = life.ledger.seen(MX, OLD.with_ttl(60), START - timedelta(days=5))
    switch = life.stage("switch")
    assert switch is not None
    assert [hold.rrset for hold in switch.holds] == [f"{MX1} A"]


def test_the_address_of_a_departed_host_goes_last() -> None:
    """`absent` for an old MX host waits until no resolver holds an MX that names it."""
    life = Story(
        zone(
            rrset(ZONE, "MX", 3600, "10 " + MX1),
            rrset(MX1, "A", 3600, "192.0.2.1"),
        ),
        (mx("10 mx.new.example."), wish("host", MX1, "A")),
    )
    life.run("13d")
    assert life.values(*A) == ()
    assert life.ran_at("settle", A) >= life.ran_at("switch", MX) + timedelta(days=10)


def test_the_address_of_a_host_in_use_cannot_go() -> None:
    """The address of a host that the MX still names is not removed."""
    life = Story(
        zone(rrset(ZONE, "MX", 3600, "10 " + MX1), rrset(MX1, "A", 3600, "192.0.2.1")),
        (mx("10 " + MX1), wish("host", MX1, "A")),
    )
    assert [f.id for f in life.plan().findings] == ["host-in-use"]


def test_an_address_that_routes_nothing_goes_at_once() -> None:
    """An address that no MX ever named is simply removed."""
    life = Story(zone(rrset(MX1, "A", 3600, "192.0.2.1")), (wish("host", MX1, "A"),))
    assert life.apply() == ["prepare"]
    assert life.live == {}


def test_without_mx_the_apex_address_is_switched() -> None:
    """A domain without MX takes mail at its own address: changing that moves mail."""
    life = Story(
        zone(rrset(ZONE, "A", 86400, "192.0.2.1")), (wish("host", ZONE, "A", "192.0.2.2"),)
    )
    life.run("2d")
    assert life.ran_at("prepare", (ZONE, "A")) == START
    assert life.ran_at("switch", (ZONE, "A")) == START + timedelta(days=1)


def test_with_a_null_mx_the_apex_address_routes_nothing() -> None:
    """A domain that takes no mail may change its web address at once."""
    life = Story(
        zone(rrset(ZONE, "A", 86400, "192.0.2.1"), rrset(ZONE, "MX", 3600, "0 .")),
        (wish("host", ZONE, "A", "192.0.2.2"),),
    )
    assert life.apply() == ["prepare"]


def test_an_address_that_is_to_go_is_gone_before_mail_comes_to_the_host() -> None:
    """Nobody takes the domain's mail there: it goes at once, and the switch waits for that."""
    life = Story(
        zone(OLD, rrset(MX1, "A", 60, "192.0.2.1"), rrset(MX1, "AAAA", 43200, "2001:db8::1"))
    )
    life.wishes = (mx(OLD.values[0]), wish("host", MX1, "A", "192.0.2.1"))
    life.wishes += (wish("host", MX1, "AAAA", "2001:db8::1"),)
    life.known_for("20d")
    gone = life.now
    life.wishes = (mx("10 " + MX1), *life.wishes[1:2], wish("host", MX1, "AAAA"))
    assert life.apply() == ["prepare"]
    assert (MX1, "AAAA") not in life.live
    life.run("3d")
    assert life.ran_at("switch", MX) == gone + timedelta(seconds=43200)


def test_the_address_of_any_host_stays_while_an_mx_that_nobody_saw_may_lead_to_it() -> None:
    """Also of one that mail may just have left: what stands at the new address may take none."""
    life = Story(
        zone(OLD, rrset(MX1, "A", 60, "192.0.2.1")),
        (mx(OLD.values[0]), wish("host", MX1, "A", "192.0.2.2", ttl=60)),
    )
    life.run("23h")
    assert life.values(*A) == ("192.0.2.1",)
    life.run("2h")
    assert life.values(*A) == ("192.0.2.2",)


def test_an_address_says_whether_mail_needs_it() -> None:
    """That of a web server is no address that an MX is to name."""
    web = wish("host", f"www.{ZONE}", "A", "192.0.2.80")
    life = Story(zone(OLD), (mx("10 " + MX1), wish("host", MX1, "A", "192.0.2.10"), web))
    prepare = life.stage("prepare", "due")
    assert prepare is not None
    assert {c.key[0]: c.why for c in prepare.changes if c.key[1] == "A"} == {
        MX1: "the host's address must be visible before an MX names it",
        f"www.{ZONE}": "sets the host's address: no MX names it",
    }
