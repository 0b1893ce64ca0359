"""What is true of every plan, whatever the file asks for and whatever is live."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from random import Random

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from mailsync.desired.model import Cutover
from mailsync.dns.rrset import Key, RRset
from mailsync.journal.events import Entry, Intent, Seen
from mailsync.plan.choreography import owned_values
from mailsync.plan.kinds import CHOREOGRAPHIES
from mailsync.plan.ledger import Ledger
from mailsync.plan.model import DomainPlan
from mailsync.plan.planner import plan_domain
from mailsync.rehearse.world import Rehearsal
from tests.properties.domains import (
    CUTOVERS,
    FOREIGN,
    VALUES,
    File,
    among,
    ask,
    files,
    partial_files,
    strangers,
    to_rest,
    told,
    world,
)

LONG = bool(os.environ.get("MAILSYNC_LONG"))

Strangers = tuple[dict[Key, RRset], dict[Key, tuple[str, ...]]]

GUARDED = frozenset(
    {"dkim-selector-reuse", "host-in-use", "mx-target-no-address", "spf-union-lookups"}
)
"""Errors with which a plan may answer what is asked here: guards that name what to do instead."""


def errors(plan: DomainPlan | None) -> set[str]:
    """Give the ids of a plan's errors."""
    return {f.id for f in plan.findings if f.severity == "error"} if plan is not None else set()


@settings(max_examples=2000 if LONG else 60)
@given(before=files(), after=files(), cutover=CUTOVERS, foreign=strangers())
def test_what_was_applied_leaves_nothing_to_do(
    before: File, after: File, cutover: Cutover, foreign: Strangers
) -> None:
    """Every domain comes to rest as its file has it, foreign records as before, and stays so."""
    there = world(after, among(before.zone(), *foreign), cutover, before.policy)
    status = to_rest(there, 60)
    assert status in {"converged", "error"}, told(there)
    found = errors(there.runs[-1][1])
    event(f"errors: {found}")
    assert found <= GUARDED, told(there)
    if found:
        return
    written = len(there.writes)
    there.run()
    assert len(there.writes) == written, told(there)
    for wish in after.wishes:
        rrset = there.live.get((wish.name, wish.type))
        owned = owned_values(CHOREOGRAPHIES[wish.kind], wish, rrset)
        assert set(owned) == set(wish.values), told(there)
    assert strangers_in(there.live, after) == strangers_in(among(before.zone(), *foreign), after)


def strangers_in(live: dict[Key, RRset], file: File) -> dict[Key, tuple[str, ...]]:
    """Give what is foreign in a zone; of RRsets that are shared, the values."""
    ours = {(wish.name, wish.type) for wish in file.wishes}
    return {
        key: kept if key in ours else (str(rrset.ttl), *rrset.values)
        for key, rrset in live.items()
        if (kept := tuple(v for v in rrset.values if v in VALUES)) or key in FOREIGN
    }


@settings(max_examples=100_000 if LONG else 200)
@given(before=files(), after=partial_files(), cutover=CUTOVERS, foreign=strangers())
def test_no_plan_touches_what_is_foreign(
    before: File, after: File, cutover: Cutover, foreign: Strangers
) -> None:
    """No change is of an RRset that the file does not name, or of a foreign value."""
    _, values = foreign
    there = world(after, among(before.zone(), *foreign), cutover, before.policy)
    changes = [change for stage in there.look().plan.stages for change in stage.changes]
    named = {(wish.name, wish.type) for wish in after.wishes}
    assert {change.key for change in changes} <= named
    for change in changes:
        kept = set(values.get(change.key, ()))
        assert kept <= set(change.before.values if change.before is not None else ())
        assert kept <= set(change.after.values if change.after is not None else ())


@settings(max_examples=2000 if LONG else 60)
@given(
    before=files(),
    after=partial_files(),
    cutover=CUTOVERS,
    foreign=strangers(),
    seconds=st.integers(0, 10 * 86400),
    order=st.randoms(use_true_random=False),
)
def test_a_plan_depends_on_nothing_but_what_it_is_made_from(
    before: File, after: File, cutover: Cutover, foreign: Strangers, seconds: int, order: Random
) -> None:
    """In whatever order records and histories stand it is the same, and it changes neither."""
    there = world(after, among(before.zone(), *foreign), cutover, before.policy)
    there.run()
    there.now += seconds
    view = there.look()
    rrsets, histories = list(view.live.rrsets.items()), list(view.ledger.histories.items())
    order.shuffle(rrsets)
    order.shuffle(histories)
    live, ledger = replace(view.live, rrsets=dict(rrsets)), Ledger(dict(histories))
    assert plan_domain(there.desired, live, ledger, view.at) == view.plan
    assert list(live.rrsets.items()) == rrsets
    assert list(ledger.histories.items()) == histories


