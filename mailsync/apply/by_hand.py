"""Steps that a person was asked for: which are open, done or void, and what the journal is told.

From the moment at which steps are printed either version may be published, and any that lies
between; the journal says so before they are printed. They end in one of two ways: every
authoritative server serves what they lead to, or the plan no longer wants it and the user is told
to throw them away. Until then no sight of anything else closes them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailsync.dns.names import shown
from mailsync.dns.rrset import Key, RRset
from mailsync.journal.events import Corrupt, Entry, Event, Intent, Seen
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Live
from mailsync.plan.model import Change, DomainPlan, Stage
from mailsync.plan.panel import possible

LISTED = "listed"
"""The stage of an intent that nobody carries out: the DNS host listed something unexpected."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person was asked to lead an RRset to (None: absence), when and for which stage.

    ``versions``: all that the RRset may be on the way, its beginning and its end among them.
    """

    at: datetime
    domain: str
    stage: str
    after: RRset | None
    versions: frozenset[RRset | None] = frozenset()


@dataclass(frozen=True, slots=True)
class Judged:
    """What the servers tell of the steps: ``events`` for the journal, which are open and done."""

    events: tuple[Event, ...] = ()
    open: frozenset[Key] = frozenset()
    done: tuple[Key, ...] = ()


def asked(entries: Sequence[Entry], until: datetime | None = None) -> dict[Key, Asked]:
    """Give the steps that the journal knows to be open, or knew to be at a time.

    A sight ends them; where they go on nevertheless, the journal repeats the intent after it.
    """
    found: dict[Key, Asked] = {}
    ended: dict[Key, Asked] = {}
    for entry in entries:
        if not isinstance(entry, Corrupt) and until is not None and entry.at > until:
            continue
        if isinstance(entry, Corrupt):
            found.clear()
            ended.clear()
        elif isinstance(entry, Seen) and entry.key in found:
            ended[entry.key] = found.pop(entry.key)
        elif isinstance(entry, Intent) and entry.stage != LISTED:
            # Of each RRset the end stands last.
            for key, _, after in entry.changes:
                versions = frozenset(v for k, *both in entry.changes if k == key for v in both)
                found[key] = Asked(entry.at, entry.domain, entry.stage, after, versions)
            for key in {key for key, *_ in entry.changes} & ended.keys():
                former = ended.pop(key)
                if former.after == found[key].after:
                    whole = found[key].versions | former.versions
                    found[key] = replace(found[key], versions=whole)
    return found


def judged(
    steps: Mapping[Key, Asked],
    live: Live,
    ledger: Ledger,
    at: datetime,
    void: frozenset[Key],
) -> Judged:
    """Judge the steps by what is served now; those of ``void`` end here."""
    events: list[Event] = []
    open_still, done = set(), []
    for key, step in steps.items():
        served = live.get(key)
        if key in live.lagging:
            open_still.add(key)
        elif leads_to(step.after, served, live):
            if served != step.after:
                # Its TTL is the host's own choice: still the version that was asked for.
                change = ((key, step.after, served),)
                events.append(Intent(at, step.domain, step.stage, change))
            events.append(Seen(at, key, served))
            done.append(key)
        elif key in void:
            events.append(Seen(at, key, served))
        else:
            open_still.add(key)
            history = ledger.history(key)
            if history.seen_at is None or history.seen_last != served:
                # Half of it, or something else: that is news, and the steps may still be taken.
                goes_on = possible((Change(served, step.after, ""),))
                events += [Seen(at, key, served), Intent(at, step.domain, step.stage, goes_on)]
    return Judged(tuple(events), frozenset(open_still), tuple(done))


def leads_to(asked_for: RRset | None, served: RRset | None, live: Live) -> bool:
    """Tell whether what is served is what was asked for, but for a TTL that cannot be set."""
    if asked_for is None or served is None or live.capability.settable:
        return asked_for == served
    return asked_for.values == served.values


def unwanted(
    steps: Mapping[Key, Asked], open_still: frozenset[Key], plan: DomainPlan, live: Live
) -> frozenset[Key]:
    """Give the open steps to which no stage of the plan leads any more."""
    wanted: dict[Key, list[RRset | None]] = {}
    for stage in plan.stages:
        for change in stage.changes:
            wanted.setdefault(change.key, []).append(change.after)
    return frozenset(
        key
        for key in open_still - live.lagging.keys()
        if not any(leads_to(steps[key].after, after, live) for after in wanted.get(key, ()))
    )


def applied(ledger: Ledger, events: Sequence[Event]) -> Ledger:
    """Bring a ledger up to events that the journal is about to hold."""
    for event in events:
        if isinstance(event, Seen):
            ledger = ledger.seen(event.key, event.rrset, event.at)
        elif isinstance(event, Intent):  # pragma: no branch  # nobody else speaks here
            for key, before, after in event.changes:
                ledger = ledger.listed(key, before, event.at).intended(key, after, event.at)
    return ledger


def announced(stage: Stage, steps: Mapping[Key, Asked], domain: str, at: datetime) -> list[Event]:
    """Give the intent that has to be in the journal before a stage's steps are printed.

    Steps that are open already have theirs.
    """
    new = [
        change
        for change in stage.changes
        if change.key not in steps or steps[change.key].after != change.after
    ]
    return [Intent(at, domain, stage.name, possible(new))] if new else []


def told(steps: Mapping[Key, Asked], void: frozenset[Key], done: Sequence[Key]) -> Iterator[str]:
    """Say what became of steps, a line each."""
    for key in done:
        yield f"{_named(key)}: done by hand, and served by every authoritative server"
    for key in sorted(void):
        yield (
            f"{_named(key)}: the steps of {steps[key].at:%Y-%m-%d %H:%M} UTC are void: throw them "
            "away"
        )


def waiting(plan: DomainPlan, steps: Mapping[Key, Asked]) -> Iterator[str]:
    """Warn of open steps whose stage may not run now."""
    for stage in plan.stages:
        for change in stage.changes:
            step = steps.get(change.key)
            if stage.state == "held" and step is not None and step.after == change.after:
                until = f"{stage.not_before:%Y-%m-%d %H:%M} UTC"
                yield (
                    f"{_named(change.key)}: the steps that were printed have to wait: do not carry "
                    f"them out before {until}, and run apply again then"
                )


def _named(key: Key) -> str:
    return f"{shown(key[0])} {key[1]}"
