"""The engine, driven through a whole world in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailsync.apply.edge import Interrupted
from mailsync.apply.engine import Terms
from mailsync.desired.model import Cutover
from mailsync.dns.rrset import RRset, txt_text
from mailsync.errors import HostError, JournalError, MailsyncError, StaleWrite
from mailsync.journal.events import Intent, Seen, Written
from mailsync.mail.mta_sts import Policy
from mailsync.plan import policy as policies
from mailsync.plan.live import Capability, Look, Presented, ServedPolicy
from mailsync.plan.model import Gate
from tests.unit.apply.laboratory import (
    AWAY,
    FOREIGN,
    MX,
    NEW,
    OLD,
    TXT,
    Laboratory,
    at_home,
)
from tests.unit.plan.story import START, ZONE, mx, rrset, spf, wish, zone


def spf_terms(laboratory: Laboratory) -> str:
    """Give the SPF record that is live."""
    (text,) = [t for v in laboratory.rrsets[TXT].values if "spf1" in (t := txt_text(v))]
    return text


def test_a_cutover_runs_from_plan_to_done() -> None:
    """Mail moves after the wait, the old way goes after the soak, and then nothing is done."""
    laboratory = Laboratory()
    first = laboratory.apply()
    assert (first.state, first.written) == ("waiting", 3)
    assert laboratory.rrsets[MX] == RRset(ZONE, "MX", 300, (OLD,))
    assert "_spf.old" in spf_terms(laboratory)
    assert "_spf.new" in spf_terms(laboratory)
    last = laboratory.applied_for("20d")
    assert last.state == "converged"
    assert laboratory.rrsets[MX] == RRset(ZONE, "MX", 3600, (NEW,))
    assert spf_terms(laboratory) == "v=spf1 include:_spf.new.example -all"
    assert [event.stage for event in laboratory.events(Written)] == ["prepare", "switch", "settle"]
    writes = len(laboratory.writes)
    assert laboratory.apply().written == 0
    assert len(laboratory.writes) == writes


def test_foreign_records_and_values_are_never_part_of_a_write() -> None:
    """What the file does not speak of is there in every version, and no write names it."""
    laboratory = Laboratory()
    laboratory.applied_for("20d")
    for change in (change for write in laboratory.writes for change in write):
        assert change.key != ("www." + ZONE, "A")
        if change.key == TXT:
            assert change.after is not None
            assert FOREIGN in map(txt_text, change.after.values)


def test_each_write_is_announced_in_the_journal_first() -> None:
    """Intent, write, read back, written, seen: in this order for every stage."""
    laboratory = Laboratory()
    laboratory.apply()
    assert laboratory.every_write_was_announced()
    order = []
    for kind, thing in laboratory.log:
        names = [type(e).__name__ for e in thing] if isinstance(thing, tuple) else []
        order.append(names[0] if kind == "journal" else kind)
    start = order.index("Intent")
    assert order[start : start + 6] == ["Intent", "write", "read", "Written", "sight", "Seen"]


def test_nothing_is_written_when_the_intent_cannot_be_journalled() -> None:
    """A full disk under the journal: the DNS host is not touched."""
    laboratory = Laboratory()
    laboratory.apply()
    laboratory.passes("2d")
    writes = len(laboratory.writes)
    laboratory.journal_fails = 1
    with pytest.raises(JournalError, match="no space left"):
        laboratory.apply()
    assert len(laboratory.writes) == writes
    assert laboratory.rrsets[MX].values == (OLD,)
    laboratory.apply()
    assert laboratory.rrsets[MX].values == (NEW,)


@pytest.mark.parametrize("failing", range(1, 6))
def test_a_failing_journal_never_lets_a_write_go_unannounced(failing: int) -> None:
    """Whichever append fails, the runs after it come to the same end."""
    laboratory = Laboratory()
    appends = 0
    keep = laboratory.append

    def append(zone: str, events: tuple[object, ...]) -> None:
        nonlocal appends
        appends += 1
        if appends == failing:
            raise JournalError("no space left on device")
        keep(zone, events)  # type: ignore[arg-type]

    laboratory.append = append  # type: ignore[assignment, method-assign]
    try:
        laboratory.apply()
        laboratory.passes("2d")
        laboratory.apply()
    except JournalError:
        pass
    assert laboratory.every_write_was_announced()
    assert laboratory.applied_for("20d").state == "converged"


def test_a_host_that_keeps_something_else_is_told_of_and_not_believed() -> None:
    """The host shows another TTL than was written: an error that says both, and no `Written`."""
    laboratory = Laboratory(bend=lambda rrset: replace(rrset, ttl=max(rrset.ttl, 600)))
    with pytest.raises(HostError) as raised:
        laboratory.apply()
    assert str(raised.value) == (
        "example.jp: example.jp. MX: the DNS host shows TTL 600: 10 mx.old.example. after TTL 300: "
        "10 mx.old.example. was written; the next run reads again before it writes"
    )
    assert laboratory.events(Intent)
    assert not laboratory.events(Written)


def test_a_record_that_vanishes_at_the_host_is_told_of() -> None:
    """What is missing when read back is named as missing."""
    laboratory = Laboratory(wishes=(wish("dmarc", "_dmarc." + ZONE, "TXT", "v=DMARC1; p=none"),))
    keep = laboratory.write
    empty = dict(laboratory.rrsets)

    def write(zone: str, changes: object) -> None:
        keep(zone, changes)  # type: ignore[arg-type]
        laboratory.rrsets = empty

    laboratory.write = write  # type: ignore[method-assign]
    with pytest.raises(HostError, match=r"_dmarc\.example\.jp\. TXT: the DNS host shows nothing"):
        laboratory.apply()


def test_a_host_with_fixed_ttls_is_judged_by_the_values() -> None:
    """Where TTLs cannot be set, the host's own TTL is as good as what was asked for."""
    laboratory = Laboratory(
        capability=Capability(settable=False),
        wishes=(wish("dmarc", "_dmarc." + ZONE, "TXT", "v=DMARC1; p=none"),),
        bend=lambda rrset: replace(rrset, ttl=1200),
    )
    assert laboratory.apply().state == "converged"


