"""MTA-STS, TLSA, SRV, PTR, TLS-RPT, ramps, and what a switch waits for besides.

Those named ``case_`` are judged twice: here, and by the mutants that they have to catch.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailsync.desired.model import Cutover, Rung, Wish
from mailsync.dns.rrset import txt_text, txt_value
from mailsync.mail import mta_sts
from mailsync.mail.mta_sts import Policy
from mailsync.plan.kinds import mta_sts as mta_sts_kind
from mailsync.plan.live import ServedPolicy
from mailsync.plan.planner import policy_to_serve
from tests.unit.plan.story import START, ZONE, Story, mx, rrset, spf, wish, zone

MX, TXT, NS = (ZONE, "MX"), (ZONE, "TXT"), (ZONE, "NS")
MX1 = "mx1." + ZONE
STS = (f"_mta-sts.{ZONE}", "TXT")
DMARC = (f"_dmarc.{ZONE}", "TXT")
TLSA = (f"_25._tcp.{MX1}", "TLSA")
IMAPS = (f"_imaps._tcp.{ZONE}", "SRV")
OLD, NEW = "10 mx.old.example.", "10 mx.new.example."
OLD_SPF, NEW_SPF = "v=spf1 include:_spf.old.example -all", "v=spf1 include:_spf.new.example -all"
A, B = "3 1 1 " + "aa" * 32, "3 1 1 " + "bb" * 32
WEEK = 604800


def announced(policy: Policy) -> str:
    """Give the text of the record that announces a policy."""
    return mta_sts.record(policy)


def sts(policy: Policy | None, ttl: int = 3600) -> Wish:
    """Wish for a policy to be announced, or for none."""
    return wish("mta-sts", *STS, *([announced(policy)] if policy else []), ttl=ttl)


def served(policy: Policy | None) -> ServedPolicy:
    """Serve a policy, or none."""
    return ServedPolicy("none" if policy is None else "served", policy, "")


def details(life: Story, name: str = "tasks-done") -> list[str]:
    """Give what the plan's gates of one name say."""
    return [g.detail for stage in life.plan().stages for g in stage.gates if g.name == name]


def done(life: Story, detail: str) -> None:
    """Mark the task of a gate done."""
    task = detail.rpartition("tasks: {")[2].partition(":")[0]
    life.cutover = Cutover(tasks=life.cutover.tasks | {task})


# ---- Cases that catch a mutant -------------------------------------------------------------------


def case_a_host_that_the_file_does_not_name() -> None:
    """A new MX host whose address changed a moment ago is not switched to before all know it."""
    life = Story(zone(rrset(ZONE, "MX", 60, OLD), rrset(MX1, "A", 86400, "192.0.2.1")))
    life.wishes = (mx(f"10 {MX1}"),)
    life.known_for("20d")
    life.live[MX1, "A"] = rrset(MX1, "A", 86400, "192.0.2.2")
    life.run("3d")
    assert life.ran_at("switch", MX) >= START + timedelta(days=21)


def case_what_a_switch_leaves_behind() -> None:
    """After the switch the old service is needed for the low TTL and the safety, not for a day."""
    life = Story(zone(rrset(ZONE, "MX", 86400, OLD)), (mx(OLD, ttl=86400),))
    life.known_for("20d")
    life.wishes = (mx(NEW, ttl=86400),)
    until = None
    while life.values(*MX) == (OLD,):
        life.apply()
        until = life.plan().old_service_until
        life.passes("1h")
    assert until == life.ran_at("switch", MX) + timedelta(minutes=10)


def case_a_plan_tells_the_wait_that_lowering_brings() -> None:
    """Before the TTL goes down, the plan counts the old one from then: the date that it shows."""
    life = Story(zone(rrset(ZONE, "MX", 86400, OLD)), (mx(OLD, ttl=86400),))
    life.known_for("20d")
    life.wishes = (mx(NEW, ttl=86400),)
    switch = next(stage for stage in life.plan().stages if stage.name == "switch")
    assert switch.not_before == life.now + timedelta(days=1)


def case_no_soak_keeps_the_old_host() -> None:
    """With no soak at all, the address of the old host stays until nobody is led there."""
    host = wish("host", MX1, "A", "192.0.2.1")
    life = Story(zone(rrset(ZONE, "MX", 300, f"10 {MX1}"), rrset(MX1, "A", 300, "192.0.2.1")))
    life.wishes, life.cutover = (mx(f"10 {MX1}", ttl=300), host), Cutover(soak=0)
    life.known_for("20d")
    life.wishes = (mx(NEW, ttl=300), wish("host", MX1, "A"))
    life.run("30m", every="1m")
    assert life.ran_at("settle", (MX1, "A")) == life.ran_at("switch", MX) + timedelta(minutes=10)


def case_former_name_servers() -> None:
    """After the zone's name servers changed, mail stays while some are asked as before."""
    life = Story(zone(rrset(ZONE, "MX", 60, OLD), rrset(ZONE, "NS", 172800, "ns.old.example.")))
    life.wishes = (mx(OLD, ttl=60),)
    life.known_for("20d")
    life.live[NS] = rrset(ZONE, "NS", 172800, "ns.new.example.")
    life.see()
    life.wishes = (mx(NEW, ttl=60),)
    life.run("4d")
    assert life.ran_at("switch", MX) >= START + timedelta(days=22)


