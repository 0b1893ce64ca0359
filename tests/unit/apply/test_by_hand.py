"""A DNS host without an API: a person types the steps, whenever that is, in whatever order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailsync.apply.by_hand import asked
from mailsync.apply.engine import Terms
from mailsync.dns.rrset import RRset, txt_text, txt_value
from mailsync.errors import JournalError
from mailsync.journal.events import Corrupt, Intent, Seen, Written
from mailsync.journal.fold import fold
from mailsync.plan.live import Capability
from mailsync.plan.model import Stage
from mailsync.plan.panel import steps
from mailsync.plan.planner import visible
from tests.unit.apply.laboratory import AWAY, FOREIGN, MX, NEW, OLD, TXT, Laboratory
from tests.unit.plan.story import START, ZONE, mx, rrset, wish, zone

BY_HAND = Capability(write="by-hand", panel="a control panel")
BACKUP = "20 backup.example.jp."
MX_OF = RRset(ZONE, "MX", 300, (OLD,)), RRset(ZONE, "MX", 300, (NEW,))


def laboratory(**changed: object) -> Laboratory:
    """Make a laboratory whose DNS host is a form on the web."""
    return Laboratory(**{"capability": BY_HAND, **changed})  # type: ignore[arg-type]


def typed(laboratory: Laboratory, stage: Stage | None, count: int | None = None) -> None:
    """Have a person do the steps of a stage, or the first few."""
    assert stage is not None
    for step in steps(stage.changes)[:count]:
        live = laboratory.rrsets.get(step.key)
        values = set(live.values if live else ())
        values = {value for value in values if value != step.before}
        values |= {step.after} if step.after is not None else set()
        ttl = step.ttl_after if step.ttl_after is not None else (live.ttl if live else 0)
        if values:
            laboratory.rrsets[step.key] = RRset(*step.key, ttl, tuple(values))
        else:
            del laboratory.rrsets[step.key]


def open_versions(laboratory: Laboratory) -> list[RRset | None]:
    """Give the versions of the MX that the ledger takes for possibly published."""
    versions = fold(laboratory.entries).history(MX).versions
    return [version.rrset for version in versions if version.replaced_at is None]


def at_the_switch(**changed: object) -> tuple[Laboratory, Stage]:
    """Prepare by hand, wait, and give the steps of the switch."""
    life = laboratory(**changed)
    typed(life, life.apply().asked)
    life.apply()
    life.passes("2d")
    outcome = life.apply()
    assert outcome.asked is not None
    assert outcome.asked.name == "switch"
    return life, outcome.asked


def test_a_cutover_runs_by_hand_from_plan_to_done() -> None:
    """Somebody who types each time what is asked gets to the end, and mailsync writes nothing."""
    life = laboratory()
    stages = []
    for _ in range(24 * 20):
        outcome = life.apply()
        if outcome.state == "converged":
            break
        if outcome.asked is not None:
            stages.append(outcome.asked.name)
            typed(life, outcome.asked)
        life.passes("1h")
    assert life.apply().state == "converged"
    assert stages == ["prepare", "switch", "settle"]
    assert life.rrsets[MX] == RRset(ZONE, "MX", 3600, (NEW,))
    assert FOREIGN in map(txt_text, life.rrsets[TXT].values)
    assert not life.writes
    assert not life.events(Written)


def test_the_intent_is_in_the_journal_before_the_steps_are_given() -> None:
    """Where it cannot be journalled, nobody is told what to type."""
    life = laboratory()
    life.apply()
    fresh = laboratory()
    appends, keep = 0, fresh.append

    def append(zone: str, events: tuple[object, ...]) -> None:
        nonlocal appends
        appends += 1
        if appends == 2:
            raise JournalError("no space left on device")
        keep(zone, events)  # type: ignore[arg-type]

    fresh.append = append  # type: ignore[assignment, method-assign]
    with pytest.raises(JournalError):
        fresh.apply()
    assert [type(event) for event in life.entries][-1] is Intent


def test_nothing_is_claimed_before_every_server_serves_it() -> None:
    """One server that lags behind: no new steps, no success, and it is named."""
    life, stage = at_the_switch()
    life.held_back = dict(life.rrsets)
    typed(life, stage)
    told = len(life.told)
    for _ in range(3):
        outcome = life.apply()
        assert (outcome.state, outcome.asked) == ("waiting", None)
        assert any("ns2.example" in message for message in outcome.messages)
        assert not any("MX: done by hand" in message for message in life.told[told:])
        life.passes("1h")
    life.held_back = None
    seen_at = life.now
    assert life.apply().plan is not None
    assert any("example.jp MX: done by hand" in message for message in life.told)
    replaced = [
        v.replaced_at for v in fold(life.entries).history(MX).versions if v.rrset == MX_OF[0]
    ]
    assert replaced == [seen_at]


def test_either_version_may_be_published_from_the_printing_on() -> None:
    """However often somebody looks meanwhile, both stay possible, and so does what is between."""
    life, _ = at_the_switch()
    both = RRset(ZONE, "MX", 300, (OLD, NEW))
    assert set(open_versions(life)) == {*MX_OF, both}
    for _ in range(5):
        life.passes("1d")
        outcome = life.apply()
        assert set(open_versions(life)) == {*MX_OF, both}
        assert outcome.plan is not None
        assert outcome.plan.old_service_until is not None
        assert outcome.plan.old_service_until > life.now


def test_done_hours_later_counts_from_when_it_was_seen() -> None:
    """The old service has to stay for the TTL after the sight, not after the printing."""
    life, stage = at_the_switch()
    life.passes("7h")
    typed(life, stage)
    life.passes("5h")
    outcome = life.apply()
    assert outcome.plan is not None
    assert outcome.plan.old_service_until is not None
    assert (outcome.plan.old_service_until - life.now).total_seconds() >= 300
    assert open_versions(life) == [MX_OF[1]]


def test_half_of_it_leaves_the_other_half_to_do() -> None:
    """What is typed is no longer asked for, and costs no wait as if a stranger had done it."""
    life, stage = at_the_switch(
        wishes=(*AWAY[1:], mx(NEW, BACKUP), wish("host", "backup.example.jp.", "A", "192.0.2.11"))
    )
    assert [step.after for step in steps(stage.changes)] == [BACKUP, NEW]
    typed(life, stage, 1)
    outcome = life.apply()
    assert outcome.asked is not None
    assert [(s.before, s.after) for s in steps(outcome.asked.changes)] == [(OLD, NEW)]
    history = fold(life.entries).history(MX)
    assert sum(version.unseen for version in history.versions) == 1  # the one of the first sight
    assert RRset(ZONE, "MX", 300, (NEW, BACKUP)) in open_versions(life)
    typed(life, outcome.asked)
    life.apply()
    assert open_versions(life) == [RRset(ZONE, "MX", 300, (NEW, BACKUP))]


def test_what_was_mistyped_is_corrected_and_waited_for() -> None:
    """A wrong host is a version that nobody expected: it is told, corrected, and waited out."""
    life, _ = at_the_switch()
    wrong = RRset(ZONE, "MX", 300, ("10 mx1.example.pj.",))
    life.rrsets[MX] = wrong
    outcome = life.apply()
    assert outcome.plan is not None
    assert MX_OF[1] in open_versions(life)
    assert wrong in open_versions(life)
    assert MX_OF[0] not in open_versions(life)
    changes = [c for s in outcome.plan.stages if s.name == "switch" for c in s.changes]
    assert [(c.before, c.after) for c in changes] == [(wrong, MX_OF[1])]
    life.passes("2d")
    again = life.apply().asked
    assert again is not None
    typed(life, again)
    life.apply()
    assert open_versions(life) == [MX_OF[1]]


def test_never_done_asks_the_same_for_ever_and_the_journal_does_not_grow() -> None:
    """Nobody types: each run gives the same steps, and remembers nothing new."""
    life, stage = at_the_switch()
    entries = list(life.entries)
    for _ in range(30):
        life.passes("1d")
        outcome = life.apply()
        assert outcome.asked is not None
        assert outcome.asked.changes == stage.changes
    assert life.entries == entries


def test_a_revert_voids_the_steps_and_says_so_once() -> None:
    """The file goes back: whoever still has the paper is told to throw it away."""
    life, _ = at_the_switch()
    life.wishes = (mx(OLD),)
    life.apply()
    void = [message for message in life.told if "void" in message]
    assert any(message.startswith("example.jp MX: the steps of") for message in void)
    assert MX_OF[1] not in open_versions(life)
    life.passes("1h")
    life.apply()
    assert [message for message in life.told if "void" in message] == void


def test_void_steps_that_were_done_all_the_same_are_taken_for_a_strangers() -> None:
    """Mail went where nobody wanted it: seen, corrected, and the way there waited out."""
    life, stage = at_the_switch()
    life.wishes = (mx(OLD),)
    life.apply()
    typed(life, stage)
    outcome = life.apply()
    assert outcome.plan is not None
    assert outcome.plan.old_service_until is not None
    assert outcome.plan.old_service_until > life.now
    changes = [c for s in outcome.plan.stages for c in s.changes if c.key == MX]
    assert any(change.after is not None and change.after.values == (OLD,) for change in changes)


def test_another_wish_replaces_the_steps() -> None:
    """The file asks for a third server: the former steps are void, the new ones are given."""
    life, _ = at_the_switch()
    life.wishes = (mx("10 mx.third.example."), *AWAY[1:])
    life.apply()
    assert any("MX: the steps of" in message for message in life.told)
    life.passes("10m")  # the void ones may have been done and undone meanwhile
    outcome = life.apply()
    assert outcome.asked is not None
    (change,) = (c for c in outcome.asked.changes if c.key == MX)
    assert change.after is not None
    assert change.after.values == ("10 mx.third.example.",)


def test_steps_that_outlast_their_window_have_to_wait() -> None:
    """The window closes over open steps: nobody is to do them now, and they may yet be done."""
    life, stage = at_the_switch()
    life.cutover = replace(life.cutover, at=datetime(2027, 1, 1, tzinfo=UTC))
    outcome = life.apply()
    assert outcome.asked is None
    assert any(
        "example.jp MX: the steps that were printed have to wait" in m for m in outcome.messages
    )
    assert MX_OF[1] in open_versions(life)
    typed(life, stage)
    life.apply()
    assert open_versions(life) == [MX_OF[1]]


def test_a_host_that_sets_ttls_itself_is_believed_its_ttl() -> None:
    """Values as asked for with a TTL of the host's own are what was asked for."""
    fixed = replace(BY_HAND, settable=False, ttl_scope="none")
    life = laboratory(capability=fixed)
    asked = life.apply().asked
    typed(life, asked)
    a = ("mx1." + ZONE, "A")
    life.rrsets[a] = life.rrsets[a].with_ttl(1234)
    life.apply()
    history = fold(life.entries).history(a)
    assert [v.rrset for v in history.versions if v.replaced_at is None] == [life.rrsets[a]]
    assert sum(version.unseen for version in history.versions) == 1


