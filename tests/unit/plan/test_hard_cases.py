"""Plans that look right and would lose mail, each found by trying to lose some."""

from datetime import timedelta

import pytest

from mailsync.desired.model import Cutover, Opening, Window
from mailsync.errors import HostError
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Capability
from tests.unit.apply.laboratory import MX, TXT, Laboratory
from tests.unit.plan.story import ZONE, Story, mx, rrset, spf, wish, zone

MX1 = "mx1." + ZONE
A, AAAA = (MX1, "A"), (MX1, "AAAA")
OLD, NEW = "10 mx.old.example.", "10 mx.new.example."
OLD_SPF, NEW_SPF = "v=spf1 include:_spf.old.example -all", "v=spf1 include:_spf.new.example -all"
SATURDAYS = Window((Opening(frozenset({5, 6}), 0, 1440),), "Sat-Sun 00:00-24:00")


def test_spf_is_not_shrunk_while_a_server_lacks_the_union() -> None:
    """While one server still serves the old SPF, the union stays."""
    lab = Laboratory(zone(rrset(ZONE, "TXT", 3600, OLD_SPF)), (spf(OLD_SPF),))
    lab.apply()
    lab.passes("9d")
    lab.wishes, lab.held_back = (spf(NEW_SPF),), dict(lab.rrsets)
    lab.apply()
    union = lab.rrsets[TXT]
    lab.passes("1h")
    lab.apply()
    assert lab.rrsets[TXT] == union


def test_a_selector_stays_while_a_server_lacks_its_successor() -> None:
    """An old key is not retired before every server serves the new one."""
    new, old = ("n._domainkey." + ZONE, "TXT"), ("o._domainkey." + ZONE, "TXT")
    wishes = (wish("dkim", *new, "v=DKIM1; p=BBBB"), wish("dkim", *old))
    lab = Laboratory(zone(rrset(*old, 3600, "v=DKIM1; p=AAAA")), wishes)
    lab.held_back = dict(lab.rrsets)
    lab.apply()
    lab.passes("1h")
    lab.apply()
    assert old in lab.rrsets


def test_dmarc_is_not_tightened_while_a_server_lacks_the_new_spf() -> None:
    """The policy is tightened only when every server lets the new senders send."""
    key = ("_dmarc." + ZONE, "TXT")
    both = OLD_SPF.replace("-all", "include:_spf.new.example -all")
    wishes = (spf(both), wish("dmarc", *key, "v=DMARC1; p=reject"))
    live = zone(rrset(ZONE, "TXT", 3600, OLD_SPF), rrset(*key, 3600, "v=DMARC1; p=none"))
    lab = Laboratory(dict(live), wishes, held_back=live)
    lab.apply()
    lab.passes("1h")
    lab.apply()
    assert lab.rrsets[key] == live[key]


def test_nothing_settles_while_a_server_lacks_the_switch() -> None:
    """Until every server serves the new MX, mail has not moved, also where TTLs were always low."""
    home = (mx(OLD, ttl=300), spf(OLD_SPF))
    live = zone(rrset(ZONE, "MX", 300, OLD), rrset(ZONE, "TXT", 3600, OLD_SPF))
    lab = Laboratory(live, home)
    lab.apply()
    lab.passes("9d")
    lab.wishes = (mx(NEW, ttl=300), spf(NEW_SPF))
    lab.cutover = Cutover(at=lab.now + timedelta(days=30))
    lab.applied_for("29d", "1d")
    lab.held_back = dict(lab.rrsets)
    lab.passes("26h")
    lab.apply()
    union = lab.rrsets[TXT]
    lab.passes("1h")
    lab.apply()
    assert lab.rrsets[MX].values == (NEW,)
    assert lab.rrsets[TXT] == union


@pytest.mark.parametrize("ttl", [300, 3600])
def test_a_lost_journal_after_the_switch_keeps_the_old_service(ttl: int) -> None:
    """A first sight at a TTL at which mail is switched may be a switch just made."""
    life = Story(zone(rrset(ZONE, "MX", 3600, OLD)), (mx(NEW, ttl=ttl),))
    if ttl == 3600:
        life.capability = Capability(settable=False)
    while life.values(*MX) != (NEW,):
        life.apply()
        life.passes("1m")
    assert life.plan().old_service_until is not None
    life.ledger = Ledger()
    assert life.plan().old_service_until is not None


def test_a_lost_journal_after_the_switch_keeps_the_old_host() -> None:
    """The old host's address stays as long as an MX that nobody saw may name it."""
    live = zone(rrset(ZONE, "MX", 3600, "10 " + MX1), rrset(MX1, "A", 3600, "192.0.2.1"))
    life = Story(live, (mx(NEW, ttl=300), wish("host", MX1, "A")))
    while life.values(*MX) != (NEW,):
        life.apply()
        life.passes("1m")
    life.ledger = Ledger()
    life.apply()
    assert life.values(*A) == ("192.0.2.1",)