def case_what_former_name_servers_answer() -> None:
    """Their answers stay as they were: what prepares waits until nobody asks them any more."""
    life = Story(zone(rrset(ZONE, "MX", 86400, OLD), rrset(ZONE, "NS", 172800, "ns.old.example.")))
    life.live[TXT] = rrset(*TXT, 3600, OLD_SPF)
    life.wishes = (mx(OLD, ttl=86400), spf(OLD_SPF))
    life.known_for("20d")
    life.live[NS] = rrset(ZONE, "NS", 172800, "ns.new.example.")
    life.see()
    left = life.now + timedelta(days=2)
    life.wishes = (mx(NEW, ttl=86400), spf(NEW_SPF))
    for at in (None, left + timedelta(hours=1)):
        life.cutover = Cutover(at=at)
        stages = [(stage.name, stage.state, stage.not_before) for stage in life.plan().stages]
        switched = left + timedelta(days=1)
        assert stages[:2] == [("prepare", "held", left), ("switch", "held", switched)]
    life.cutover = Cutover()
    life.run("4d")
    assert life.ran_at("prepare", MX) == life.ran_at("prepare", TXT) == left
    assert life.ran_at("switch", MX) == left + timedelta(days=1)


def case_back_to_a_host_without_address() -> None:
    """A rollback waits, too, until all find the address of the host to which mail goes back."""
    life = Story(zone(rrset(ZONE, "MX", 300, f"10 {MX1}"), rrset(MX1, "A", 300, "192.0.2.1")))
    home = (mx(f"10 {MX1}", ttl=300), wish("host", MX1, "A", "192.0.2.1"))
    life.wishes = home
    life.known_for("20d")
    life.wishes = (mx(NEW, ttl=300), wish("host", MX1, "A", "192.0.2.1"))
    life.run("1d")
    assert life.values(*MX) == (NEW,)
    del life.live[MX1, "A"]  # by hand
    life.see()
    life.wishes = home
    life.apply()
    assert life.values(*MX) == (NEW,)
    life.run("2d")
    assert life.values(*MX) == (f"10 {MX1}",)


def case_a_host_that_is_left_keeps_its_tlsa() -> None:
    """The records of a host that leaves the MX go last: mail still goes there, by the old MX."""
    old, host = f"10 {MX1}", rrset(MX1, "A", 300, "192.0.2.1")
    life = Story(zone(rrset(ZONE, "MX", 300, old), host, rrset(*TLSA, 300, A)))
    life.known_for("20d")
    life.wishes = (mx(NEW, ttl=300), wish("tlsa", *TLSA))
    life.run("5d")
    assert life.values(*MX) == (NEW,)
    assert life.values(*TLSA) == (A,)
    life.run("10d")
    assert life.values(*TLSA) == ()


def case_an_include_in_the_zone() -> None:
    """A record of the same zone is there, and known to be, before SPF includes it."""
    life = Story(zone(rrset(ZONE, "TXT", 60, OLD_SPF)))
    life.wishes = (spf(OLD_SPF),)
    life.known_for("20d")
    new = f"v=spf1 include:_spf.{ZONE} -all"
    life.wishes = (
        spf(new.rstrip(".")),
        wish("record", f"_spf.{ZONE}", "TXT", "v=spf1 ip4:192.0.2.1 -all"),
    )
    life.apply()
    assert (f"_spf.{ZONE}", "TXT") in life.live
    assert "include:_spf.example.jp" not in life.values(*TXT)[0]
    life.run("2d")
    assert "include:_spf.example.jp" in life.values(*TXT)[0]


def case_a_record_that_is_included() -> None:
    """An SPF record goes only when no resolver holds one that includes it."""
    target = (f"_spf.{ZONE}", "TXT")
    including = f"v=spf1 include:_spf.{ZONE} -all".replace(". ", " ")
    life = Story(
        zone(
            rrset(ZONE, "TXT", 86400, including),
            rrset(*target, 60, "v=spf1 ip4:192.0.2.1 -all"),
        )
    )
    record = wish("record", *target, "v=spf1 ip4:192.0.2.1 -all", ttl=60)
    life.wishes = (spf(including, ttl=86400), record)
    life.known_for("20d")
    life.wishes = (spf("v=spf1 -all", ttl=86400), wish("record", *target))
    life.apply()
    assert target in life.live
    life.run("2d")
    assert target not in life.live


def case_an_included_record_shrinks() -> None:
    """A record that others include lets the old senders in until their queues are empty."""
    target = (f"_spf.{ZONE}", "TXT")
    life = Story(zone(rrset(*target, 60, OLD_SPF)), (wish("record", *target, OLD_SPF, ttl=60),))
    life.known_for("20d")
    life.wishes = (wish("record", *target, NEW_SPF, ttl=60),)
    life.run("9d")
    (text,) = life.values(*target)
    assert "_spf.old.example" in text
    assert "_spf.new.example" in text
    life.run("3d")
    assert life.values(*target) == (f'"{NEW_SPF}"',)