def test_a_lost_reply_is_not_followed_by_a_second_write() -> None:
    """The write took effect, the reply did not come: the next run reads, sees, and goes on."""
    laboratory = Laboratory(lose_replies=1)
    with pytest.raises(HostError, match="no answer"):
        laboratory.apply()
    assert len(laboratory.writes) == 1
    assert not laboratory.events(Written)
    assert laboratory.apply().state == "waiting"
    assert len(laboratory.writes) == 1
    laboratory.passes("2d")
    laboratory.apply()
    assert laboratory.rrsets[MX].values == (NEW,)


def test_somebody_elses_change_under_our_feet_is_not_overwritten() -> None:
    """A value added between reading and writing: the host refuses, and the next run keeps it."""
    laboratory = Laboratory()
    keep = laboratory.append

    def append(zone: str, events: tuple[object, ...]) -> None:
        keep(zone, events)  # type: ignore[arg-type]
        if isinstance(events[0], Intent):
            laboratory.append = keep  # type: ignore[method-assign]
            live = laboratory.rrsets[TXT]
            laboratory.rrsets[TXT] = replace(live, values=(*live.values, '"added by hand"'))

    laboratory.append = append  # type: ignore[assignment, method-assign]
    with pytest.raises(StaleWrite):
        laboratory.apply()
    assert not laboratory.writes
    laboratory.applied_for("20d")
    assert '"added by hand"' in laboratory.rrsets[TXT].values
    assert laboratory.look().plan.status == "converged"


# ---- Name servers that lag ----------------------------------------------------------------------


def test_a_lagging_server_is_waited_for_as_long_as_agreed_and_named() -> None:
    """After ``served_within`` seconds the run ends and says for whom it waited."""
    laboratory = Laboratory(wishes=(mx("10 mx.new.example."),))
    laboratory.held_back = dict(laboratory.rrsets)
    began = laboratory.now
    outcome = laboratory.apply(Terms(served_within=60))
    assert outcome.state == "waiting"
    assert outcome.written == 1
    assert outcome.messages == ("waiting: ns2.example (MX) does not serve it yet",)
    assert timedelta(seconds=60) <= laboratory.now - began < timedelta(seconds=70)
    assert laboratory.told.count("waiting: ns2.example (MX) does not serve it yet") == 1
    assert laboratory.rrsets[MX].ttl == 300