def test_first_sight_keeps_an_old_host() -> None:
    """An MX changed by hand just before the first run may still lead to the host that is to go."""
    live = zone(rrset(ZONE, "MX", 3600, NEW), rrset(MX1, "A", 3600, "192.0.2.1"))
    life = Story(live, (mx(NEW), wish("host", MX1, "A")))
    life.apply()
    assert life.values(*A) == ("192.0.2.1",)


def test_a_lost_journal_while_a_server_lags_keeps_the_old_service() -> None:
    """What a lagging server serves is not over because the journal is lost."""
    lab = Laboratory(zone(rrset(ZONE, "MX", 300, OLD)), (mx(OLD, ttl=300),))
    lab.apply()
    lab.passes("2d")
    lab.wishes, lab.held_back = (mx(NEW),), dict(lab.rrsets)
    lab.apply()
    lab.entries = []
    lab.apply()
    assert lab.rrsets[MX] == rrset(ZONE, "MX", 300, NEW)
    assert lab.look().plan.old_service_until is not None


def test_an_address_that_goes_from_a_host_in_use_comes_to_rest() -> None:
    """One family of a host in use can be removed, and its server stays until nobody holds it."""
    addresses = rrset(MX1, "A", 3600, "192.0.2.1"), rrset(MX1, "AAAA", 3600, "2001:db8::1")
    wishes = (mx("10 " + MX1), wish("host", MX1, "A", "192.0.2.1"), wish("host", MX1, "AAAA"))
    life = Story(zone(rrset(ZONE, "MX", 3600, "10 " + MX1), *addresses), wishes)
    assert life.plan().old_service_until is not None
    life.run("15d", every="6h")
    assert life.plan().status == "converged"


def test_from_ipv4_to_ipv6_keeps_the_old_server() -> None:
    """The server at the only IPv4 address stays until that address is gone everywhere."""
    live = zone(rrset(ZONE, "MX", 3600, "10 " + MX1), rrset(MX1, "A", 3600, "192.0.2.1"))
    wishes = (mx("10 " + MX1), wish("host", MX1, "AAAA", "2001:db8::1"), wish("host", MX1, "A"))
    life = Story(live, wishes)
    assert life.plan().old_service_until is not None
    life.run("30d", every="6h")
    assert life.plan().status == "converged"


def test_without_soak_a_family_goes_only_when_the_other_is_known() -> None:
    """The last IPv4 address stays while resolvers may remember that there was no IPv6 one."""
    live = zone(rrset(ZONE, "MX", 300, "10 " + MX1), rrset(MX1, "A", 300, "192.0.2.1"))
    home = (mx("10 " + MX1, ttl=300), wish("host", MX1, "A", "192.0.2.1", ttl=300))
    life = Story(live, home, Cutover(soak=0))
    life.apply()
    life.passes("9d")
    life.wishes = (home[0], wish("host", MX1, "AAAA", "2001:db8::1"), wish("host", MX1, "A"))
    life.apply()
    assert life.values(*AAAA)
    assert life.values(*A)


def test_a_departing_hosts_address_changes_only_when_no_mx_names_it() -> None:
    """While resolvers hold the old MX, its host keeps the address that takes the mail."""
    live = zone(rrset(ZONE, "MX", 3600, "10 " + MX1), rrset(MX1, "A", 3600, "192.0.2.1"))
    life = Story(live, (mx(NEW), wish("host", MX1, "A", "192.0.2.80")))
    while life.values(*MX) != (NEW,):
        life.apply()
        life.passes("1m")
    assert life.values(*A) == ("192.0.2.1",)


def test_the_apex_keeps_its_address_while_absence_of_mx_is_remembered() -> None:
    """After the first MX, resolvers that hold its absence still send mail to the apex."""
    home = wish("host", ZONE, "A", "192.0.2.80", ttl=300)
    life = Story(zone(rrset(ZONE, "A", 300, "192.0.2.80")), (mx(NEW), home))
    life.see()
    life.passes("2d")
    life.apply()
    assert life.values(*MX) == (NEW,)
    life.wishes = (mx(NEW), wish("host", ZONE, "A", "192.0.2.81", ttl=300))
    life.passes("10s")
    life.apply()
    assert life.values(ZONE, "A") == ("192.0.2.80",)