def case_leaving_mta_sts() -> None:
    """A domain leaves MTA-STS by mode none, and the record goes when nobody holds a policy."""
    policy = Policy("enforce", WEEK, ("mx.old.example",))
    life = Story(zone(rrset(ZONE, "MX", 60, OLD), rrset(*STS, 60, announced(policy))))
    life.policy, life.served = policy, served(policy)
    life.wishes = (mx(OLD, ttl=60), sts(policy))
    life.known_for("20d")
    life.policy, life.wishes = None, (mx(OLD, ttl=60), sts(None))
    life.run("1d")
    assert life.values(*STS) == (txt_value(announced(policy)),)
    (detail,) = details(life, "policy-permits")
    assert "mode none" in detail
    life.served = served(Policy("none", 86400))
    life.run("6d")
    assert life.values(*STS) == (txt_value(announced(Policy("none", 86400))),)
    life.run("3d")
    assert STS not in life.live


def case_a_policy_under_anothers_id() -> None:
    """Served for an hour under the id that is announced, a policy binds senders for its max_age."""
    old = Policy("enforce", WEEK, ("mx.old.example",))
    life = Story(zone(rrset(ZONE, "MX", 60, OLD), rrset(*STS, 60, announced(old))))
    life.policy, life.served, life.wishes = old, served(old), (mx(OLD, ttl=60), sts(old))
    life.known_for("20d")
    life.policy, life.wishes = None, (mx(NEW, ttl=60), sts(None, ttl=60))
    life.served = served(mta_sts_kind.LEAVING)
    life.apply()
    assert life.values(*STS) == (txt_value(announced(mta_sts_kind.LEAVING)),)
    life.served = served(old)  # a web server that was restored from its backup
    life.run("1h", every="10m")
    assert "mode none" in details(life, "policy-permits")[0]
    restored = life.now - timedelta(minutes=10)
    life.served = served(mta_sts_kind.LEAVING)
    life.run("9d")
    assert life.values(*MX) == (NEW,)
    assert life.ran_at("switch", MX) > restored + timedelta(seconds=WEEK)


def case_a_record_that_went() -> None:
    """Senders that find no record any more go by the policy that they have (RFC 8461 §5.1)."""
    policy = Policy("enforce", WEEK, ("mx.old.example",))
    life = Story(zone(rrset(ZONE, "MX", 60, OLD), rrset(*STS, 60, announced(policy))))
    life.policy, life.served = policy, served(policy)
    life.wishes = (mx(OLD, ttl=60), sts(policy))
    life.known_for("20d")
    del life.live[STS]  # by hand
    life.policy, life.wishes = None, (mx(NEW, ttl=60), sts(None))
    gone = life.now
    life.run("9d")
    # For a day another record may have stood there that nobody saw, and announced it.
    assert life.ran_at("switch", MX) == gone + timedelta(days=1, seconds=WEEK)


def case_a_policy_is_announced_only_when_it_is_served() -> None:
    """The record takes the id of a policy that senders can fetch (RFC 8461 §8.1)."""
    policy = Policy("testing", WEEK, ("mx.old.example",))
    life = Story(zone(rrset(ZONE, "MX", 60, OLD)), (mx(OLD, ttl=60), sts(policy)), policy=policy)
    life.served = served(None)
    life.run("2d")
    assert STS not in life.live
    assert "mode testing, mx mx.old.example" in details(life, "policy-permits")[0]
    life.served = served(policy)
    life.apply()
    assert life.values(*STS) == (txt_value(announced(policy)),)


def case_a_policy_that_nobody_announced() -> None:
    """A policy that was served under another's id is kept until its max_age is over.

    A revert meets it: the record says what it always said, and senders fetched something else.
    """
    none, new = Policy("none", 86400), Policy("enforce", WEEK, ("mx.new.example",))
    life = Story(zone(rrset(ZONE, "MX", 60, NEW), rrset(*STS, 60, announced(none))))
    life.policy, life.served, life.wishes = none, served(none), (mx(NEW, ttl=60), sts(none))
    life.known_for("20d")
    life.served = served(new)
    life.known_for("1h")
    life.wishes = (mx(OLD, ttl=60), sts(none))
    assert all("mode none" in detail for detail in details(life, "policy-permits"))
    life.run("3d")
    assert life.plan().status == "waiting"
    assert life.values(*MX) == (NEW,)
    life.served = served(none)
    fixed = life.now
    life.run("9d")
    assert life.ran_at("switch", MX) == fixed + timedelta(seconds=WEEK)


def case_a_record_that_came_back() -> None:
    """Who found no record for a while looks again within a day, and goes by what it has until then.

    The record was known to be gone for long, and comes back with a policy that permits all.
    """
    old = Policy("enforce", 30 * 86400, ("mx.old.example",))
    both = Policy("enforce", WEEK, ("*.example", "mx.new.example", "mx.old.example"))
    life = Story(zone(rrset(ZONE, "MX", 60, OLD), rrset(*STS, 60, announced(old))))
    life.policy, life.served = old, served(old)
    life.wishes = (mx(OLD, ttl=60), sts(old))
    life.known_for("20d")
    del life.live[STS]  # by hand
    life.policy, life.wishes = None, (mx(OLD, ttl=60), sts(None))
    life.known_for("5d")
    life.policy, life.served, life.wishes = both, served(both), (mx(NEW, ttl=60), sts(both))
    life.apply()
    back = life.ran_at("prepare", STS)
    life.run("9d")
    assert life.ran_at("switch", MX) >= back + timedelta(days=1)