def test_each_later_run_names_the_lagging_server_too() -> None:
    """Not only the run that wrote says for whom it waits, and no run says converged before."""
    laboratory = Laboratory(wishes=(wish("dmarc", "_dmarc." + ZONE, "TXT", "v=DMARC1; p=none"),))
    laboratory.held_back = dict(laboratory.rrsets)
    laboratory.apply(Terms(served_within=0))
    laboratory.passes("1h")
    later = laboratory.apply()
    assert (later.state, later.written) == ("waiting", 0)
    assert later.messages == ("waiting: ns2.example (TXT) does not serve it yet",)
    laboratory.held_back = None
    assert laboratory.apply().state == "converged"


def test_the_wait_begins_when_the_last_server_serves() -> None:
    """A secondary held back for fifteen hours moves the switch by fifteen."""
    prompt = Laboratory(cutover=Cutover(unseen_ttl=3600))
    held = Laboratory(cutover=Cutover(unseen_ttl=3600))
    prompt.apply()
    held.held_back = dict(held.rrsets)
    held.apply(Terms(served_within=0))
    held.passes("10h")
    held.apply(Terms(served_within=0))
    assert held.rrsets[MX].values == (OLD,)
    held.passes("5h")
    held.held_back = None
    released = held.now
    held.apply()
    (switch,) = [s for s in held.look().plan.stages if s.name == "switch"]
    assert switch.not_before >= released + timedelta(seconds=3600)
    (early,) = [s for s in prompt.look().plan.stages if s.name == "switch"]
    assert switch.not_before - early.not_before >= timedelta(hours=14)


def test_the_plan_names_the_server_that_lags() -> None:
    """As long as it does, the plan says for whom the switch waits."""
    laboratory = Laboratory()
    laboratory.held_back = dict(laboratory.rrsets)
    laboratory.apply(Terms(served_within=0))
    plan = laboratory.look().plan
    (switch,) = [stage for stage in plan.stages if stage.name == "switch"]
    assert any("ns2.example (MX) does not serve it yet" in hold.reason for hold in switch.holds)
    assert "not-served-everywhere" in {finding.id for finding in plan.findings}
    laboratory.passes("1d")
    later = laboratory.apply(Terms(served_within=0))
    assert later.state == "waiting"
    assert "waiting: ns2.example (MX) does not serve it yet" in later.messages


def test_the_old_service_is_not_let_go_while_a_server_still_names_it() -> None:
    """The date that a lagging switch gives is reckoned anew, not as if all had served at once."""
    laboratory = Laboratory()
    laboratory.apply()
    laboratory.passes("2d")
    laboratory.held_back = dict(laboratory.rrsets)
    outcome = laboratory.apply(Terms(served_within=3600))
    assert laboratory.rrsets[MX].values == (NEW,)
    assert outcome.state == "waiting"
    assert outcome.plan is not None
    assert outcome.plan.old_service_until is not None
    assert outcome.plan.old_service_until >= laboratory.now + timedelta(seconds=300)
    # As long as it lags, each run moves the date on.
    laboratory.passes("1d")
    later = laboratory.apply(Terms(served_within=0)).plan
    assert later is not None
    assert later.old_service_until is not None
    assert later.old_service_until >= laboratory.now + timedelta(seconds=300)


def test_servers_that_catch_up_within_the_wait_delay_nothing() -> None:
    """A secondary that is a second late costs a second, not a run."""
    laboratory = Laboratory(wishes=(wish("dmarc", "_dmarc." + ZONE, "TXT", "v=DMARC1; p=none"),))
    laboratory.held_back = dict(laboratory.rrsets)
    ask = laboratory.sight

    def sight(zone: str, expected: object) -> object:
        if len(laboratory.happened("pause")) == 2:
            laboratory.held_back = None
        return ask(zone, expected)  # type: ignore[arg-type]

    laboratory.sight = sight  # type: ignore[assignment, method-assign]
    assert laboratory.apply().state == "converged"
    assert laboratory.happened("pause") == [0.25, 0.5]


# ---- Gates and guards ---------------------------------------------------------------------------


def test_a_gate_that_fails_refuses_the_stage() -> None:
    """The delegation points elsewhere: nothing is written, and the reason is said."""
    laboratory = Laboratory(gate=Gate("authority", "fail", "delegated to ns.other.example"))
    outcome = laboratory.apply()
    assert outcome.state == "refused"
    assert outcome.messages == ("gate authority: delegated to ns.other.example",)
    assert not laboratory.writes
    assert not laboratory.events(Intent)