def test_a_saved_plan_gives_its_own_steps() -> None:
    """What was reviewed is asked for, and is no refusal though nothing was written."""
    from mailsync.apply.saved import advance_reviewed

    life = laboratory()
    reviewed = life.look().plan
    course = advance_reviewed(life.desired, life.capability, reviewed, Terms())
    outcome = life.world().run(course)
    assert outcome.state == "waiting"
    assert outcome.asked is not None
    assert list(asked(life.entries)) == [change.key for change in outcome.asked.changes]
    assert asked(life.entries, START - timedelta(days=1)) == {}


def test_a_corrupt_journal_forgets_the_steps_and_asks_anew() -> None:
    """What it does not know costs time: steps are given and journalled again."""
    life, _ = at_the_switch()
    life.entries.append(Corrupt("journal:9", "torn"))
    life.apply()
    life.passes("2d")
    outcome = life.apply()
    assert outcome.asked is not None
    assert isinstance(life.entries[-1], Intent)
    assert MX_OF[1] in open_versions(life)
    typed(life, outcome.asked)
    life.apply()
    assert isinstance(next(e for e in life.entries[::-1] if isinstance(e, Seen)), Seen)
    assert open_versions(life) == [MX_OF[1]]


def test_an_spf_record_is_never_journalled_twice_or_not_at_all() -> None:
    """Half-typed texts are whole records: the steps lead through no two SPF records."""
    life = laboratory()
    life.apply()
    for event in life.events(Intent):
        for key, _, after in event.changes:
            if key == TXT and after is not None:
                assert sum("v=spf1" in txt_text(value) for value in after.values) == 1