def case_a_ramp() -> None:
    """DMARC climbs rung by rung, each when the one below has been known for its time."""
    texts = [f"v=DMARC1; p={p}" for p in ("none", "quarantine", "reject")]
    waits = (None, 10 * 86400, 20 * 86400)
    rungs = tuple(Rung((txt_value(t),), after=w) for t, w in zip(texts, waits, strict=True))
    life = Story(zone(), (wish("dmarc", *DMARC, texts[-1], ramp=rungs),))
    life.run("9d")
    assert life.values(*DMARC) == (txt_value(texts[0]),)
    life.run("2d")
    assert life.values(*DMARC) == (txt_value(texts[1]),)
    life.run("18d")
    assert life.values(*DMARC) == (txt_value(texts[1]),)
    life.run("3d")
    assert life.values(*DMARC) == (txt_value(texts[2]),)
    assert life.plan().status == "converged"


def case_an_address_that_settles() -> None:
    """An address that goes while settling is kept as long as resolvers hold it."""
    life = Story(zone(rrset(ZONE, "MX", 60, f"10 {MX1}"), rrset(MX1, "A", 86400, "192.0.2.1")))
    life.wishes = (mx(f"10 {MX1}", ttl=60), wish("host", MX1, "A", "192.0.2.1", ttl=86400))
    life.known_for("20d")
    life.wishes = (
        mx(f"10 {MX1}", ttl=60),
        wish("host", MX1, "A"),
        wish("host", MX1, "AAAA", "2001:db8::1", ttl=60),
    )
    plan = life.plan()
    assert plan.old_service_until is not None
    settles = [
        s for s in plan.stages if s.name == "settle" and any(c.after is None for c in s.changes)
    ]
    assert plan.old_service_until >= settles[0].not_before + timedelta(days=1)


def case_a_slow_new_sender() -> None:
    """SPF shrinks only when the new way's key, too, was known for as long as queues last."""
    key = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    selector = (f"s2._domainkey.{ZONE}", "TXT")
    life = Story(zone(rrset(ZONE, "TXT", 60, OLD_SPF)), (spf(OLD_SPF), wish("dkim", *selector)))
    life.cutover = Cutover(soak=0)
    life.known_for("20d")
    life.wishes = (spf(NEW_SPF), wish("dkim", *selector, key))
    life.run("7d", every="1h")
    known = timedelta(hours=3)  # a cached absence of the key
    assert life.ran_at("settle", TXT) >= life.ran_at("prepare", selector) + known + timedelta(
        days=5
    )


CASES = [value for name, value in sorted(globals().items()) if name.startswith("case_")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__.removeprefix("case_"))
def test_case(case: object) -> None:
    """Each case holds for the planner as it is."""
    assert callable(case)
    case()


def test_a_switch_is_promised_no_earlier_than_former_name_servers_allow() -> None:
    """What prepares waits for them, and its own old answers are held from then on."""
    life = Story(zone(rrset(ZONE, "MX", 300, OLD), rrset(ZONE, "NS", 172800, "ns.old.example.")))
    life.live[TXT] = rrset(*TXT, 86400, OLD_SPF)
    life.wishes = (mx(OLD, ttl=300), spf(OLD_SPF, ttl=86400))
    life.known_for("20d")
    life.live[NS] = rrset(ZONE, "NS", 172800, "ns.new.example.")
    life.see()
    left = life.now + timedelta(days=2)
    life.wishes = (mx(NEW, ttl=300), spf(NEW_SPF, ttl=86400))
    promised = life.plan().stages[1].not_before
    life.run("4d")
    assert promised == life.ran_at("switch", MX) == left + timedelta(days=1)


# ---- MTA-STS -------------------------------------------------------------------------------------


def test_a_policy_that_is_served_again_has_to_give_way_once_more() -> None:
    """A revert that was reverted itself left it there: a person is asked, and the plan ends."""
    policy, leaving = Policy("enforce", WEEK, ("mx.old.example",)), mta_sts_kind.LEAVING
    life = Story(zone(rrset(ZONE, "MX", 60, OLD), rrset(*STS, 60, announced(policy))))
    life.policy, life.served = policy, served(policy)
    life.wishes = (mx(OLD, ttl=60), sts(policy))
    life.known_for("20d")
    life.policy, life.wishes = None, (mx(OLD, ttl=60), sts(None))
    life.served = served(leaving)
    life.run("1d")
    assert life.values(*STS) == (txt_value(announced(leaving)),)
    life.served = served(policy)
    life.run("20d")
    (detail,) = details(life, "policy-permits")
    assert "mode none" in detail
    life.served = served(leaving)
    life.run("9d")
    assert STS not in life.live
    assert life.plan().status == "converged"


