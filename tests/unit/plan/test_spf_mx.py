"""``mx`` in SPF while the MX changes: whoever it let send still may, and whoever it will let."""

from __future__ import annotations

from datetime import timedelta

from mailsync.desired.model import Cutover
from mailsync.dns.rrset import txt_text
from tests.unit.plan.story import START, ZONE, Story, mx, rrset, spf, wish, zone

MX, TXT = (ZONE, "MX"), (ZONE, "TXT")
HOST = f"mx1.{ZONE}"
OLD, NEW = "10 mx.old.example.", "10 mx.new.example."
BY_MX, BY_NAME = "v=spf1 mx -all", "v=spf1 include:_spf.new.example -all"
DAY = timedelta(days=1)


def known(*rrsets: tuple[str, str, int, str]) -> Story:
    """Give a domain that has long been as it is."""
    life = Story(zone(*(rrset(*one) for one in rrsets)))
    life.cutover = Cutover(ttl=300, soak=86400)
    life.wishes = ()
    return life


def leaving(ttl: int = 3600) -> Story:
    """Give a domain whose MX hosts send, and that is to move elsewhere."""
    life = known((*MX, 3600, OLD), (*TXT, ttl, BY_MX))
    life.wishes = (mx(OLD), spf(BY_MX, ttl))
    life.known_for("20d")
    life.wishes = (mx(NEW), spf(BY_NAME, ttl))
    return life


def text(life: Story) -> str:
    """Give the live SPF record."""
    return txt_text(life.live[TXT].values[0])


def case_the_old_servers_may_send_until_their_queues_are_empty() -> None:
    """After the switch ``mx`` no longer means them: they stand beside it by name."""
    life = leaving(ttl=86400)
    life.apply()
    assert text(life) == "v=spf1 include:_spf.new.example mx a:mx.old.example -all"
    life.run("12d")
    switched, settled = life.ran_at("switch", MX), life.ran_at("settle", TXT)
    assert switched >= START + 21 * DAY  # every receiver knows the record
    assert settled >= switched + timedelta(seconds=life.cutover.queue_lifetime)
    assert text(life) == BY_NAME
    assert life.plan().status == "converged"


def case_a_record_that_stays_has_both_meanings_meanwhile() -> None:
    """A file that asks for the same record gets it back; in between it names old and new hosts."""
    life = leaving(ttl=86400)
    life.wishes = (mx(NEW), spf(BY_MX, 86400))
    life.apply()
    assert text(life) == "v=spf1 mx a:mx.new.example a:mx.old.example -all"
    life.run("12d")
    assert life.ran_at("switch", MX) >= START + 21 * DAY
    assert life.ran_at("settle", TXT) >= life.ran_at("switch", MX) + 5 * DAY
    assert text(life) == BY_MX


def test_the_old_servers_may_send_until_their_queues_are_empty() -> None:
    """After the switch ``mx`` no longer means them: they stand beside it by name."""
    case_the_old_servers_may_send_until_their_queues_are_empty()


def test_a_record_that_stays_has_both_meanings_meanwhile() -> None:
    """A file that asks for the same record gets it back; in between it names old and new hosts."""
    case_a_record_that_stays_has_both_meanings_meanwhile()


def test_hosts_in_the_zone_are_named_by_their_addresses() -> None:
    """No look-up is spent on what the zone says, and an address that goes is still let in."""
    life = known((*MX, 3600, f"10 {HOST}"), (HOST, "A", 3600, "192.0.2.1"), (*TXT, 60, BY_MX))
    life.wishes = (
        mx(f"10 {HOST}"),
        wish("host", HOST, "A", "192.0.2.2"),
        wish("host", HOST, "AAAA", "2001:db8::2"),
        spf("v=spf1 mx/28 -all", ttl=60),
    )
    life.apply()
    assert text(life) == "v=spf1 mx/28 ip4:192.0.2.1/28 ip6:2001:db8::2 mx -all"
    life.run("12d")
    assert text(life) == "v=spf1 mx/28 -all"
    assert life.values(HOST, "A") == ("192.0.2.2",)


def test_another_order_of_the_same_hosts_changes_nothing() -> None:
    """Who may send is the same before and after."""
    both = ("10 mx.old.example.", "20 mx.new.example.")
    life = Story(zone(rrset(*MX, 3600, *both), rrset(*TXT, 60, BY_MX)))
    life.wishes = (mx("20 mx.old.example.", "10 mx.new.example."), spf(BY_MX, ttl=60))
    life.run("12d")
    assert [change.key for _, _, change in life.log if change.key == TXT] == []


def test_going_back_before_the_switch_takes_the_hosts_out_at_once() -> None:
    """Nobody has sent the new way yet."""
    life = leaving()
    life.apply()
    life.wishes = (mx(OLD), spf(BY_MX))
    life.apply()
    assert text(life) == BY_MX
    life.run("1d")
    assert life.plan().status == "converged"


def test_where_there_is_no_room_for_the_hosts_the_user_is_told() -> None:
    """Ten look-ups are all that a receiver makes (RFC 7208 §4.6.4)."""
    many = " ".join(f"include:_spf{n}.new.example" for n in range(9))
    life = leaving()
    life.wishes = (mx(NEW), spf(f"v=spf1 {many} -all"))
    assert "spf-uses-mx" in [f.id for f in life.plan().findings]
    life.apply()
    assert text(life) == f"v=spf1 {many} mx -all"


def test_a_file_that_names_no_spf_is_told_what_the_switch_does() -> None:
    """What is not named is not changed: the user is told how mailsync would take care of it."""
    life = leaving()
    life.wishes = (mx(NEW),)
    assert "spf-uses-mx" in [f.id for f in life.plan().findings]
    life.wishes = (mx(NEW), spf(BY_NAME))
    assert "spf-uses-mx" not in [f.id for f in life.plan().findings]