def test_a_text_that_the_host_cannot_hold_is_an_error_of_the_plan() -> None:
    """A key of 2048 bits at a host of 255 characters: refused with the way out, nothing asked."""
    key = wish("dkim", "s1._domainkey." + ZONE, "TXT", "v=DKIM1; k=rsa; p=" + "A" * 392)
    life = laboratory(capability=replace(BY_HAND, txt_max=255), wishes=(key,))
    outcome = life.apply()
    assert (outcome.state, outcome.asked) == ("failed", None)
    assert "CNAME" in outcome.messages[0]


def test_a_type_that_the_host_cannot_hold_is_an_error_in_its_own_words() -> None:
    """Addresses and nothing else: an MX is refused with the reason of that host."""
    can = replace(BY_HAND, types=frozenset({"A"}), cannot=(("*", "publishes addresses only"),))
    outcome = laboratory(capability=can).apply()
    assert outcome.state == "failed"
    assert any("this DNS host publishes addresses only" in m for m in outcome.messages)


def test_pruning_what_nobody_can_list_is_an_error() -> None:
    """Selectors that the file does not name cannot be found by asking."""
    life = laboratory()
    desired = replace(life.desired, pruned=frozenset({"dkim"}))
    from mailsync.plan.ability import findings
    from mailsync.plan.choreography import Scene
    from mailsync.plan.ledger import Ledger
    from mailsync.plan.live import Live

    scene = Scene(desired, Live(life.rrsets, BY_HAND), Ledger(), life.now)
    assert [finding.id for finding in findings(scene, ())] == ["host-lists-nothing"]