def test_a_switch_waits_for_a_policy_that_permits_both() -> None:
    """The union is served, announced and read by all before MX changes, and shrinks afterwards."""
    old = Policy("enforce", WEEK, ("mx.old.example",))
    new = Policy("enforce", WEEK, ("mx.new.example",))
    both = Policy("enforce", WEEK, ("mx.old.example", "mx.new.example"))
    life = Story(zone(rrset(ZONE, "MX", 60, OLD), rrset(*STS, 3600, announced(old))))
    life.policy, life.served, life.wishes = old, served(old), (mx(OLD, ttl=60), sts(old))
    life.known_for("20d")
    life.policy, life.wishes = new, (mx(NEW, ttl=60), sts(new))
    assert life.plan().status == "waiting"
    life.run("3d", every="1h")
    assert life.values(*MX) == (OLD,)
    life.served = served(both)
    life.apply()
    announced_at = life.now
    assert life.values(*STS) == (txt_value(announced(both)),)
    life.run("2d", every="1h")
    assert life.ran_at("switch", MX) == announced_at + timedelta(hours=25)
    life.run("9d", every="1h")
    assert life.values(*STS) == (txt_value(announced(both)),)
    life.served = served(new)
    life.run("2d", every="1h")
    assert life.values(*STS) == (txt_value(announced(new)),)
    assert life.plan().status == "converged"


def test_who_serves_what_render_writes_sees_mail_move() -> None:
    """The policy that has to be served now is at each time the one for which the plan waits."""
    old = Policy("enforce", WEEK, ("mx.old.example",))
    new = Policy("enforce", WEEK, ("mx.new.example",))
    life = Story(zone(rrset(ZONE, "MX", 60, OLD), rrset(*STS, 3600, announced(old))))
    life.policy, life.served, life.wishes = old, served(old), (mx(OLD, ttl=60), sts(old))
    life.known_for("20d")
    life.policy, life.wishes = new, (mx(NEW, ttl=60), sts(new))
    written = []
    for _ in range(20):
        policy = policy_to_serve(life.desired, life.world, life.ledger, life.now)
        assert policy is not None
        written.append(policy)
        life.served = served(policy)
        life.run("1d")
    assert life.plan().status == "converged"
    both = Policy("enforce", WEEK, ("mx.old.example", "mx.new.example"))
    assert list(dict.fromkeys(written)) == [both, new]
    life.policy, life.wishes = None, (mx(NEW, ttl=60), sts(None))
    leaving = policy_to_serve(life.desired, life.world, life.ledger, life.now)
    assert leaving == Policy("none", 86400)
    del life.live[STS]
    assert policy_to_serve(life.desired, life.world, life.ledger, life.now) is None
    life.wishes = (mx(NEW, ttl=60),)
    assert policy_to_serve(life.desired, life.world, life.ledger, life.now) is None


def test_a_policy_that_cannot_be_looked_at_is_a_persons_word() -> None:
    """Where nobody can fetch it, the plan says how to say that it is served."""
    policy = Policy("testing", WEEK, ("mx.old.example",))
    life = Story(zone(rrset(ZONE, "MX", 60, OLD)), (mx(OLD, ttl=60), sts(policy)), policy=policy)
    life.served = ServedPolicy("unknown", None, "port 443 is closed")
    life.run("2d")
    (detail,) = details(life, "policy-permits")
    assert "port 443 is closed" in detail
    done(life, detail)
    life.apply()
    assert STS in life.live


def test_a_policy_is_not_stricter_while_mail_moves() -> None:
    """From testing to enforce goes the policy only when the mail has moved."""
    old = Policy("testing", WEEK, ("*.example",))
    new = Policy("enforce", WEEK, ("*.example",))
    life = Story(zone(rrset(ZONE, "MX", 60, OLD), rrset(*STS, 60, announced(old))))
    life.policy, life.served, life.wishes = old, served(old), (mx(OLD, ttl=60), sts(old))
    life.known_for("20d")
    life.policy, life.served, life.wishes = new, served(new), (mx(NEW, ttl=60), sts(new))
    life.run("2d")
    assert life.values(*STS) == (txt_value(announced(old)),)


def test_leaving_what_was_never_served_is_direct() -> None:
    """Without a policy no sender holds one: the record goes at once."""
    policy = Policy("testing", WEEK, ("mx.old.example",))
    life = Story(zone(rrset(*STS, 60, announced(policy))), (sts(None),), served=served(None))
    assert life.apply() == ["prepare"]
    assert STS not in life.live


def test_a_policy_of_mode_none_names_no_host() -> None:
    """It stops mail to nowhere: no host is added to it, and nobody is asked to serve another."""
    policy = Policy("none", WEEK)
    life = Story(zone(rrset(ZONE, "MX", 60, OLD), rrset(*STS, 60, announced(policy))))
    life.policy, life.served, life.wishes = policy, served(policy), (mx(NEW, ttl=60), sts(policy))
    life.known_for("20d")
    assert details(life, "policy-permits") == []
    life.run("15d")
    assert life.values(*MX) == (NEW,)
    assert life.plan().status == "converged"


def test_a_record_without_a_policy_to_compare_is_set() -> None:
    """A wish for a record alone, whose policy nobody knows, is set as it is."""
    policy = Policy("testing", WEEK, ("mx.old.example",))
    life = Story(zone(), (sts(policy),))
    assert life.apply() == ["prepare"]


