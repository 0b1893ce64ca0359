"""`tlsa: auto`: the records follow the certificates that mail hosts are seen to present.

Those named ``case_`` are judged twice: here, and by the mutants that they have to catch.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailsync.desired.model import Wish
from mailsync.plan import certificates
from mailsync.plan.live import Presented
from mailsync.plan.prune import expanded
from tests.unit.plan.story import ZONE, Story, mx, rrset, wish, zone

MX1 = "mx1." + ZONE
MX, A, TLSA = (ZONE, "MX"), (MX1, "A"), (f"_25._tcp.{MX1}", "TLSA")
HERE = f"10 {MX1}"
ONE, TWO, THREE = (f"3 1 1 {digits * 32}" for digits in ("aa", "bb", "cc"))
DAY = timedelta(days=1)


def auto(*values: str, ttl: int = 3600) -> Wish:
    """Wish for what the host presents, and for more."""
    return wish("tlsa", *TLSA, *values, ttl=ttl, auto=True)


def host(*live: str, ttl: int = 3600) -> Story:
    """Tell the story of a host that takes mail and has these TLSA records."""
    life = Story(zone(rrset(*MX, 60, HERE), rrset(*A, 60, "192.0.2.1")))
    if live:
        life.live[TLSA] = rrset(*TLSA, ttl, *live)
    life.wishes = (mx(HERE, ttl=60), wish("host", *A, "192.0.2.1", ttl=60), auto(ttl=ttl))
    return life


def presents(life: Story, *values: str, detail: str = "") -> None:
    """Let the host present certificates; none: it cannot be seen."""
    life.presented[MX1] = Presented(tuple(sorted(values)), detail)


def ids(life: Story) -> list[str]:
    """Give the ids of what is found about certificates."""
    return [f.id for f in life.plan().findings if f.id.startswith("tlsa-not") or "mism" in f.id]


def case_an_old_certificate_is_let_in_for_long() -> None:
    """The records of what a host presented lately stay for the soak, also with several machines."""
    life = host(ONE, TWO)
    presents(life, ONE, TWO)
    life.known_for("20d")
    presents(life, TWO)
    life.see()
    seen = life.now
    life.run("9d")
    assert life.values(*TLSA) == (ONE, TWO)
    presents(life, ONE, TWO)  # another machine of the host still had it
    life.run("1h")
    presents(life, TWO)
    life.run("9d")
    assert life.values(*TLSA) == (ONE, TWO)
    life.run("2d")
    assert life.values(*TLSA) == (TWO,)
    assert life.ran_at("settle", TLSA) >= seen + timedelta(days=19)


def case_an_address_is_not_switched_before_all_know_its_certificate() -> None:
    """The server to which a host goes is looked at as well, and let in by all, before it goes."""
    life = host(ONE, ttl=86400)
    presents(life, ONE)
    life.known_for("20d")
    life.wishes = (life.wishes[0], wish("host", *A, "192.0.2.2", ttl=60), life.wishes[2])
    presents(life, ONE, TWO)
    began = life.now
    life.run("3d")
    assert life.ran_at("switch", A) == began + DAY


CASES = [value for name, value in sorted(globals().items()) if name.startswith("case_")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.removeprefix("case_"))
def test_case(case: object) -> None:
    """Each case holds for the planner as it is."""
    assert callable(case)
    case()


def test_what_is_presented_is_published_at_once() -> None:
    """Nobody need say that the host presents it: it was seen."""
    life = host()
    presents(life, ONE)
    assert life.apply() == ["prepare"]
    assert life.values(*TLSA) == (ONE,)
    assert life.plan().status == "converged"


@pytest.mark.parametrize("live", [(), (ONE,), (ONE, TWO)])
def test_what_cannot_be_seen_changes_nothing(live: tuple[str, ...]) -> None:
    """Never a removal, never a change: the plan says why, and the rest of the domain goes on."""
    life = host(*live)
    presents(life, detail="mx1.example.jp (192.0.2.1) refused the connection")
    life.wishes = (*life.wishes[:2], auto(THREE))
    assert ids(life) == ["tlsa-not-seen"]
    assert "refused the connection" in life.plan().findings[0].message
    assert life.apply() == []
    assert life.values(*TLSA) == live
    life.presented.clear()
    assert "nobody has looked" in life.plan().findings[0].message


def test_the_next_key_is_let_in_before_it_is_used() -> None:
    """A record beside `auto` is published with it; the old one goes when its key is out of use."""
    life = host(ONE)
    presents(life, ONE)
    life.known_for("20d")
    life.wishes = (*life.wishes[:2], auto(TWO))
    assert life.apply() == ["prepare"]
    assert life.values(*TLSA) == (ONE, TWO)
    presents(life, TWO)
    changed = life.now
    assert ids(life) == []
    life.run("12d")
    assert life.values(*TLSA) == (TWO,)
    assert life.ran_at("settle", TLSA) == changed + 10 * DAY


def test_a_certificate_that_was_changed_too_early_is_told() -> None:
    """Senders with DANE do not deliver until the new record is known: it is published at once."""
    life = host(ONE)
    presents(life, ONE)
    life.known_for("20d")
    presents(life, TWO)
    assert ids(life) == ["tlsa-mismatch"]
    assert life.apply() == ["prepare"]
    assert life.values(*TLSA) == (ONE, TWO)
    assert ids(life) == []


def test_an_address_that_cannot_be_looked_at_is_a_persons_word() -> None:
    """Where a host with TLSA records goes to a server that nobody sees, somebody has to look."""
    life = host(ONE)
    presents(life, ONE)
    life.known_for("20d")
    life.wishes = (life.wishes[0], wish("host", *A, "192.0.2.2", ttl=60), life.wishes[2])
    presents(life, detail="192.0.2.2 did not answer")
    life.run("2d")
    assert life.values(*A) == ("192.0.2.1",)
    stage = life.stage("switch", "held")
    assert stage is not None
    (gate,) = stage.gates
    assert "see that the server to which mx1.example.jp goes presents" in gate.detail
    life.cutover = type(life.cutover)(tasks=frozenset({_task(gate.detail)}))
    life.run("1h")
    assert life.values(*A) == ("192.0.2.2",)


def test_all_addresses_of_a_host_are_looked_at() -> None:
    """Those that it has, and those that the file gives it; other hosts are nobody's business."""
    life = host(ONE)
    life.wishes = (
        *life.wishes,
        wish("host", MX1, "AAAA", "2001:db8::1"),
        wish("host", "mx2." + ZONE, "A", "192.0.2.9"),
        wish("tlsa", f"_25._tcp.mx2.{ZONE}", "TLSA", ONE),
    )
    life.live[A] = rrset(*A, 60, "192.0.2.7")
    asked = certificates.wanted(life.desired, life.world)
    assert asked == {MX1: ("192.0.2.1", "192.0.2.7", "2001:db8::1")}


def test_resolving_twice_changes_nothing() -> None:
    """The engine and the planner both put in what was seen."""
    life = host(ONE)
    presents(life, ONE, TWO)
    once = expanded(life.desired, life.world)
    assert expanded(once, life.world) == once
    assert next(w for w in once.wishes if w.auto).values == (ONE, TWO)


def test_a_host_that_was_never_seen_may_just_have_changed() -> None:
    """With the journal lost, what is live and not presented stays for the soak."""
    life = host(ONE, TWO)
    presents(life, TWO)
    began = life.now
    life.run("12d")
    assert life.ran_at("settle", TLSA) == began + 10 * DAY


def _task(detail: str) -> str:
    return detail.rpartition("tasks: {")[2].partition(":")[0]