def test_the_plan_says_that_a_person_is_needed() -> None:
    """And no longer when there is nothing to do."""
    life = laboratory()
    plan = life.look().plan
    (finding,) = (one for one in plan.findings if one.id == "by-hand")
    assert "a control panel" in finding.message
    settled = laboratory(wishes=(mx(OLD),))
    assert not [one for one in settled.look().plan.findings if one.id == "by-hand"]


def test_values_typed_in_quotes_are_what_they_are() -> None:
    """A foreign text in a shared RRset stays where it was, in each version that is asked for."""
    odd = txt_value('with "quotes" and \\')
    rrsets = zone(rrset(ZONE, "MX", 3600, OLD), RRset(ZONE, "TXT", 3600, (odd,)))
    asked = laboratory(rrsets=rrsets).apply().asked
    assert asked is not None
    (change,) = (c for c in asked.changes if c.key == TXT)
    assert change.after is not None
    assert odd in change.after.values


def test_the_plan_too_reckons_with_both_versions() -> None:
    """What a person was asked for counts as published in every later plan, until it is seen."""
    life, _ = at_the_switch()
    life.passes("3d")
    view = life.look()
    remnants = dict(visible(life.desired, view.live, view.ledger, view.at))[MX]
    still = {remnant.version.rrset for remnant in remnants if remnant.until is None}
    assert set(MX_OF) <= still


def test_old_and_new_side_by_side_are_not_done() -> None:
    """The new row is there and the old one still is: nothing is claimed, the rest is asked for."""
    life, _ = at_the_switch()
    life.rrsets[MX] = RRset(ZONE, "MX", 300, (OLD, NEW))
    told = len(life.told)
    outcome = life.apply()
    assert life.told[told:] == []
    assert outcome.asked is not None
    (step,) = steps(outcome.asked.changes)
    assert (step.before, step.after) == (OLD, None)


def test_a_lagging_server_is_named_beside_the_steps() -> None:
    """Some of it is typed and not yet served everywhere, some of it is not typed yet."""
    life = laboratory()
    stage = life.apply().asked
    life.held_back = dict(life.rrsets)
    typed(life, stage, 1)
    outcome = life.apply()
    assert outcome.asked is not None
    assert outcome.messages[0].startswith("waiting: ns2.example")
    assert len(outcome.asked.changes) == 2


def test_steps_whose_beginning_was_not_reviewed_are_not_given() -> None:
    """Nobody is asked to change what a stage that was left out would have led to."""
    life, stage = at_the_switch()
    life.rrsets[MX] = RRset(ZONE, "MX", 3600, (OLD,))
    outcome = life.apply(Terms(only=frozenset(stage.changes)))
    assert outcome.asked is None
    assert outcome.state == "refused"


def test_a_kind_that_the_file_no_longer_names_voids_its_steps() -> None:
    """Left as it is means: nobody is to do what was asked before."""
    life = laboratory()
    life.apply()
    life.wishes = (mx(OLD),)
    life.apply()
    assert any(message.startswith("example.jp TXT: the steps of") for message in life.told)
    told = len(life.told)
    life.apply()
    assert life.told[told:] == []