def test_a_foreign_id_may_stand_for_any_policy() -> None:
    """What somebody announced by hand is waited out before mail goes to another host."""
    policy = Policy("enforce", WEEK, ("mx.new.example", "mx.old.example"))
    life = Story(zone(rrset(ZONE, "MX", 60, OLD), rrset(*STS, 60, "v=STSv1; id=20200101;")))
    life.policy, life.served = policy, served(policy)
    life.wishes = (mx(NEW, ttl=60), sts(policy))
    life.known_for("20d")
    life.run("2d")
    changed = life.ran_at("prepare", STS)
    assert life.ran_at("switch", MX) >= changed + timedelta(days=1)


KEPT = "v=STSv1;id=20200101"
BOTH = Policy("enforce", WEEK, ("*.new.example", "*.old.example"))


def kept(policy: Policy, on_the_web: Policy, *old: str) -> Story:
    """A domain whose policy has an id that somebody gave it, and whose file keeps that id."""
    life = Story(zone(rrset(ZONE, "MX", 60, *(old or (OLD,))), rrset(*STS, 60, KEPT)))
    life.policy, life.served = policy, served(on_the_web)
    life.wishes = (mx(*(old or (OLD,)), ttl=60), wish("mta-sts", *STS, KEPT, ttl=60))
    return life


def test_an_id_that_somebody_gave_is_kept() -> None:
    """Nothing changes, and mail moves at once where the very policy permits the new hosts."""
    life = kept(BOTH, BOTH)
    life.known_for("20d")
    assert life.plan().status == "converged"
    life.wishes = (mx(NEW, ttl=60), life.wishes[1])
    assert life.apply() == ["switch"]
    life.run("20d", every="1d")
    assert life.values(*STS) == (txt_value(KEPT),)


def test_another_policy_does_not_keep_the_id() -> None:
    """Whoever has the old policy under that id would never look for the new one."""
    wider = Policy("enforce", WEEK, ("mx.new.example", "mx.old.example"))
    narrow = Policy("enforce", WEEK, ("mx.old.example",))
    life = kept(wider, narrow)
    life.known_for("20d")
    (found,) = [f for f in life.plan().findings if f.id == "sts-id-unchanged"]
    assert "the id 20200101 stands for another policy already (mode enforce, mx mx.old" in (
        found.message
    )
    assert life.plan().status == "error"
    # Serving the new one under the old id does not help those who have the old one.
    life.served = served(wider)
    life.wishes = (mx(NEW, ttl=60), life.wishes[1])
    life.run("1h")
    assert life.plan().status == "error"
    life.wishes = (mx(NEW, ttl=60), sts(wider, 60))
    life.run("3d")
    assert life.values(*MX) == (NEW,)
    assert life.ran_at("switch", MX) >= life.ran_at("prepare", STS) + timedelta(days=1)


def test_a_kept_id_counts_for_what_was_seen_served() -> None:
    """Where nobody could look, the file's word alone leads no mail to another host."""
    life = kept(BOTH, BOTH)
    life.served = ServedPolicy("unknown", None, "port 443 is closed")
    life.known_for("20d")
    life.wishes = (mx(NEW, ttl=60), life.wishes[1])
    life.run("2d")
    assert life.values(*MX) == (OLD,)
    assert "port 443 is closed" in details(life, "policy-permits")[0]


def test_the_way_back_keeps_the_id_too() -> None:
    """A union that was served under it stops no mail: the old file is taken again."""
    narrow = Policy("enforce", WEEK, ("mx.old.example",))
    life = kept(narrow, narrow)
    life.known_for("20d")
    before = life.wishes
    other = Policy("enforce", WEEK, ("mx.new.example",))
    life.policy, life.wishes = other, (mx(NEW, ttl=60), sts(other, 60))
    due = policy_to_serve(life.desired, life.world, life.ledger, life.now)
    life.served = served(due)
    life.run("3d")
    assert life.values(*MX) == (NEW,)
    life.policy, life.wishes = narrow, before
    assert life.apply() == ["switch"]
    assert life.values(*MX) == (OLD,)


def test_an_unreadable_record_is_waited_out_like_a_foreign_one() -> None:
    """A record without an id says nothing that could be relied on."""
    policy = Policy("enforce", WEEK, ("mx.new.example", "mx.old.example"))
    life = Story(zone(rrset(ZONE, "MX", 60, OLD), rrset(*STS, 60, "v=STSv1;")))
    life.policy, life.served = policy, served(policy)
    life.wishes = (mx(NEW, ttl=60), sts(policy))
    life.known_for("20d")
    life.run("2d")
    assert life.ran_at("switch", MX) >= START + timedelta(days=21)


def test_a_policy_that_the_file_does_not_name_stops_a_switch() -> None:
    """Senders that enforce it would not deliver to the new hosts; other TXT is no policy."""
    policy = Policy("enforce", WEEK, ("mx.old.example",))
    live = zone(rrset(ZONE, "MX", 60, OLD), rrset(*STS, 60, announced(policy)))
    assert "mta-sts-unmanaged" in {f.id for f in Story(live, (mx(NEW),)).plan().findings}
    live[STS] = rrset(*STS, 60, "something else")
    assert "mta-sts-unmanaged" not in {f.id for f in Story(live, (mx(NEW),)).plan().findings}


# ---- TLSA ----------------------------------------------------------------------------------------


