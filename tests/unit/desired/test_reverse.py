"""PTR wishes find the zone in which they stand."""

from __future__ import annotations

from mailsync.desired.faults import Faults
from mailsync.desired.model import Desired, Place
from mailsync.desired.reverse import routed
from mailsync.desired.target import Target, serving
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Live
from mailsync.plan.planner import plan_domain
from tests.unit.desired.reads import good
from tests.unit.plan.story import START

HERE = Place("mailsync.yaml", 1, 1)
REVERSE = "2.0.192.in-addr.arpa."
ANY = Target("*", ("first",), HERE)
OWN = Target("2.0.192.in-addr.arpa", ("second",), HERE)


def domain(text: str = "ptr: {192.0.2.10: mx1}") -> Desired:
    """Read a domain's file."""
    return good(text)


def spread(
    *desired: Desired, targets: tuple[Target, ...], files: frozenset[str] = frozenset()
) -> dict[str, Desired]:
    """Route the wishes, and give the domains by zone."""
    faults = Faults()
    found = {one.zone: one for one in routed(desired, targets, files, faults)}
    assert [str(error) for error in faults.errors()] == []
    return found


def test_a_reverse_zone_that_targets_name_gets_the_name() -> None:
    """Without a file of its own it comes along, with that target."""
    found = spread(domain(), targets=(OWN, ANY))
    assert found["example.com."].wishes == ()
    (wish,) = found[REVERSE].wishes
    assert (wish.name, wish.values) == (f"10.{REVERSE}", ("mx1.example.com.",))
    assert found[REVERSE].targets == ("second",)


def test_a_reverse_zone_that_has_a_file_gets_the_name() -> None:
    """Whatever serves it, also where the file was not asked for."""
    found = spread(domain(), targets=(ANY,), files=frozenset({REVERSE}))
    assert found[REVERSE].targets == ("first",)
    assert len(found[REVERSE].wishes) == 1


def test_a_glob_does_not_say_where_a_zone_begins() -> None:
    """Nobody serves it, as far as is known: the wish stays, and the plan says what to ask for."""
    found = spread(domain(), targets=(ANY, Target("*.arpa", ("first",), HERE)))
    assert set(found) == {"example.com."}
    plan = plan_domain(found["example.com."], Live({}), Ledger(), START)
    assert [finding.id for finding in plan.findings] == ["ptr-elsewhere"]


def test_two_domains_that_agree_share_a_name() -> None:
    """And two that do not are told."""
    same = domain("ptr: {192.0.2.10: mx1.example.com.}")
    assert len(spread(domain(), same, targets=(OWN,))[REVERSE].wishes) == 1
    faults = Faults()
    other = domain("ptr: {192.0.2.10: mx2}")
    files = routed([domain(), Desired("b.", "b.", other.wishes, HERE)], (OWN,), frozenset(), faults)
    assert len(files) == 3
    (error,) = faults.errors()
    assert "10.2.0.192.in-addr.arpa has another name already" in str(error)


def test_the_first_pattern_that_matches_serves() -> None:
    """And none is none."""
    assert serving((OWN, ANY), REVERSE) is OWN
    assert serving((OWN,), "example.com.") is None
    made = spread(domain(), targets=(), files=frozenset({REVERSE}))
    assert made[REVERSE].targets == ()
