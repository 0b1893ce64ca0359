"""What waits because mail may have moved without anybody seeing it: MX was not watched till now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailsync.desired.model import Cutover, Wish
from mailsync.mail import mta_sts
from mailsync.mail.mta_sts import Policy
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import ServedPolicy
from mailsync.plan.visible import Lifetimes, remnants
from tests.unit.plan.story import START, ZONE, Story, mx, rrset, spf, wish, zone

MX, TXT = (ZONE, "MX"), (ZONE, "TXT")
S1, DMARC = (f"s1._domainkey.{ZONE}", "TXT"), (f"_dmarc.{ZONE}", "TXT")
STS = (f"_mta-sts.{ZONE}", "TXT")
OLD_SPF = "v=spf1 include:_spf.old.example -all"
NEW_SPF = "v=spf1 include:_spf.new.example -all"
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
NONE, REJECT = "v=DMARC1; p=none", "v=DMARC1; p=reject"
MOVED = "10 mx.new.example."


def newly_named_mx(*wishes: Wish) -> Story:
    """Tell the story of a file that spoke of everything but MX for long, and now names it, too."""
    texts = (rrset(ZONE, "TXT", 60, OLD_SPF), rrset(*S1, 60, KEY), rrset(*DMARC, 60, NONE))
    life = Story(zone(rrset(ZONE, "MX", 3600, MOVED), *texts))
    life.wishes = (
        spf(OLD_SPF, ttl=60),
        wish("dkim", *S1, KEY, ttl=60),
        wish("dmarc", *DMARC, NONE),
    )
    life.cutover = Cutover(soak=3600)
    life.known_for("20d")
    life.wishes = (mx(MOVED), *wishes)
    life.run("12d")
    return life


def test_a_key_stays_where_mail_may_have_moved_unseen() -> None:
    """What the old way signed before may be on its way for a week."""
    life = newly_named_mx(spf(OLD_SPF, ttl=60), wish("dkim", *S1))
    assert life.log[-1][2].key == S1
    assert life.log[-1][0] >= START + timedelta(days=27)


def test_an_spf_term_stays_where_mail_may_have_moved_unseen() -> None:
    """What the old way queued before may be on its way for five days."""
    life = newly_named_mx(spf("v=spf1 -all", ttl=60))
    assert life.log[-1][2].key == TXT
    assert life.log[-1][0] >= START + timedelta(days=25)


def test_dmarc_tightens_later_where_mail_may_have_moved_unseen() -> None:
    """The soak counts from when it may have moved."""
    life = newly_named_mx(spf(OLD_SPF, ttl=60), wish("dmarc", *DMARC, REJECT))
    assert life.log[-1][2].key == DMARC
    assert life.log[-1][0] >= START + timedelta(days=20, hours=1)


def test_an_spf_term_stays_until_the_new_way_can_sign() -> None:
    """A term that is taken away with the first key of a new way goes when queues are empty."""
    both = "v=spf1 include:_spf.old.example include:_spf.new.example -all"
    life = Story(zone(rrset(ZONE, "TXT", 60, both)), (spf(both, ttl=60), wish("dkim", *S1)))
    life.cutover = Cutover(soak=0)
    life.known_for("20d")
    life.wishes = (spf(NEW_SPF, ttl=60), wish("dkim", *S1, KEY))
    life.run("12d")
    known = timedelta(hours=3)  # a cached absence of the key
    narrowed = next(t for t, _, change in life.log if change.key == TXT)
    assert narrowed >= START + timedelta(days=25) + known


def case_a_policy_in_a_hurry() -> None:
    """An MX that nobody saw may name a host that only the present policy permits."""
    wide = Policy("enforce", 604800, ("*.example", "mx.new.example"))
    narrow = Policy("enforce", 604800, ("mx.new.example",))
    life = Story(zone(rrset(*MX, 3600, MOVED), rrset(*STS, 60, mta_sts.record(wide))))
    life.cutover = Cutover(soak=86400)
    life.policy, life.served = wide, ServedPolicy("served", wide, "")
    life.wishes = (wish("mta-sts", *STS, mta_sts.record(wide), ttl=60),)
    life.known_for("20d")
    life.policy = narrow
    life.wishes = (mx(MOVED), wish("mta-sts", *STS, mta_sts.record(narrow), ttl=60))
    life.run("1h", every="1h")
    assert [s.name for s in life.plan().stages] == ["settle"]
    life.served = ServedPolicy("served", narrow, "")  # somebody is in a hurry
    life.run("22h", every="1h")
    assert life.values(*STS) == rrset(*STS, 60, mta_sts.record(wide)).values
    life.run("9d", every="1h")
    assert life.values(*STS) == rrset(*STS, 60, mta_sts.record(narrow)).values


def test_a_policy_stays_as_permissive_where_mail_may_have_moved_unseen() -> None:
    """Nobody is asked to serve another, and none is announced, while that matters."""
    case_a_policy_in_a_hurry()


def test_mail_does_not_move_while_a_policy_that_nobody_saw_may_forbid_it() -> None:
    """A file that says 'mta_sts: absent' does not say that there never was a policy."""
    life = Story(zone(rrset(*MX, 60, "10 mx.old.example.")))
    life.served = ServedPolicy("none", None, "")
    life.wishes = (mx(MOVED, ttl=60), wish("mta-sts", *STS))
    life.run("3d")
    assert life.ran_at("switch", MX) == START + timedelta(days=1)
    life = Story(zone(rrset(*MX, 60, "10 mx.old.example.")))
    life.wishes = (mx(MOVED, ttl=60), wish("mta-sts", *STS))
    life.run("3d")  # nobody could look
    assert life.ran_at("switch", MX) == START + timedelta(days=2)


@pytest.mark.parametrize(("ttl", "seconds"), [(60, 3600), (7200, 7200)])
def test_what_nobody_saw_may_have_had_the_ttl_of_what_came_after(ttl: int, seconds: int) -> None:
    """A lost journal costs time, never mail, where a file asks for more than unseen_ttl."""
    ledger = Ledger().seen(MX, rrset(ZONE, "MX", ttl, MOVED), START)
    unseen, _ = remnants(ledger.history(MX), Lifetimes(Cutover(unseen_ttl=3600)), START)
    assert unseen.until == START + timedelta(seconds=seconds)