def test_a_gate_that_fails_refuses_a_later_stage_too() -> None:
    """A reviewed settle stage is refused also where another stage stands before it in the plan."""
    laboratory = Laboratory()
    laboratory.applied_for("26h")
    laboratory.passes("10d")
    laboratory.wishes = (*laboratory.wishes, wish("verification", ZONE, "TXT", "MS=ms1"))
    stages = laboratory.look().plan.stages
    due = {stage.name: stage for stage in stages if stage.state == "due"}
    assert set(due) == {"prepare", "settle"}
    laboratory.gate = Gate("authority", "fail", "delegated to ns.other.example")
    before = len(laboratory.writes)
    outcome = laboratory.apply(Terms(only=frozenset(due["settle"].changes)))
    assert outcome.state == "refused"
    assert len(laboratory.writes) == before


def test_a_mail_server_that_refuses_stops_the_switch_and_nothing_else() -> None:
    """It is asked when the switch is due, not before; what was refused is tried again next time."""
    refusal = Look("smtp-accepts", "mx1." + ZONE, "fail", "(192.0.2.10): no such domain here")
    laboratory = Laboratory(looks=(refusal,))
    assert laboratory.apply().state == "waiting"
    assert [what for what, _ in laboratory.log if what == "probe"] == []
    laboratory.passes("2d")
    outcome = laboratory.apply()
    assert outcome.state == "refused"
    assert outcome.messages == (
        "gate smtp-accepts: mx1.example.jp (192.0.2.10): no such domain here",
    )
    assert ("probe", frozenset({"mx1." + ZONE})) in laboratory.log
    assert laboratory.rrsets[MX].values == (OLD,)
    laboratory.looks = (replace(refusal, state="pass"),)
    assert laboratory.apply().written == 1
    assert laboratory.rrsets[MX].values == (NEW,)


def test_a_gate_that_nobody_could_ask_refuses_nothing() -> None:
    """An unknown gate is shown in the plan, and no obstacle."""
    laboratory = Laboratory(gate=Gate("authority", "unknown", "not asked"))
    assert laboratory.apply().written == 3


def many_selectors(number: int) -> Laboratory:
    """A domain whose file takes so many DKIM keys away, after it has long been known."""
    names = [f"s{n}._domainkey.{ZONE}" for n in range(number)]
    laboratory = Laboratory(
        rrsets=zone(*(rrset(name, "TXT", 3600, "v=DKIM1; p=QUJD") for name in names)),
        wishes=tuple(wish("dkim", name, "TXT", "v=DKIM1; p=QUJD") for name in names),
    )
    laboratory.apply()
    laboratory.passes("11d")
    laboratory.wishes = tuple(wish("dkim", name, "TXT") for name in names)
    return laboratory


def test_many_removals_need_a_word() -> None:
    """Six records to remove are refused without --allow-removals, and none of them goes."""
    laboratory = many_selectors(6)
    outcome = laboratory.apply()
    assert outcome.state == "refused"
    assert outcome.messages == (
        "stage prepare would remove 6 records, more than 5: if that is meant, say --allow-removals",
    )
    assert not laboratory.writes
    outcome = laboratory.apply(Terms(allow_removals=True))
    assert outcome.state == "converged"
    assert laboratory.rrsets == {}


def test_a_few_removals_need_none() -> None:
    """Five records go without a word, however small the zone."""
    laboratory = many_selectors(5)
    assert laboratory.applied_for("20d", every="1d").state == "converged"
    assert laboratory.rrsets == {}


def test_a_plan_with_an_error_writes_nothing() -> None:
    """The old service ends before the switch can be safe: failed, with the plan's own words."""
    laboratory = Laboratory(cutover=Cutover(old_until=START + timedelta(hours=2)))
    outcome = laboratory.apply()
    assert outcome.state == "failed"
    assert "the old service ends at" in outcome.messages[0]
    assert not laboratory.writes


def test_a_domain_that_is_as_it_should_be_is_left_alone() -> None:
    """Nothing to do: converged, nothing written, no intent."""
    laboratory = Laboratory(wishes=(mx(OLD),))
    outcome = laboratory.apply()
    assert (outcome.state, outcome.written, outcome.messages) == ("converged", 0, ())
    assert not laboratory.events(Intent)


