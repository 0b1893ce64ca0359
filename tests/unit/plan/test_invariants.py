"""Each invariant sees what breaks it, and is quiet where nothing does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mailsync.dns.rrset import txt_value
from mailsync.mail.mta_sts import Policy
from mailsync.plan import check, holds
from mailsync.plan import policy as policies
from mailsync.plan.invariants import INVARIANTS, Instant, broken
from tests.unit.plan.story import START, ZONE, Story, mx, rrset, zone

MX, TXT = (ZONE, "MX"), (ZONE, "TXT")
MX1 = "mx1." + ZONE
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
OTHER_KEY = "v=DKIM1; k=ed25519; p=7pGVvLTCLKBgbjYQKQFAREzLEXWNmpFTCQ1ZKGbhHcU="
S1 = (f"s1._domainkey.{ZONE}", "TXT")
DMARC = (f"_dmarc.{ZONE}", "TXT")
TLSA = (f"_25._tcp.{MX1}", "TLSA")
PTR = ("10.2.0.192.in-addr.arpa.", "PTR")
A, B = "3 1 1 " + "aa" * 32, "3 1 1 " + "bb" * 32
OLD_MX = rrset(ZONE, "MX", 60, "10 mx.old.example.")
SPF = "v=spf1 include:a.example -all"
REJECT = rrset(*DMARC, 60, "v=DMARC1; p=reject")


def instant(**more: object) -> Instant:
    """Give an instant in which everything is as it should be, but for what is said."""
    return replace(Instant(START, ZONE, ZONE, {}), **more)  # type: ignore[arg-type]


def not_old(host: str, _address: str | None) -> bool:
    """Say of the old server that it takes nothing any more."""
    return host != "mx.old.example."


def not_ten(_host: str, address: str | None) -> bool:
    """Say of one address that nobody takes mail there."""
    return address != "192.0.2.10"


HOSTED = {MX: (rrset(ZONE, "MX", 60, f"10 {MX1}"),)}
BROKEN = [
    ("accept", instant(visible={MX: (OLD_MX,)}, takes=not_old)),
    ("accept", instant(visible={**HOSTED, (MX1, "A"): (None,)})),
    (
        "accept",
        instant(
            visible={**HOSTED, (MX1, "A"): (rrset(MX1, "A", 60, "192.0.2.10"),)}, takes=not_ten
        ),
    ),
    (
        "accept",
        instant(
            visible={MX: (None,), (ZONE, "A"): (rrset(ZONE, "A", 60, "192.0.2.10"),)}, takes=not_ten
        ),
    ),
    ("spf", instant(visible={TXT: (None,)}, may_send=(SPF,))),
    ("spf", instant(visible={TXT: (rrset(ZONE, "TXT", 60, "v=spf1 -all"),)}, may_send=(SPF,))),
    ("spf", instant(visible={TXT: (rrset(ZONE, "TXT", 60, "v=spf1 x"),)}, may_send=(SPF,))),
    ("dkim", instant(visible={S1: (None,)}, signed={S1: (txt_value(KEY),)})),
    ("dkim", instant(visible={S1: (rrset(*S1, 60, OTHER_KEY),)}, signed={S1: (txt_value(KEY),)})),
    ("dkim", instant(visible={S1: (rrset(*S1, 60, "no key"),)}, signed={S1: (txt_value(KEY),)})),
    ("dmarc", instant(visible={TXT: (None,), DMARC: (REJECT,)}, may_send=(SPF,))),
    (
        "mta-sts",
        instant(
            visible={
                MX: (OLD_MX,),
                policies.key(ZONE): (
                    policies.as_rrset(ZONE, Policy("enforce", 60, ("x.example",))),
                ),
            }
        ),
    ),
    ("dane", instant(visible={TLSA: (rrset(*TLSA, 60, A),)}, chains={MX1: (frozenset({B}),)})),
    ("fcrdns", instant(visible={PTR: (rrset(*PTR, 60, MX1),), (MX1, "A"): (None,)})),
    (
        "delegation",
        instant(
            visible={(ZONE, "NS"): (rrset(ZONE, "NS", 60, "a."), rrset(ZONE, "NS", 60, "b."))},
            changing=frozenset({MX}),
        ),
    ),
]
WHOLE = [
    instant(visible={MX: (OLD_MX,)}),
    instant(visible={("x.example.", "PTR"): (rrset("x.example.", "PTR", 60, MX1),)}),
    instant(visible={MX: (None,)}, takes=not_old),
    instant(visible={MX: (rrset(ZONE, "MX", 60, "0 ."),)}, takes=not_old),
    instant(visible={TXT: (rrset(ZONE, "TXT", 60, SPF, "other"),)}, may_send=(SPF,)),
    instant(visible={S1: (rrset(*S1, 60, KEY + " "),)}, signed={S1: (txt_value(KEY),)}),
    instant(
        visible={
            DMARC: (None, rrset(*DMARC, 60, "v=DMARC1; p"), rrset(*DMARC, 60, "v=DMARC1; p=none"))
        }
    ),
    instant(
        visible={
            MX: (OLD_MX,),
            policies.key(ZONE): (
                None,
                policies.as_rrset(ZONE, Policy("testing", 60, ("x.example",))),
            ),
        }
    ),
    instant(
        visible={TLSA: (None, rrset(*TLSA, 60, A, B))},
        chains={MX1: (frozenset({B}), frozenset({A}))},
    ),
    instant(
        visible={
            PTR: (None, rrset(*PTR, 60, MX1)),
            (MX1, "A"): (rrset(MX1, "A", 60, "192.0.2.10"),),
        }
    ),
    instant(visible={(ZONE, "NS"): (rrset(ZONE, "NS", 60, "a."),)}, changing=frozenset({MX})),
]


@pytest.mark.parametrize(("name", "now"), BROKEN, ids=lambda value: str(value)[:12])
def test_what_breaks_an_invariant_is_seen_by_it(name: str, now: Instant) -> None:
    """By this one, and with words that can be read."""
    found = [one for one in broken(now) if one.invariant == name]
    assert found
    assert found[0].at == START
    assert len(found[0].words) > 30


@pytest.mark.parametrize("name", [invariant.name for invariant in INVARIANTS])
def test_without_an_invariant_its_examples_are_not_seen(name: str) -> None:
    """Each is needed: what it sees, no other sees in its place."""
    examples = [now for broken_name, now in BROKEN if broken_name == name]
    assert examples
    others = [invariant for invariant in INVARIANTS if invariant.name != name]
    for now in examples:
        assert not [b for other in others for b in other.check(now) if b.invariant == name]


@pytest.mark.parametrize("now", WHOLE)
def test_what_breaks_nothing_is_not_spoken_of(now: Instant) -> None:
    """No false alarm."""
    assert list(broken(now)) == []


def test_a_signature_speaks_for_mail_that_spf_does_not_let_send() -> None:
    """DMARC asks for one of the two (RFC 9989 §4)."""
    visible = {TXT: (None,), DMARC: (REJECT,), S1: (rrset(*S1, 60, KEY),)}
    now = instant(visible=visible, may_send=(SPF,), signed={S1: (txt_value(KEY),)})
    assert {one.invariant for one in broken(now)} == {"spf"}


def test_the_documentation_states_every_invariant() -> None:
    """In the words that stand in the code, with the source."""
    text = " ".join((Path(__file__).parents[3] / "docs" / "safety.md").read_text().split())
    for invariant in INVARIANTS:
        assert invariant.statement in text, invariant.name
        assert invariant.source in text, invariant.name


def test_a_plan_that_would_break_one_is_refused_with_the_counterexample(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the waits taken out of the planner, its last look refuses what it made."""
    for name in ("_old_answers", "_not_ready", "before_settle"):
        monkeypatch.setattr(holds, name, lambda *_: [])
    life = Story(zone(OLD_MX, rrset(ZONE, "TXT", 86400, "v=spf1 include:old.example -all")))
    from tests.unit.plan.story import spf

    life.wishes = (mx("10 mx.new.example."), spf("v=spf1 include:new.example -all"))
    life.known_for("20d")
    plan = life.plan()
    assert plan.status == "error"
    said = [f.message for f in plan.findings if f.id == "invariant-spf"]
    assert "this plan is refused, as it would not be safe: at 2026-12-12 03:00 UTC" in said[0]
    assert "a receiver holding v=spf1 include:old.example -all would not let" in said[0]
    assert life.apply() == []


def test_the_last_look_stays_out_of_what_it_cannot_read() -> None:
    """An SPF record that nobody can parse speaks for no sender."""
    assert check._gone(('"v=spf1 x"',), ()) == ()
    assert check._gone((), ('"v=spf1 -all"',)) == ()
    assert check._gone(('"v=spf1 a -all"',), ()) == ("a",)


def test_what_is_broken_already_is_no_reason_to_refuse_its_repair() -> None:
    """Somebody led mail to a host without an address: the plan that leads it elsewhere is given."""
    life = Story(zone(rrset(ZONE, "MX", 3600, f"10 nowhere.{ZONE}")), (mx("10 mx.new.example."),))
    life.see()
    assert [f for f in life.plan().findings if f.severity == "error"] == []
    life.run("3d")
    assert life.values(ZONE, "MX") == ("10 mx.new.example.",)