def test_two_certificates_stand_side_by_side_until_the_old_one_is_gone() -> None:
    """New records beside the old; then a person changes the certificate; then the old ones go."""
    life = Story(
        zone(
            rrset(ZONE, "MX", 60, f"10 {MX1}"),
            rrset(MX1, "A", 60, "192.0.2.1"),
            rrset(*TLSA, 3600, A),
        ),
        (mx(f"10 {MX1}", ttl=60), wish("tlsa", *TLSA, A)),
    )
    life.known_for("20d")
    life.wishes = (life.wishes[0], wish("tlsa", *TLSA, B))
    life.run("5d")
    assert life.values(*TLSA) == (A, B)
    (detail,) = details(life)
    assert "change the certificate of mx1.example.jp" in detail
    done(life, detail)
    life.apply()
    assert life.values(*TLSA) == (B,)
    assert life.plan().status == "converged"


def test_first_tlsa_records_need_a_persons_word_where_mail_goes() -> None:
    """A record that matches nothing would stop mail: somebody has looked at the certificate."""
    life = Story(
        zone(rrset(ZONE, "MX", 60, f"10 {MX1}"), rrset(MX1, "A", 60, "192.0.2.1")),
        (mx(f"10 {MX1}", ttl=60), wish("tlsa", *TLSA, A)),
    )
    life.run("2d")
    assert TLSA not in life.live
    done(life, details(life)[0])
    life.apply()
    assert life.values(*TLSA) == (A,)
    life.wishes = (life.wishes[0], wish("tlsa", *TLSA))
    life.apply()
    assert TLSA not in life.live


def test_tlsa_records_of_a_host_without_mail_are_published_at_once() -> None:
    """Nobody delivers there yet."""
    life = Story(zone(rrset(ZONE, "MX", 60, OLD)), (wish("tlsa", *TLSA, A),))
    assert life.apply() == ["prepare"]


# ---- SRV, TLS-RPT, PTR, ramps --------------------------------------------------------------------


def test_clients_find_the_new_server_with_the_switch() -> None:
    """SRV records change when the mail moves, at a low TTL, which is restored later."""
    life = Story(
        zone(rrset(ZONE, "MX", 3600, OLD), rrset(*IMAPS, 3600, "0 1 993 mx.old.example.")),
        (mx(NEW), wish("srv", *IMAPS, "0 1 993 mx.new.example.")),
    )
    life.run("2d")
    assert life.ran_at("switch", IMAPS) == life.ran_at("switch", MX)
    assert life.ttl(*IMAPS) == 300
    life.run("10d")
    assert life.ttl(*IMAPS) == 3600


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ((), ("v=TLSRPTv1; rua=mailto:a@example.jp",), "says where reports on TLS go"),
        (
            ("v=TLSRPTv1; rua=mailto:a@example.jp",),
            ("v=TLSRPTv1; rua=mailto:b@example.jp",),
            "changes where reports on TLS go",
        ),
        (("v=TLSRPTv1; rua=mailto:a@example.jp",), (), "ends the reports on TLS"),
    ],
)
def test_tls_reports_are_set_at_once(
    before: tuple[str, ...], after: tuple[str, ...], words: str
) -> None:
    """They route nothing, and a foreign value beside them stays."""
    key = (f"_smtp._tls.{ZONE}", "TXT")
    life = Story(zone(rrset(*key, 60, "foreign", *before)), (wish("tls-rpt", *key, *after),))
    stage = life.stage("prepare", "due")
    assert stage is not None
    assert stage.changes[0].why == words
    life.apply()
    assert {txt_text(v) for v in life.values(*key)} == {"foreign", *after}
    assert life.plan().status == "converged"


def test_a_ramp_never_goes_down() -> None:
    """A domain that refuses already stays so, whatever the lower rungs say."""
    texts = [f"v=DMARC1; p={p}" for p in ("none", "reject")]
    rungs = (Rung((txt_value(texts[0]),)), Rung((txt_value(texts[1]),), after=60))
    strict = "v=DMARC1; p=reject; rua=mailto:a@example.jp"
    life = Story(zone(rrset(*DMARC, 60, strict)), (wish("dmarc", *DMARC, texts[1], ramp=rungs),))
    life.apply()
    assert life.values(*DMARC) == (txt_value(texts[1]),)


def test_a_ramp_keeps_its_dates() -> None:
    """A rung with a date is not taken before it, and the plan says until when it waits."""
    texts = [f"v=DMARC1; p={p}" for p in ("none", "reject")]
    at = START + timedelta(days=30)
    rungs = (Rung((txt_value(texts[0]),)), Rung((txt_value(texts[1]),), at=at))
    life = Story(zone(), (wish("dmarc", *DMARC, texts[1], ramp=rungs),))
    life.apply()
    stage = life.stage("settle", "held")
    assert stage is not None
    assert [hold.until for hold in stage.holds] == [at]
    life.run("31d")
    assert life.ran_at("settle", DMARC) == at