def test_a_rollback_waits_for_an_address_that_changes_with_it() -> None:
    """Mail goes back at once only to a host that everybody finds where it is."""
    live = zone(rrset(ZONE, "MX", 3600, "10 " + MX1), rrset(MX1, "A", 3600, "192.0.2.1"))
    life = Story(live, (mx(NEW), wish("host", MX1, "A", "192.0.2.1")))
    life.run("3d")
    life.wishes = (mx("10 " + MX1), wish("host", MX1, "A", "192.0.2.99"))
    life.apply()
    assert life.values(*MX) == (NEW,)


def test_a_switch_that_failed_is_no_rollback() -> None:
    """After a switch that never took place, the next try keeps to the window."""

    class Down(Laboratory):
        def write(self, zone: str, changes: object) -> None:
            raise HostError("no route to host")

    live = zone(rrset(ZONE, "MX", 300, OLD))
    lab = Down(live, (mx(OLD, ttl=300),), Cutover(window=SATURDAYS))
    lab.apply()
    lab.passes("6d")
    lab.wishes = (mx(NEW, ttl=300),)
    with pytest.raises(HostError):
        lab.apply()
    lab.passes("3d")
    assert lab.now.weekday() not in {5, 6}
    assert lab.apply().state == "waiting"


def test_what_is_dropped_from_the_file_keeps_its_old_service() -> None:
    """Dropping `mx` or `hosts` after a switch does not make resolvers forget."""
    live = zone(rrset(ZONE, "MX", 3600, "10 " + MX1), rrset(MX1, "A", 3600, "192.0.2.1"))
    life = Story(live, (mx("10 " + MX1), wish("host", MX1, "A", "192.0.2.2")))
    while life.values(*A) != ("192.0.2.2",):
        life.apply()
        life.passes("1m")
    said = life.plan().old_service_until
    assert said is not None
    life.wishes = (mx("10 " + MX1),)
    assert life.plan().old_service_until == said


def test_a_ttl_left_low_is_said() -> None:
    """A kind dropped in flight leaves its TTL low; the plan says so."""
    life = Story(zone(rrset(ZONE, "MX", 86400, OLD)), (mx(NEW),))
    life.apply()
    life.wishes = (spf(OLD_SPF),)
    assert any("86400" in finding.message for finding in life.plan().findings)


def test_a_way_back_that_was_staged_waits_as_it_said() -> None:
    """Lowering the TTL does not turn a staged way back into a rollback at once."""
    life = Story(zone(rrset(ZONE, "MX", 86400, OLD)), (mx(NEW),))
    life.run("2d")
    life.live[MX] = rrset(ZONE, "MX", 86400, NEW)
    life.apply()
    life.passes("2d")
    life.wishes = (mx(OLD, ttl=86400),)
    switch = life.stage("switch")
    assert switch is not None
    life.run("2d")
    assert [t for t, stage, _ in life.log if stage == "switch"][-1] >= switch.not_before


def test_the_address_of_a_host_that_an_unmanaged_mx_names_cannot_go() -> None:
    """`absent` for a host that the live MX names is an error, also where the file has no `mx`."""
    live = zone(rrset(ZONE, "MX", 3600, "10 " + MX1), rrset(MX1, "A", 3600, "192.0.2.1"))
    life = Story(live, (wish("host", MX1, "A"),))
    assert [finding.id for finding in life.plan().findings if finding.severity == "error"]


def test_a_family_that_the_file_does_not_name_is_pointed_out() -> None:
    """A host that moves and keeps an address of the other family is half moved: that is said."""
    addresses = rrset(MX1, "A", 3600, "192.0.2.1"), rrset(MX1, "AAAA", 3600, "2001:db8::1")
    wishes = (mx("10 " + MX1), wish("host", MX1, "A", "192.0.2.2"))
    life = Story(zone(rrset(ZONE, "MX", 3600, "10 " + MX1), *addresses), wishes)
    assert any("AAAA" in finding.message for finding in life.plan().findings)


def test_a_version_that_was_listed_while_a_server_lagged_is_remembered() -> None:
    """What the host listed was published somewhere, also if it is gone again at the next run."""
    lab = Laboratory(zone(rrset(ZONE, "MX", 300, OLD)), (mx(OLD, ttl=300),))
    lab.apply()
    lab.passes("9d")
    lab.held_back = dict(lab.rrsets)
    lab.rrsets[MX] = rrset(ZONE, "MX", 86400, "10 mx.other.example.")
    lab.wishes = (mx("10 mx.other.example.", ttl=86400),)
    lab.apply()
    lab.rrsets[MX] = rrset(ZONE, "MX", 300, OLD)
    lab.wishes = (mx(NEW, ttl=300),)
    lab.apply()
    assert lab.rrsets[MX].values == (OLD,)
