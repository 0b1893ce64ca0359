"""What is seen of the servers to which a switch leads, and what stops it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from mailsync.desired.model import GateMode
from mailsync.mail.mta_sts import Policy
from mailsync.plan import gates
from mailsync.plan.live import Look
from mailsync.plan.model import Gate, GateState
from tests.unit.plan.story import ZONE, Story, mx, rrset, wish, zone

MX = (ZONE, "MX")
OLD, NEW = "10 mx.old.example.", "10 mx.new.example."
HOST = "mx.new.example."


def moving(*looks: Look, said: tuple[tuple[str, GateMode], ...] = ()) -> Story:
    """A domain whose switch is due, and what was seen of the new server."""
    life = Story(zone(rrset(ZONE, "MX", 300, OLD)), (mx(OLD, ttl=300),), looks=looks)
    life.known_for("2d")
    life.wishes = (mx(NEW),)
    life.cutover = replace(life.cutover, gates=said)
    return life


def look(state: GateState, gate: str = "smtp-accepts", address: str = "192.0.2.1") -> Look:
    """What was seen of one address of the new server."""
    return Look(gate, HOST, state, f"({address}): it says so")


def only(life: Story) -> Gate:
    """The one gate of the switch."""
    stage = life.stage("switch")
    assert stage is not None
    (gate,) = stage.gates
    return gate


def test_the_hosts_to_look_at_are_those_that_a_due_switch_brings_in() -> None:
    """Not those that mail goes to already, and none while the switch waits."""
    life = moving()
    life.wishes = (mx(NEW, OLD),)
    assert gates.wanted(life.plan()) == {HOST}
    fresh = Story(zone(rrset(ZONE, "MX", 3600, OLD)), (mx(NEW),))
    assert gates.wanted(fresh.plan()) == frozenset()


def test_a_host_whose_address_changes_is_looked_at() -> None:
    """At its new address mail arrives at another machine."""
    name = "mx1." + ZONE
    here = (mx(f"10 {name}", ttl=300), wish("host", name, "A", "192.0.2.1", ttl=300))
    live = zone(rrset(ZONE, "MX", 300, f"10 {name}"), rrset(name, "A", 300, "192.0.2.1"))
    life = Story(live, here)
    life.known_for("2d")
    life.wishes = (here[0], wish("host", name, "A", "192.0.2.2", ttl=300))
    assert gates.wanted(life.plan()) == {name}


Verdict = Literal["pass", "fail", "unknown"]


@pytest.mark.parametrize(
    ("mode", "seen", "told"),
    [
        (None, "pass", "pass"),
        (None, "fail", "fail"),
        (None, "unknown", "unknown"),
        ("warn", "fail", "fail"),
        ("warn", "unknown", "unknown"),
        ("require", "unknown", "fail"),
        ("require", "pass", "pass"),
    ],
)
def test_a_refusal_stops_and_what_is_unknown_stops_only_where_asked(
    mode: GateMode | None, seen: Verdict, told: Verdict
) -> None:
    """A blocked port 25 is no reason to stay; a refusal is; `require` wants certainty."""
    said = () if mode is None else (("smtp-accepts", mode),)
    gate = only(moving(look(seen), said=said))
    assert (gate.name, gate.state) == ("smtp-accepts", told)
    assert gate.detail.startswith("mx.new.example (192.0.2.1): it says so")


def test_what_is_unknown_says_how_to_be_sure() -> None:
    """Where port 25 is blocked, as on hosted runners, another machine can look."""
    assert "`mailsync apply --observations FILE`" in only(moving(look("unknown"))).detail


def test_a_gate_that_is_off_is_not_shown() -> None:
    """Whoever switches it off is not asked again."""
    stage = moving(look("fail"), said=(("smtp-accepts", "off"),)).stage("switch")
    assert stage is not None
    assert stage.gates == ()


def test_of_several_addresses_the_worst_decides() -> None:
    """Senders may take any of them."""
    gate = only(moving(look("pass"), look("fail", address="192.0.2.2"), look("unknown")))
    assert (gate.state, gate.detail) == ("fail", "mx.new.example (192.0.2.2): it says so")


def test_tls_matters_where_senders_ask_for_it() -> None:
    """Under an enforced policy a wrong certificate stops mail; without one, nobody looks at it."""
    life = moving(look("pass"), look("fail", "smtp-certificate"))
    assert only(life).name == "smtp-accepts"
    life.policy = Policy("enforce", 86400, ("mx.new.example",))
    stage = life.stage("switch")
    assert stage is not None
    assert [(gate.name, gate.state) for gate in stage.gates] == [
        ("smtp-accepts", "pass"),
        ("smtp-certificate", "fail"),
    ]


def test_on_the_way_back_the_gate_has_its_own_name() -> None:
    """What is asked then is whether the old server still takes the domain's mail."""
    life = moving()
    life.apply()
    life.passes("10m")
    life.wishes = (mx(OLD, ttl=300),)
    life.looks = (Look("smtp-accepts", "mx.old.example.", "fail", "(192.0.2.9): 550"),)
    assert gates.wanted(life.plan()) == {"mx.old.example."}
    gate = only(life)
    assert (gate.name, gate.state) == ("host-still-accepts", "fail")