def test_a_plan_is_the_same_in_every_process() -> None:
    """Python orders sets anew in each: that shows nowhere, not in a byte."""
    code = (
        "import hashlib; from mailsync.plan.document import to_json\n"
        "from mailsync.plan.model import Plan; from mailsync.rehearse import drive\n"
        "from mailsync.rehearse.scenario import scenario\n"
        "from mailsync.rehearse.world import START\n"
        "worlds = [drive.staged(scenario(seed, troubles=())) for seed in range(30)]\n"
        "plans = [plan for world in worlds for _, plan, _ in world.runs if plan is not None]\n"
        "text = ''.join(to_json(Plan(START, (plan,))) for plan in plans)\n"
        "print(len(plans), hashlib.sha256(text.encode()).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(told) == 1
    assert int(told.pop().split()[0]) > 100


@settings(max_examples=2000 if LONG else 60)
@given(
    before=files(),
    after=files(),
    cutover=CUTOVERS,
    foreign=strangers(),
    steps=st.lists(st.integers(1, 10 * 86400), max_size=6),
)
def test_a_revert_returns_to_the_start(
    before: File, after: File, cutover: Cutover, foreign: Strangers, steps: list[int]
) -> None:
    """However far it has got: with the former file, every RRset is as it was, TTLs included.

    But for the TTL of an RRset in which foreign values stand beside ours: which of the two it is
    of, nobody can tell (RFC 2181 §5.2).
    """
    there = world(before, among(before.zone(), *foreign), cutover, before.policy)
    assert to_rest(there, 60) == "converged", told(there)
    start = dict(there.live)
    there.now += 20 * 86400
    ask(there, after)
    for seconds in steps:
        outcome = there.run()
        there.person(outcome.plan if outcome is not None else None)
        there.now += seconds
    ask(there, before)
    assert to_rest(there, 60) == "converged", told(there)
    shared = {key for key, rrset in start.items() if set(rrset.values) & set(VALUES)}
    for key in there.live.keys() | start.keys():
        found, expected = there.live.get(key), start.get(key)
        if key in shared and found is not None and expected is not None:
            expected = expected.with_ttl(found.ttl)
        assert found == expected, told(there)


@settings(max_examples=2000 if LONG else 60)
@given(
    before=files(),
    after=files(),
    cutover=CUTOVERS,
    known=st.integers(0, 20 * 86400),
    steps=st.lists(st.integers(1, 10 * 86400), max_size=4),
    lost=st.randoms(use_true_random=False),
)
def test_knowledge_taken_away_makes_nothing_earlier(
    before: File, after: File, cutover: Cutover, known: int, steps: list[int], lost: Random
) -> None:
    """Whatever the journal does not know any more: no RRset's values change earlier for that.

    As far as what nobody saw is bounded: by a TTL no shorter than those that there were.
    """
    there = world(before, before.zone(), replace(cutover, unseen_ttl=86400), before.policy)
    to_rest(there, 60)
    there.now += known
    ask(there, after)
    for seconds in steps:
        outcome = there.run()
        there.person(outcome.plan if outcome is not None else None)
        there.now += seconds
    forgetful = deepcopy(there)
    gone = {key for key in sorted(there.truth.rrsets()) if lost.random() < 0.5}
    forgetful.entries = without(there.entries, gone)
    begin = len(there.writes)
    statuses = {to_rest(there, 60), to_rest(forgetful, 60)}
    assume(statuses == {"converged"})
    sooner, later = first_changes(there, begin), first_changes(forgetful, begin)
    for key, at in later.items():
        assert at >= sooner.get(key, at), (key, gone, told(there), told(forgetful))


def without(entries: Sequence[Entry], gone: set[Key]) -> list[Entry]:
    """Take out of a journal what it says of some RRsets."""
    found: list[Entry] = []
    for entry in entries:
        if isinstance(entry, Seen) and entry.key in gone:
            continue
        if isinstance(entry, Intent):
            kept = tuple(change for change in entry.changes if change[0] not in gone)
            found.append(replace(entry, changes=kept))
            continue
        found.append(entry)
    return found


def first_changes(there: Rehearsal, begin: int) -> dict[Key, int]:
    """Give when the values of each RRset changed first, after so many writes."""
    found: dict[Key, int] = {}
    for at, _, change in there.writes[begin:]:
        values = [() if one is None else one.values for one in (change.before, change.after)]
        if values[0] != values[1]:
            found.setdefault(change.key, at)
    return found
