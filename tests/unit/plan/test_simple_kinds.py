from datetime import timedelta

import pytest

from mailsync.dns.rrset import txt_text
from mailsync.plan.choreography import Steps
from mailsync.plan.kinds import record
from mailsync.plan.live import Capability
from mailsync.plan.model import Gate
from tests.unit.plan.story import START, ZONE, Story, mx, rrset, spf, wish, zone

WWW = "www." + ZONE
AUTODISCOVER = ("autodiscover." + ZONE, "CNAME")
S1 = ("s1._domainkey." + ZONE, "TXT")
DMARC = ("_dmarc." + ZONE, "TXT")
OLD_MX = rrset(ZONE, "MX", 3600, "10 mx.old.example.")


def test_a_record_is_set_as_asked() -> None:
    """A record that routes no mail is changed at once, and so is its TTL."""
    life = Story(zone(rrset(WWW, "CNAME", 300, "old.example.")))
    life.wishes = (wish("record", WWW, "CNAME", "new.example."),)
    assert life.apply() == ["prepare"]
    assert life.live[(WWW, "CNAME")] == rrset(WWW, "CNAME", 3600, "new.example.")


def test_a_record_is_removed_as_asked() -> None:
    """A record that routes no mail is removed at once when the file says absent."""
    life = Story(zone(rrset(WWW, "CNAME", 300, "old.example.")), (wish("record", WWW, "CNAME"),))
    assert life.apply() == ["prepare"]
    assert life.live == {}


def test_autodiscover_is_switched_even_alone() -> None:
    """Replacing where clients look is staged like any switch: lowered, waited for, restored."""
    life = Story(zone(rrset(*AUTODISCOVER, 86400, "old.example.")))
    life.wishes = (wish("autodiscover", *AUTODISCOVER, "new.example."),)
    life.run("12d")
    assert life.ran_at("switch", AUTODISCOVER) == START + timedelta(days=1)
    assert life.live[AUTODISCOVER] == rrset(*AUTODISCOVER, 3600, "new.example.")


def test_autodiscover_is_removed_as_asked() -> None:
    """`autodiscover: absent` takes the alias away at once."""
    life = Story(zone(rrset(*AUTODISCOVER, 60, "old.example.")))
    life.wishes = (wish("autodiscover", *AUTODISCOVER),)
    assert life.apply() == ["prepare"]
    assert life.live == {}


def test_dmarc_is_removed_as_asked() -> None:
    """`dmarc: absent` takes our record and leaves foreign values."""
    life = Story(zone(rrset(*DMARC, 60, "v=DMARC1; p=none", "foreign")), (wish("dmarc", *DMARC),))
    life.apply()
    assert life.live[DMARC] == rrset(*DMARC, 60, "foreign")


@pytest.mark.parametrize("live", ["v=DMARC1; p=bogus; rua=", "v=DMARC1 p=none"])
def test_a_dmarc_record_that_cannot_be_read_counts_as_none(live: str) -> None:
    """Receivers ignore what they cannot read: a policy where there was none is tighter."""
    life = Story(zone(rrset(*DMARC, 60, live), OLD_MX))
    life.wishes = (wish("dmarc", *DMARC, "v=DMARC1; p=reject"), mx("10 mx.new.example."))
    life.run("2d")
    assert life.values(*DMARC) != rrset(*DMARC, 60, "v=DMARC1; p=reject").values


def test_an_order_of_servers_that_changes_is_a_switch() -> None:
    """Other preferences for the same hosts route mail too, and say what they do."""
    life = Story(
        zone(rrset(ZONE, "MX", 3600, "10 a.example.", "20 b.example.")),
        (mx("20 a.example.", "10 b.example."),),
    )
    switch = life.stage("switch")
    assert switch is not None
    assert "order" in switch.changes[0].why
    assert life.plan().old_service_until is None


def test_a_revoked_key_may_be_replaced_under_its_selector() -> None:
    """Nothing is signed with a revoked key: its selector may be used again."""
    key = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    life = Story(zone(rrset(*S1, 60, "v=DKIM1; p=")), (wish("dkim", *S1, key),))
    assert life.apply() == ["prepare"]


def test_a_selector_goes_to_another_service_when_nothing_signed_is_on_its_way() -> None:
    """Delegating a selector to another key breaks mail in transit like replacing the key."""
    alias = (S1[0], "CNAME")
    life = Story(zone(rrset(*alias, 60, "a.example.")), (wish("dkim", *alias, "b.example."),))
    assert [f.id for f in life.plan().findings] == ["dkim-delegation-waits"]
    life.run("10d")
    assert life.values(*alias) == ("a.example.",)
    life.run("2d")
    assert life.values(*alias) == ("b.example.",)


def test_a_selector_goes_to_another_service_with_the_mail_and_after_it() -> None:
    """While mail moves, the old service's signatures verify until the last of them has arrived."""
    alias = (S1[0], "CNAME")
    home = (mx("10 mx.old.example."), wish("dkim", *alias, "a.example."))
    life = Story(zone(rrset(*alias, 60, "a.example."), rrset(ZONE, "MX", 60, "10 mx.old.example.")))
    life.wishes = home
    life.known_for("20d")
    life.wishes = (mx("10 mx.new.example."), wish("dkim", *alias, "b.example."))
    life.run("20d")
    moved = life.ran_at("switch", (ZONE, "MX"))
    assert life.ran_at("settle", alias) == moved + timedelta(days=10)