# ---- Terms --------------------------------------------------------------------------------------


def test_only_what_was_reviewed_is_done() -> None:
    """A stage with a change that nobody saw is left for the next review."""
    laboratory = Laboratory()
    (prepare, *_) = laboratory.look().plan.stages
    seen = frozenset(prepare.changes[:-1])
    outcome = laboratory.apply(Terms(only=seen))
    assert not laboratory.writes
    assert outcome.state == "refused"
    assert outcome.messages == (
        "stage prepare is not what was reviewed: it is left; look at the plan again",
    )
    outcome = laboratory.apply(Terms(only=frozenset(prepare.changes)))
    assert outcome.written == 3
    assert outcome.messages == ()


def test_the_reviewed_switch_does_not_wait_for_another_stage() -> None:
    """Of two stages that are due, the reviewed one runs."""
    laboratory = Laboratory()
    laboratory.apply()
    laboratory.passes("2d")
    due = [stage for stage in laboratory.look().plan.stages if stage.state == "due"]
    assert [stage.name for stage in due] == ["switch"]
    laboratory.wishes = (*AWAY, wish("dmarc", "_dmarc." + ZONE, "TXT", "v=DMARC1; p=none"))
    laboratory.apply(Terms(only=frozenset(due[0].changes)))
    assert ("_dmarc." + ZONE, "TXT") not in laboratory.rrsets


# ---- Looking ------------------------------------------------------------------------------------


def test_looking_writes_nothing() -> None:
    """`look` reads and asks; neither the host nor the journal is changed by it."""
    laboratory = Laboratory()
    view = laboratory.look()
    assert view.plan.status == "changes"
    assert laboratory.rrsets == at_home()
    assert laboratory.entries == []


def test_looking_back_knows_only_what_was_known() -> None:
    """A plan as of yesterday comes out as it did yesterday."""
    laboratory = Laboratory()
    laboratory.apply()
    laboratory.passes("1h")
    then = laboratory.now
    before = laboratory.look(now=then).plan
    laboratory.passes("10m")
    laboratory.apply()
    assert laboratory.look(now=then).plan == before


def test_servers_are_asked_only_about_what_is_in_doubt() -> None:
    """A converged domain costs one listing and no question."""
    laboratory = Laboratory(wishes=(mx(OLD),))
    laboratory.apply()
    laboratory.log.clear()
    laboratory.apply()
    assert laboratory.happened("read") == [None]
    assert laboratory.happened("sight") == [()]


def test_one_listing_serves_a_whole_stage() -> None:
    """The listing that was read back is the one that the next look plans from."""
    laboratory = Laboratory()
    laboratory.apply()
    assert len(laboratory.happened("read")) == 1 + len(laboratory.writes)


# ---- Being stopped ------------------------------------------------------------------------------


@pytest.mark.parametrize("effect", range(1, 16))
def test_a_run_that_is_stopped_leaves_what_the_next_one_needs(effect: int) -> None:
    """Ctrl-C between any two effects: `Interrupted`, and the next runs end where they would."""
    laboratory = Laboratory()
    laboratory.apply()
    laboratory.passes("2d")
    laboratory.stop_before = effect
    with pytest.raises(Interrupted):
        laboratory.apply()
    laboratory.stop_before = None
    assert laboratory.every_write_was_announced()
    assert laboratory.applied_for("20d").state == "converged"
    assert laboratory.rrsets[MX] == RRset(ZONE, "MX", 3600, (NEW,))
    assert len([write for write in laboratory.writes if MX in {c.key for c in write}]) == 3


def test_what_was_seen_is_journalled_with_the_time_after_the_question() -> None:
    """A version counts as replaced when the servers had answered, not when they were asked."""
    laboratory = Laboratory()
    ask = laboratory.sight

    def sight(zone: str, expected: object) -> object:
        laboratory.passes("7s")
        return ask(zone, expected)  # type: ignore[arg-type]

    laboratory.sight = sight  # type: ignore[assignment, method-assign]
    laboratory.apply()
    seen = [e for e in laboratory.entries if isinstance(e, Seen)]
    assert min(e.at for e in seen) == START + timedelta(seconds=7)


