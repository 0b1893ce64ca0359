"""DKIM selectors that are delegated to the name servers of whoever has the keys."""

from __future__ import annotations

from datetime import timedelta

from mailsync.desired.model import Cutover
from tests.unit.plan.story import ZONE, Story, mx, rrset, wish, zone
from tests.unit.plan.test_authentication import RSA

ALL = (f"_domainkey.{ZONE}", "NS")
S1 = f"s1._domainkey.{ZONE}"
MX = (ZONE, "MX")
HERE, THERE, ELSEWHERE = "ns1.keys.example.", "ns2.keys.example.", "ns1.other.example."


def ids(life: Story) -> list[str]:
    """Give the ids of what is found."""
    return [finding.id for finding in life.plan().findings if finding.id.startswith("dkim-del")]


def test_a_delegation_with_nothing_below_is_made_at_once() -> None:
    """Of all selectors, and of one."""
    life = Story(zone(), (wish("dkim", *ALL, HERE, THERE),))
    assert life.apply() == ["prepare"]
    assert life.values(*ALL) == (HERE, THERE)
    one = Story(zone(), (wish("dkim", S1, "NS", HERE),))
    assert one.apply() == ["prepare"]
    assert one.plan().status == "converged"


def test_a_delegation_never_hides_a_key() -> None:
    """While this zone publishes keys below, the plan says which, and does nothing."""
    below = [rrset(f"s{n}._domainkey.{ZONE}", "TXT", 60, RSA) for n in range(1, 6)]
    life = Story(zone(*below), (wish("dkim", *ALL, HERE),))
    (finding,) = life.plan().findings
    assert finding.id == "dkim-delegation-hides"
    assert "s1._domainkey.example.jp TXT, s2._domainkey.example.jp TXT" in finding.message
    assert finding.message.count("TXT") == 3
    assert "and 2 more" in finding.message
    assert life.apply() == []


def case_a_delegation_waits_for_what_it_would_hide() -> None:
    """Keys that the file calls absent go in their own time; the delegation is made after them."""
    life = Story(zone(rrset(S1, "TXT", 60, RSA), rrset(ZONE, "MX", 60, "10 mx.old.example.")))
    life.wishes = (mx("10 mx.old.example.", ttl=60), wish("dkim", S1, "TXT", RSA))
    life.known_for("20d")
    life.wishes = (
        mx("10 mx.new.example.", ttl=60),
        wish("dkim", *ALL, HERE),
        wish("dkim", S1, "TXT"),
    )
    assert ids(life) == ["dkim-delegation-waits"]
    life.run("2d")
    assert (S1, "TXT") in life.live
    life.run("12d")
    assert (S1, "TXT") not in life.live
    assert life.values(*ALL) == (HERE,)
    assert life.ran_at("prepare", ALL) >= life.ran_at("switch", MX) + timedelta(days=10)


def test_a_delegation_comes_when_the_old_keys_are_retired() -> None:
    """The case holds for the planner as it is; the mutants have to break it."""
    case_a_delegation_waits_for_what_it_would_hide()


def test_mail_is_not_switched_before_all_find_the_delegation() -> None:
    """A resolver that remembers that there was nothing would find no key."""
    life = Story(zone(rrset(ZONE, "MX", 60, "10 mx.old.example.")))
    life.wishes = (mx("10 mx.old.example.", ttl=60), wish("dkim", *ALL))
    life.known_for("20d")
    life.wishes = (mx("10 mx.new.example.", ttl=60), wish("dkim", *ALL, HERE))
    began = life.now
    life.run("1d", every="1h")
    assert life.ran_at("switch", MX) == began + timedelta(hours=3)


def test_name_servers_of_one_operator_are_exchanged_at_once() -> None:
    """Where one of them stays, all of them have the same keys; the switch need not wait."""
    life = Story(zone(rrset(*ALL, 86400, HERE), rrset(ZONE, "MX", 60, "10 mx.old.example.")))
    life.wishes = (mx("10 mx.old.example.", ttl=60), wish("dkim", *ALL, HERE, ttl=86400))
    life.known_for("20d")
    life.wishes = (
        mx("10 mx.new.example.", ttl=60),
        wish("dkim", *ALL, HERE, THERE, ttl=86400),
    )
    began = life.now
    life.apply()
    assert life.values(*ALL) == (HERE, THERE)
    assert life.ran_at("switch", MX) == began


def test_keys_go_to_another_operator_when_old_signatures_have_arrived() -> None:
    """While mail moves, the delegation stays until nothing signed by the old one is on its way."""
    life = Story(zone(rrset(*ALL, 60, HERE), rrset(ZONE, "MX", 60, "10 mx.old.example.")))
    life.wishes = (mx("10 mx.old.example.", ttl=60), wish("dkim", *ALL, HERE))
    life.known_for("20d")
    life.wishes = (mx("10 mx.new.example.", ttl=60), wish("dkim", *ALL, ELSEWHERE, ttl=60))
    assert ids(life) == ["dkim-delegation-waits"]
    life.run("20d")
    changed = next(at for at, _, change in life.log if change.key == ALL)
    assert changed >= life.ran_at("switch", MX) + timedelta(days=10)


def test_keys_that_the_new_servers_publish_as_well_may_be_hidden() -> None:
    """A person says so; then the delegation is made at once, and what it hides goes afterwards."""
    life = Story(zone(rrset(S1, "TXT", 60, RSA)), (wish("dkim", S1, "TXT", RSA, ttl=60),))
    life.known_for("20d")
    life.wishes = (wish("dkim", *ALL, HERE),)
    (finding,) = life.plan().findings
    task = finding.message.rpartition("tasks: {")[2].partition(":")[0]
    assert task.startswith("copied-_domainkey.example.jp-")
    life.cutover = Cutover(tasks=frozenset({task}))
    assert life.apply() == ["prepare"]
    life.wishes = (*life.wishes, wish("dkim", S1, "TXT"))
    life.run("12d")
    assert set(life.live) == {ALL}
    assert life.plan().status == "converged"


def test_a_delegation_retires_like_a_selector() -> None:
    """With no mail on the move it goes at once, and the plan says what that rests on."""
    life = Story(zone(rrset(*ALL, 60, HERE)), (wish("dkim", *ALL, HERE),))
    life.known_for("20d")
    life.wishes = (wish("dkim", *ALL),)
    stage = life.stage("prepare", "due")
    assert stage is not None
    assert "assumes that nothing has been signed" in stage.changes[0].why
    life.apply()
    assert ALL not in life.live


def test_what_belongs_to_a_delegation_is_not_hidden_by_it() -> None:
    """Its DS, and the address of a name server below it."""
    inside = f"ns.s1._domainkey.{ZONE}"
    ds = rrset(S1, "DS", 60, f"1 13 2 {'ab' * 32}")
    life = Story(zone(ds, rrset(inside, "A", 60, "192.0.2.53")))
    life.wishes = (wish("dkim", S1, "NS", inside),)
    assert life.apply() == ["prepare"]