def test_a_selector_that_has_long_been_known_goes_to_another_service_at_once() -> None:
    """With no mail on the move it rests on the user's word, and the plan says so."""
    alias = (S1[0], "CNAME")
    life = Story(zone(rrset(*alias, 60, "a.example.")), (wish("dkim", *alias, "b.example."),))
    life.known_for("11d")
    stage = life.stage("prepare", "due")
    assert stage is not None
    assert "assumes" in stage.changes[0].why


def test_ttls_outside_what_the_host_takes_are_said() -> None:
    """A TTL that the DNS host cannot have is planned as the nearest one, with a warning."""
    life = Story({}, (spf("v=spf1 -all", ttl=60),), capability=Capability(ttl_min=120))
    assert [f.id for f in life.plan().findings] == ["ttl-out-of-range"]
    life.apply()
    assert life.ttl(ZONE, "TXT") == 120
    assert life.plan().status == "converged"


def test_a_fixed_ttl_is_said() -> None:
    """A host that cannot change TTLs is named, as the old service has to stay longer."""
    life = Story(zone(OLD_MX), (mx("10 mx.new.example."),), capability=Capability(settable=False))
    assert "ttl-fixed" in [f.id for f in life.plan().findings]


def test_what_is_not_served_everywhere_is_said() -> None:
    """The plan names the server that lags."""
    life = Story(zone(OLD_MX), (mx("10 mx.new.example."),))
    life.lagging = {(ZONE, "MX"): "ns2.example. (127.0.0.2:53) did not answer within 3 s"}
    (finding,) = [f for f in life.plan().findings if f.id == "not-served-everywhere"]
    assert "ns2.example." in finding.message


def test_gates_stand_at_the_next_write() -> None:
    """What was observed is shown with the stage that comes next, and with no other."""
    life = Story(zone(OLD_MX), (mx("10 mx.new.example."),))
    life.gates = (Gate("authority", "pass", "as delegated"),)
    assert [stage.gates for stage in life.plan().stages] == [life.gates, (), ()]


def test_an_spf_that_cannot_be_read_names_no_mx() -> None:
    """An unreadable record is no reason to warn about its mx term."""
    life = Story(zone(OLD_MX, rrset(ZONE, "TXT", 60, "v=spf1 mx ip4:x -all")))
    life.wishes = (mx("10 mx.new.example."),)
    assert "spf-uses-mx" not in [f.id for f in life.plan().findings]


def test_a_corrupt_journal_is_as_good_as_none() -> None:
    """What follows a part that cannot be trusted starts from nothing known."""
    life = Story(zone(OLD_MX), (mx("10 mx.new.example."),))
    life.apply()
    assert life.ledger.forgotten().histories == {}


def test_what_is_to_go_keeps_its_ttl_until_then() -> None:
    """A record that only waits to be removed is not touched before."""
    old = "old." + ZONE
    life = Story(
        zone(rrset(ZONE, "MX", 3600, "10 " + old), rrset(old, "A", 86400, "192.0.2.1")),
        (mx("10 mx.new.example."), wish("host", old, "A")),
    )
    life.run("13d")
    assert [stage for _, stage, change in life.log if change.key == (old, "A")] == ["settle"]


def test_nothing_settles_before_it_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a kind answers: an RRset's last change waits for its first one, gate and all."""
    gate = Gate("tasks-done", "fail", "somebody has to do something")
    asked = Steps(('"one"',), ('"one"',), ('"two"',), wait=0, gates=(gate,))
    monkeypatch.setattr(record, "steps", lambda *_: asked)
    life = Story(zone(rrset(WWW, "TXT", 300, "none")), (wish("record", WWW, "TXT", "two"),))
    life.known_for("20d")
    assert [(s.name, s.state) for s in life.plan().stages] == [
        ("prepare", "held"),
        ("settle", "held"),
    ]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ((), ("v=BIMI1; l=https://a.example/l.svg;",), "shows a logo beside the mail"),
        (("v=BIMI1; l=;",), ("v=BIMI1; l=https://a.example/l.svg;",), "changes the logo"),
        (("v=BIMI1; l=;",), (), "mail clients show no logo by this record any more"),
    ],
)
def test_a_logo_is_set_at_once(before: tuple[str, ...], after: tuple[str, ...], words: str) -> None:
    """Also while mail moves; a foreign value beside it stays."""
    key = (f"default._bimi.{ZONE}", "TXT")
    life = Story(
        zone(rrset(ZONE, "MX", 3600, "10 mx.old.example."), rrset(*key, 60, "foreign", *before)),
        (mx("10 mx.new.example."), wish("bimi", *key, *after)),
    )
    stage = life.stage("prepare", "due")
    assert stage is not None
    assert words in {change.why for change in stage.changes}
    life.apply()
    assert {txt_text(value) for value in life.values(*key)} == {"foreign", *after}
