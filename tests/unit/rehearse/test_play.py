"""A domain's plan, played: what the same changes would cost at once, whatever they are."""

from __future__ import annotations

from mailsync.dns.rrset import RRset
from mailsync.plan.live import Capability
from mailsync.rehearse.forecast import Forecast
from mailsync.rehearse.play import Domain, play
from mailsync.report.rehearsal import cost
from tests.unit.plan.story import START, ZONE, Story, mx, rrset, spf, wish, zone

MX1 = f"mx1.{ZONE}"
TLSA = (f"_25._tcp.{MX1}", "TLSA")
S1, S2 = f"s1._domainkey.{ZONE}", f"s2._domainkey.{ZONE}"
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
OTHER = "v=DKIM1; k=ed25519; p=7pGVvLTCLKBgbjYQKQFAREzLEXWNmpFTCQ1ZKGbhHcU="
HERE = (rrset(ZONE, "MX", 3600, f"10 {MX1}"), rrset(MX1, "A", 3600, "192.0.2.1"))


def played(*live: RRset, life: Story) -> Forecast:
    """Play a story's wishes from these records, through a few resolvers."""
    return play(Domain(life.desired, Capability(), zone(*live), [], START), resolvers=40)


def test_a_certificate_that_changes_with_its_record_makes_mail_wait() -> None:
    """Resolvers hold the old record alone; side by side, no message waits."""
    old, new = ("3 1 1 " + digit * 64 for digit in "ab")
    life = Story({}, (mx(f"10 {MX1}"), wish("tlsa", *TLSA, new)))
    found = played(*HERE, rrset(*TLSA, 3600, old), life=life)
    assert (found.toll.wrong, found.toll.delayed, found.broken) == (0, 0, ())
    assert found.at_once.delayed
    asked = next(one for one in found.happenings if one.stage == "task")
    assert asked.done[0].endswith("change the certificate of mx1.example.jp")


def test_a_key_that_is_replaced_at_once_fails_signatures() -> None:
    """With no mail on the move, senders sign anew when every receiver knows the new key."""
    revoked = wish("dkim", f"s3._domainkey.{ZONE}", "TXT", "v=DKIM1; p=")
    life = Story({}, (wish("dkim", S1, "TXT"), wish("dkim", S2, "TXT", OTHER), revoked))
    found = played(*HERE, rrset(S1, "TXT", 3600, KEY), life=life)
    assert (found.toll.wrong, found.broken) == (0, ())
    assert found.at_once.rejected
    assert "the key at" in found.worst_at_once


def test_senders_that_are_replaced_at_once_are_refused() -> None:
    """With no mail on the move, the new ones send when every receiver lets them."""
    old = "v=spf1 include:_spf.old.example -all"
    life = Story({}, (spf("v=spf1 include:_spf.new.example -all"),))
    found = played(*HERE, rrset(ZONE, "TXT", 3600, old), life=life)
    assert (found.toll.wrong, found.broken) == (0, ())
    assert found.at_once.rejected


def test_senders_by_a_redirect_are_refused_as_well() -> None:
    """A redirect is what its record says, and no `all` stands beside it."""
    life = Story({}, (spf("v=spf1 redirect=_spf.new.example"),))
    found = played(rrset(ZONE, "TXT", 3600, "v=spf1 redirect=_spf.old.example"), life=life)
    assert (found.toll.wrong, found.broken) == (0, ())
    assert found.at_once.rejected > found.resolvers


def test_nobody_sends_to_a_domain_that_never_took_mail() -> None:
    """A zone of records for others, or of the names of addresses, loses nothing."""
    life = Story({}, (wish("record", f"www.{ZONE}", "A", "192.0.2.1"),))
    found = played(life=life)
    assert found.toll == found.at_once
    assert set(found.shares[0].resolvers) == {"no mail"}
    assert found.toll.wrong == found.toll.delivered == 0
    assert cost(found.toll) == "nobody sends mail to it or from it"


def test_what_the_user_takes_away_nobody_sends_by() -> None:
    """Keys that verify nothing, and terms and selectors that are only removed: the user's word."""
    live = (
        *HERE,
        rrset(ZONE, "TXT", 3600, "v=spf1 include:_spf.a.example include:_spf.b.example -all"),
        rrset(S1, "TXT", 3600, "v=DKIM1; p="),
        rrset(S2, "TXT", 3600, "no key"),
    )
    wishes = (
        spf("v=spf1 include:_spf.a.example -all"),
        wish("dkim", S1, "TXT"),
        wish("dkim", S2, "TXT"),
    )
    found = played(*live, life=Story({}, wishes))
    assert found.toll.wrong == found.at_once.wrong == 0


def test_an_spf_record_that_cannot_be_read_lets_nobody_send() -> None:
    """Nobody is refused who was not before."""
    life = Story({}, (spf("v=spf1 include:_spf.new.example -all"),))
    found = played(*HERE, rrset(ZONE, "TXT", 3600, "v=spf1 nonsense -all"), life=life)
    assert found.toll.wrong == 0


def test_where_nothing_is_left_no_old_service_is_named() -> None:
    """Mail that comes back from a null MX leaves no server; around the switch minutes are told."""
    life = Story({}, (mx("10 mx.new.example."),))
    found = played(rrset(ZONE, "MX", 3600, "0 ."), life=life)
    assert found.old_service_until is None
    assert all(share in found.shares for share in found.closer)
    assert (found.closer[-1].at - found.closer[0].at).total_seconds() == 3900