def test_spf_and_mx_of_a_rollback_are_one_plan_away() -> None:
    """The YAML is reverted after the switch: the next run leads mail back at once."""
    laboratory = Laboratory()
    laboratory.apply()
    laboratory.passes("2d")
    laboratory.apply()
    laboratory.passes("1h")
    laboratory.wishes = (mx(OLD), spf("v=spf1 include:_spf.old.example -all"))
    laboratory.apply()
    assert laboratory.rrsets[MX] == RRset(ZONE, "MX", 300, (OLD,))


def test_a_clock_behind_the_journal_is_refused() -> None:
    """Every wait would be reckoned from wrong times: nothing is written, and the reason is said."""
    laboratory = Laboratory()
    laboratory.apply()
    before = len(laboratory.writes)
    laboratory.now -= timedelta(hours=1)
    with pytest.raises(MailsyncError, match="is behind the journal, whose last entry is of"):
        laboratory.apply()
    assert len(laboratory.writes) == before
    laboratory.now += timedelta(minutes=56)
    assert laboratory.apply().state == "waiting"
    assert laboratory.look(laboratory.now - timedelta(days=1)).plan.domain == "example.jp"


def test_the_policy_that_is_served_is_journalled_once() -> None:
    """It is fetched where the file speaks of one, and the ledger learns of it."""
    policy = Policy("testing", 86400, ("mx1.example.jp",))
    laboratory = Laboratory(mta_sts=policy, served_policy=ServedPolicy("served", policy, ""))
    laboratory.apply()
    laboratory.passes("1d")
    laboratory.apply()
    seen = [event for event in laboratory.events(Seen) if event.key == policies.key(ZONE)]
    assert [event.rrset for event in seen] == [policies.as_rrset(ZONE, policy)]
    assert laboratory.happened("policy")


def test_no_policy_is_fetched_for_a_file_without_one() -> None:
    """Nobody asks a web server for nothing; and an unknown policy teaches nothing."""
    laboratory = Laboratory()
    laboratory.apply()
    assert not laboratory.happened("policy")
    laboratory = Laboratory(wishes=(*AWAY, wish("mta-sts", f"_mta-sts.{ZONE}", "TXT")))
    laboratory.apply()
    assert laboratory.happened("policy") == [ZONE] * len(laboratory.happened("policy"))
    assert not [e for e in laboratory.events(Seen) if e.key == policies.key(ZONE)]


def test_no_policy_is_fetched_from_a_name_that_is_not_there_yet() -> None:
    """A resolver that is asked too early would go on saying so; once it is published, it is."""
    name = f"mta-sts.{ZONE}"
    wishes = (
        *AWAY,
        wish("mta-sts", f"_mta-sts.{ZONE}", "TXT"),
        wish("host", name, "A", "192.0.2.9"),
    )
    laboratory = Laboratory(wishes=wishes)
    laboratory.look()
    assert not laboratory.happened("policy")
    laboratory.rrsets[name, "A"] = rrset(name, "A", 300, "192.0.2.9")
    laboratory.look()
    assert laboratory.happened("policy")


def test_certificates_are_looked_at_where_the_file_leaves_them_to_the_host() -> None:
    """At all addresses of the host; what was seen is published and journalled, once."""
    host, tlsa = "mx1." + ZONE, (f"_25._tcp.mx1.{ZONE}", "TLSA")
    value = f"3 1 1 {'aa' * 32}"
    lab = Laboratory(zone(rrset(host, "A", 300, "192.0.2.1")))
    lab.wishes = (wish("tlsa", *tlsa, auto=True),)
    assert lab.apply().state == "converged"
    assert lab.happened("certificates")[0] == {host: ("192.0.2.1",)}
    assert tlsa not in lab.rrsets
    lab.presented[host] = Presented((value,))
    assert lab.apply().state == "converged"
    assert lab.rrsets[tlsa].values == (value,)
    seen = [event for event in lab.events(Seen) if event.key == (host, "CERTIFICATE")]
    assert [event.rrset.values for event in seen if event.rrset] == [(value,)]
    lab.apply()
    assert [e for e in lab.events(Seen) if e.key == (host, "CERTIFICATE")] == seen


def test_no_certificate_is_looked_at_for_a_file_that_states_them() -> None:
    """Nobody connects to mail hosts that the file does not ask about."""
    lab = Laboratory(zone(), (wish("tlsa", f"_25._tcp.mx1.{ZONE}", "TLSA", f"3 1 1 {'aa' * 32}"),))
    lab.look()
    assert lab.happened("certificates") == []