def test_a_ramp_tells_the_steps_that_are_not_planned_yet() -> None:
    """Each with its time, until the last one is planned."""
    texts = [f"v=DMARC1; p={p}" for p in ("none", "quarantine", "reject")]
    values = [(txt_value(text),) for text in texts]
    at = START + timedelta(days=30)
    rungs = (Rung(values[0]), Rung(values[1], after=86400), Rung(values[2], at=at))
    life = Story(zone(), (wish("dmarc", *DMARC, texts[2], ramp=rungs),))
    told = "the ramp goes on: p=quarantine 1 d later, then p=reject on 2026-12-22 03:00 UTC"
    assert [finding.message for finding in life.plan().findings] == [told]
    life.apply()
    (finding,) = life.plan().findings
    assert finding.message == "the ramp goes on: p=reject on 2026-12-22 03:00 UTC"
    life.run("3d")
    assert life.plan().findings == ()


def test_a_key_that_outlives_the_mail_is_told() -> None:
    """The revoked key under every selector is under none that has a record of its own."""
    keys = {"s1": "v=DKIM1; p=", "s2": "v=DKIM1; k=ed25519; p=AAAA", "s3": "no key"}
    live = [rrset(f"{name}._domainkey.{ZONE}", "TXT", 60, key) for name, key in keys.items()]
    life = Story(zone(*live), (mx("0 ."), spf("v=spf1 -all")), no_mail=True)
    told = [finding.message for finding in life.plan().findings if finding.id == "keys-left"]
    assert len(told) == 1
    assert "s2._domainkey.example.jp. TXT still" in told[0]
    life.live.pop(live[1].key)
    assert "keys-left" not in {finding.id for finding in life.plan().findings}


def test_mail_that_comes_back_is_called_so() -> None:
    """A null MX is no server beside which another one takes mail."""
    life = Story(zone(rrset(ZONE, "MX", 60, "0 .")), (mx(NEW, ttl=60),))
    (switch,) = (stage for stage in life.plan().stages if stage.name == "switch")
    assert switch.changes[0].why.startswith("mail is accepted again")


def test_a_ramp_waits_while_mail_moves() -> None:
    """No rung is taken before a move of mail and its soak are over."""
    texts = [f"v=DMARC1; p={p}" for p in ("none", "reject")]
    rungs = (Rung((txt_value(texts[0]),)), Rung((txt_value(texts[1]),), after=3600))
    life = Story(
        zone(rrset(ZONE, "MX", 60, OLD)),
        (mx(NEW, ttl=60), wish("dmarc", *DMARC, texts[1], ramp=rungs)),
    )
    life.run("20d")
    assert life.ran_at("settle", DMARC) >= life.ran_at("switch", MX) + timedelta(days=10)


def test_a_name_in_a_reverse_zone_of_somebody_else_is_asked_for() -> None:
    """No target serves it: the plan says what to ask the address's holder, and writes nothing."""
    life = Story(
        zone(),
        (
            wish("ptr", "10.2.0.192.in-addr.arpa.", "PTR", MX1),
            wish("ptr", "1.2.0.192.in-addr.arpa.", "PTR"),
        ),
    )
    plan = life.plan()
    assert plan.stages == ()
    said = [finding.message for finding in plan.findings]
    assert "name it mx1.example.jp" in said[0]
    assert "take its name away" in said[1]
    assert life.apply() == []


def test_an_include_that_is_not_there_is_refused() -> None:
    """Including a name of this zone without an SPF record is a permanent error for receivers."""
    life = Story(zone(rrset(ZONE, "TXT", 60, OLD_SPF)), (spf("v=spf1 include:_x.example.jp -all"),))
    assert "spf-include-missing" in {finding.id for finding in life.plan().findings}


@pytest.mark.parametrize(
    "there",
    [
        rrset("_x." + ZONE, "TXT", 60, "v=spf1 -all"),
        rrset("_x." + ZONE, "CNAME", 60, "spf.example."),
        rrset("_x." + ZONE, "NS", 60, "ns.example."),
    ],
)
def test_an_include_that_is_elsewhere_or_there_is_taken(there: object) -> None:
    """An alias, a delegated name, or a record that the file does not name: all may be included."""
    life = Story(zone(rrset(ZONE, "TXT", 60, OLD_SPF), there))  # type: ignore[arg-type]
    life.wishes = (spf("v=spf1 include:_x.example.jp include:%{d}._y.example.jp -all"),)
    assert life.apply() == ["prepare"]


def test_a_record_in_use_is_not_removed() -> None:
    """What the domain's own SPF goes on including cannot go."""
    target = (f"_spf.{ZONE}", "TXT")
    including = "v=spf1 include:_spf.example.jp -all"
    life = Story(
        zone(rrset(ZONE, "TXT", 60, including), rrset(*target, 60, "v=spf1 -all")),
        (spf(including), wish("record", *target)),
    )
    assert "spf-target-in-use" in {finding.id for finding in life.plan().findings}


def test_a_record_that_nobody_includes_goes_after_its_senders() -> None:
    """The values beside the SPF record are set at once."""
    target = (f"_spf.{ZONE}", "TXT")
    life = Story(zone(rrset(*target, 60, "v=spf1 ip4:192.0.2.1 -all", "a")))
    life.wishes = (wish("record", *target, "v=spf1 ip4:192.0.2.1 -all", "a", ttl=60),)
    life.known_for("20d")
    life.wishes = (wish("record", *target, "b", ttl=60),)
    life.apply()
    assert life.values(*target) == ('"b"',)
