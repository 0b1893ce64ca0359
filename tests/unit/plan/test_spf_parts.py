"""SPF records that include one another: what goes from one to another is never missing.

Those named ``case_`` are judged twice: here, and by the mutants that they have to catch.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from unittest import mock

import pytest

from mailsync.desired.faults import Faults
from mailsync.desired.model import Wish
from mailsync.desired.spf_parts import divided
from mailsync.dns.rrset import RRset, txt_text
from mailsync.mail.spf_split import is_part
from mailsync.plan.choreography import Steps, at_once
from mailsync.plan.kinds import spf as kind
from tests.unit.plan.story import START, ZONE, Story, mx, rrset, spf, wish, zone

TXT = (ZONE, "TXT")
MX = (ZONE, "MX")
ONE, TWO, THREE = ((f"_spf{n}.{ZONE}", "TXT") for n in (1, 2, 3))
DAY = timedelta(days=1)


def addresses(*numbers: int) -> str:
    """Write addresses as terms."""
    return " ".join(f"ip4:198.51.100.{n}" for n in numbers)


def parts(*numbers: int, octets: int = 120, ttl: int = 3600) -> tuple[Wish, ...]:
    """Wish for a record of these addresses, in parts of so many octets."""
    faults = Faults()
    whole = replace(spf(f"v=spf1 {addresses(*numbers)} -all", ttl=ttl), split=octets)
    wishes = divided((whole,), faults)
    assert not faults
    return wishes


def known(*wishes: Wish) -> Story:
    """Give a domain that has long been as its file has it."""
    life = Story(zone(*(RRset(w.name, w.type, w.ttl, w.values) for w in wishes)), wishes)
    life.known_for("20d")
    return life


def texts(life: Story) -> dict[str, str]:
    """Give the live SPF records by name."""
    return {name: txt_text(one.values[0]) for (name, _), one in life.live.items()}


def record(name: str, text: str, ttl: int = 3600) -> Wish:
    """Wish for an SPF record under `records`."""
    return wish("record", name, "TXT", text, ttl=ttl)


# ---- Cases that catch a mutant -------------------------------------------------------------------


def case_parts_are_there_before_they_are_included() -> None:
    """The parts first; the record that includes them in one step, when every receiver has them."""
    life = known(spf(f"v=spf1 {addresses(*range(9))} -all"))
    before = texts(life)[ZONE]
    life.wishes = parts(*range(9))
    began = life.now
    assert life.apply() == ["prepare"]
    assert texts(life)[ZONE] == before
    assert {ONE, TWO} <= life.live.keys()
    life.run("2d")
    assert texts(life)[ZONE] == "v=spf1 include:_spf1.example.jp include:_spf2.example.jp -all"
    assert life.ran_at("prepare", TXT) == began + DAY  # nobody saw what was there before
    assert life.plan().status == "converged"


def case_what_moves_to_another_part_stays_until_all_know_it() -> None:
    """A part lets go of an address when every receiver finds it in the other one."""
    life = known(
        spf("v=spf1 include:_a.example.jp include:_b.example.jp -all"),
        record("_a." + ZONE, f"v=spf1 {addresses(1, 2)} -all"),
        record("_b." + ZONE, f"v=spf1 {addresses(3)} -all", ttl=86400),
    )
    a, b = ("_a." + ZONE, "TXT"), ("_b." + ZONE, "TXT")
    life.wishes = (
        life.wishes[0],
        record("_a." + ZONE, f"v=spf1 {addresses(1)} -all"),
        record("_b." + ZONE, f"v=spf1 {addresses(2, 3)} -all", ttl=86400),
    )
    life.apply()
    assert texts(life)[a[0]] == f"v=spf1 {addresses(1, 2)} -all"
    life.run("3d")
    assert texts(life)[a[0]] == f"v=spf1 {addresses(1)} -all"
    assert life.ran_at("settle", a) == life.ran_at("prepare", b) + DAY


def case_an_address_replaced_across_parts() -> None:
    """One address for another is no removal, though one goes here and the other comes there."""
    life = known(
        spf("v=spf1 include:_a.example.jp include:_b.example.jp -all"),
        record("_a." + ZONE, f"v=spf1 {addresses(1, 2)} -all"),
        record("_b." + ZONE, f"v=spf1 {addresses(3)} -all"),
    )
    a, b = ("_a." + ZONE, "TXT"), ("_b." + ZONE, "TXT")
    life.wishes = (
        life.wishes[0],
        record("_a." + ZONE, f"v=spf1 {addresses(1)} -all"),
        record("_b." + ZONE, f"v=spf1 {addresses(3, 4)} -all"),
    )
    life.run("20d")
    assert texts(life)[a[0]] == f"v=spf1 {addresses(1)} -all"
    assert life.ran_at("settle", a) >= life.ran_at("prepare", b) + 10 * DAY


def case_what_moves_up_goes_from_below_last() -> None:
    """A part loses what its top names itself only when every receiver holds that top."""
    top = "v=spf1 include:_a.example.jp -all"
    life = known(
        spf(top, ttl=86400), record("_a." + ZONE, f"v=spf1 {addresses(1, 2)} -all", ttl=60)
    )
    a = ("_a." + ZONE, "TXT")
    life.wishes = (
        spf(f"v=spf1 include:_a.example.jp {addresses(2)} -all", ttl=86400),
        record("_a." + ZONE, f"v=spf1 {addresses(1)} -all", ttl=60),
    )
    plan = life.plan()
    assert [finding.id for finding in plan.findings] == ["spf-shrinks-later"]
    life.run("3d")
    assert life.ran_at("settle", a) == life.ran_at("prepare", TXT) + DAY


def case_the_switch_waits_for_a_part() -> None:
    """Mail is not switched to servers whose address some receiver may not find in its part yet."""
    life = known(*parts(*range(9), ttl=86400), mx("10 mx.old.example.", ttl=60))
    life.wishes = (*parts(*range(10), ttl=86400), mx("10 mx.new.example.", ttl=60))
    changed = life.now
    life.run("4d")
    assert life.ran_at("switch", MX) == changed + DAY


def case_the_last_part_goes_last() -> None:
    """A part that is not needed any more goes when nobody holds the record that includes it."""
    life = known(*parts(*range(13), ttl=86400))
    life.wishes = parts(*range(9), ttl=86400)
    assert [w.name for w in life.wishes] == [ZONE, ONE[0], TWO[0]]
    life.run("1d")
    assert THREE in life.live
    life.run("12d")
    assert THREE not in life.live
    gone = next(t for t, _, c in life.log if c.key == THREE and c.after is None)
    assert gone == max(t for t, _, c in life.log if c.key == TXT) + DAY
    assert life.plan().status == "converged"


CASES = [value for name, value in sorted(globals().items()) if name.startswith("case_")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.removeprefix("case_"))
def test_case(case: object) -> None:
    """Each case holds for the planner as it is."""
    assert callable(case)
    case()


# ---- Beside them ---------------------------------------------------------------------------------


def test_a_record_becomes_whole_again() -> None:
    """Addresses go back into the record at once, it lets go of the parts, and they go last."""
    life = known(*parts(*range(9)))
    life.wishes = parts(*range(9), octets=450)
    assert life.apply() == ["prepare"]
    assert texts(life)[ZONE] == f"v=spf1 {addresses(*range(9))} -all"
    assert TWO in life.live
    life.run("1d")
    assert set(life.live) == {TXT}


def test_a_part_of_somebody_elses_make_stays() -> None:
    """At the name of a part that is not needed, only what mailsync writes there is removed."""
    mine, theirs = rrset(*TWO, 60, "v=spf1 ip4:192.0.2.1 -all"), rrset(*THREE, 60, "v=spf1 a -all")
    life = Story(zone(mine, theirs), (replace(spf("v=spf1 -all"), split=450),))
    life.known_for("20d")
    life.run("1d")
    assert THREE in life.live
    assert TWO not in life.live


def test_an_address_more_changes_one_part() -> None:
    """At once, and nothing else."""
    life = known(*parts(*range(8)))
    life.wishes = parts(*range(9))
    assert life.apply() == ["prepare"]
    changed = [change.key for _, _, change in life.log]
    assert len(changed) == 1
    assert changed[0] in {ONE, TWO}
    assert life.plan().status == "converged"


def test_a_record_that_is_not_a_part_can_be_read_or_not() -> None:
    """What nobody can parse, and what lets others than addresses send, is no part."""
    assert is_part("v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all")
    for text in ("v=spf1 x", "v=spf1 ip4:192.0.2.1 ~all", "v=spf1 ?ip4:192.0.2.1 -all", "text"):
        assert not is_part(text)


def test_a_move_and_a_removal_at_once() -> None:
    """Addresses go into a record below, which loses another: that one stays while queues last."""
    a = ("_a." + ZONE, "TXT")
    life = known(
        spf(f"v=spf1 {addresses(1, 2)} include:_a.example.jp -all"),
        record(a[0], f"v=spf1 {addresses(3)} -all"),
    )
    life.wishes = (
        spf("v=spf1 include:_a.example.jp -all"),
        record(a[0], f"v=spf1 {addresses(1, 2, 4)} -all"),
    )
    began = life.now
    life.run("10d")
    assert "198.51.100.3" in texts(life)[a[0]]
    life.run("1d")
    assert texts(life) == {
        ZONE: "v=spf1 include:_a.example.jp -all",
        a[0]: f"v=spf1 {addresses(1, 2, 4)} -all",
    }
    assert life.ran_at("prepare", a) == began
    assert life.ran_at("settle", a) >= began + 10 * DAY


def test_a_change_that_is_taken_back_is_over_at_once() -> None:
    """What nobody could rely on yet goes without a wait; what stands in a part stays."""
    life = known(*parts(*range(9)))
    life.wishes = (replace(spf(f"v=spf1 {addresses(0, 20, 21)} -all"), split=450),)
    life.apply()
    assert "198.51.100.20" in texts(life)[ZONE]
    life.passes("2h")
    life.wishes = parts(*range(9))
    life.apply()
    assert texts(life)[ZONE] == "v=spf1 include:_spf1.example.jp include:_spf2.example.jp -all"
    assert life.plan().status == "converged"


def test_look_ups_below_count() -> None:
    """While old and new senders may send, the records below count as well (RFC 7208 §4.6.4)."""
    below = " ".join(f"a:h{n}.example" for n in range(6))
    service = " ".join(f"include:s{n}.example" for n in range(4))
    life = known(
        spf("v=spf1 include:_a.example.jp -all"), record("_a." + ZONE, f"v=spf1 {below} -all")
    )
    life.wishes = (spf(f"v=spf1 {service} -all"), life.wishes[1])
    (finding,) = life.plan().findings
    assert finding.id == "spf-union-lookups"
    assert "11 look-ups" in finding.message


def test_records_that_include_each_other_have_no_end() -> None:
    """A loop is followed as far as receivers do, and told as what they make of it."""
    life = known(
        record("_a." + ZONE, f"v=spf1 include:_b.example.jp {addresses(1, 2)} -all"),
        record("_b." + ZONE, f"v=spf1 include:_a.example.jp {addresses(1)} -all"),
    )
    life.wishes = (
        record("_a." + ZONE, f"v=spf1 include:_b.example.jp {addresses(1, 3)} -all"),
        life.wishes[1],
    )
    assert {finding.id for finding in life.plan().findings} == {"spf-union-lookups", "spf-loop"}


def test_a_tree_within_a_tree_changes_from_below() -> None:
    """A record that includes what is not there yet comes after it, its top after both."""
    life = known(spf(f"v=spf1 {addresses(1, 2)} -all"))
    life.wishes = (
        spf("v=spf1 include:_a.example.jp -all"),
        record("_a." + ZONE, f"v=spf1 include:_b.example.jp {addresses(1)} -all"),
        record("_b." + ZONE, f"v=spf1 {addresses(2)} -all"),
    )
    assert [finding.id for finding in life.plan().findings] == ["spf-shrinks-later"]
    life.run("2d")
    order = [change.key[0] for _, _, change in life.log]
    assert order == ["_b." + ZONE, "_a." + ZONE, ZONE]
    assert life.plan().status == "converged"


def test_a_redirect_may_become_an_include() -> None:
    """What a redirect let send, the include of the same record lets send."""
    life = known(
        spf("v=spf1 redirect=_a.example.jp"), record("_a." + ZONE, f"v=spf1 {addresses(1)} -all")
    )
    life.wishes = (spf("v=spf1 include:_a.example.jp ?all"), life.wishes[1])
    assert life.apply() == ["prepare"]
    assert texts(life)[ZONE] == "v=spf1 include:_a.example.jp ?all"


def test_with_the_journal_lost_a_shrinking_part_waits() -> None:
    """What was not seen before may be what is left of a replacement."""
    life = known(*parts(*range(9)))
    life.ledger = type(life.ledger)()
    life.wishes = parts(*range(1, 9))
    life.run("12d")
    gone = max(t for t, _, _ in life.log)
    assert gone == START + timedelta(days=31)


def test_the_last_look_sees_what_is_included() -> None:
    """A planner that lets go of an address before it is known elsewhere has its plan refused."""

    def steps(wished: Wish, owned: tuple[str, ...], _: object) -> Steps:
        if set(owned) == set(wished.values):
            return Steps(owned, owned, owned)
        return at_once(wished.values, "at once")

    life = known(spf(f"v=spf1 {addresses(*range(9))} -all"))
    life.wishes = parts(*range(9))
    with mock.patch.object(kind, "steps", steps):
        found = life.plan().findings
    assert [finding.id for finding in found] == ["invariant-spf"]
    assert "would not let those send whom v=spf1 ip4:198.51.100.0" in found[0].message
