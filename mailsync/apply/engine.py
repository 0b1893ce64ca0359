"""The engine: what to do next for one domain, from plan, journal and observations. No I/O.

`look` and `advance` are generators: they yield `effects` and get each one's result back, or have
its error raised where they stand. Stopped between any two effects, a later run goes on from what
the journal and the world then say.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypeVar, cast

from mailsync.apply import by_hand
from mailsync.apply import effects as do
from mailsync.apply.by_hand import LISTED
from mailsync.desired.model import Desired
from mailsync.dns.names import shown
from mailsync.dns.rrset import Key, RRset
from mailsync.errors import HostError, MailsyncError
from mailsync.journal.events import Entry, Event, Intent, Seen, Written
from mailsync.journal.fold import fold
from mailsync.observe.interface import Sighting
from mailsync.plan import certificates, gates
from mailsync.plan import policy as policies
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Capability, Live, Look, Neighbour, Presented, ServedPolicy
from mailsync.plan.model import Change, DomainPlan, Gate, Stage
from mailsync.plan.planner import plan_domain, watched
from mailsync.plan.prune import expanded
from mailsync.plan.times import CLOCK_TOLERANCE

_T = TypeVar("_T")
Course = Generator[do.Effect, do.Result, _T]

REMOVALS_MAX = 5
"""How many records one stage may remove from a domain without ``--allow-removals``."""

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 5.0


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a domain is applied.

    ``only``: the changes that were reviewed, None when all that is due may be done.
    ``served_within``: how many seconds to wait for every authoritative server after a write.
    """

    allow_removals: bool = False
    only: frozenset[Change] | None = None
    served_within: float = 60.0


@dataclass(frozen=True, slots=True)
class View:
    """One domain as it is now: what was read, what the ledger says of it, and the plan.

    ``learnt`` is what the journal does not know yet. ``asked``: what a person was asked for and may
    still do; ``told``: what became of what was asked for, for the user.
    """

    live: Live
    ledger: Ledger
    plan: DomainPlan
    learnt: tuple[Event, ...]
    at: datetime
    asked: Mapping[Key, by_hand.Asked] = field(default_factory=dict)
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a domain stands after a run; ``messages`` are for the user, one line each.

    ``asked``: what a person has to do now, of a stage that no API carries out.
    """

    state: Literal["converged", "waiting", "refused", "failed"]
    plan: DomainPlan | None
    messages: tuple[str, ...] = ()
    written: int = 0
    asked: Stage | None = None


def look(
    desired: Desired,
    capability: Capability,
    *,
    now: datetime | None = None,
    listing: Mapping[Key, RRset] | None = None,
    probing: bool = False,
) -> Course[View]:
    """Read the domain's journal and records, ask its servers what is in doubt, and plan.

    ``now``: plan as of that time, knowing only what the journal knew then. ``listing``: the live
    records when they have just been read. ``probing``: look at the mail hosts to which a due
    switch leads.
    """
    entries = cast("list[Entry]", (yield do.ReadJournal()))
    ledger = fold(entries, until=now)
    if listing is None:
        listing = cast("Mapping[Key, RRset]", (yield do.ReadLive()))
    neighbours = cast("tuple[Neighbour, ...]", (yield do.ReadNeighbours(listing)))
    live = Live(listing, capability.in_zone(listing.values()), neighbours=neighbours)
    presented = yield from _certificates(desired, live)
    live = replace(live, certificates=presented)
    desired = expanded(desired, live)
    keys = set(watched(desired, live))
    steps = by_hand.asked(entries, now) if capability.by_hand else {}
    domain = shown(desired.domain)
    # What a person was asked for is looked at, too, when the file no longer speaks of it.
    steps = {key: one for key, one in steps.items() if key in keys or one.domain == domain}
    doubtful = {
        key: live.get(key)
        for key in sorted({*keys, *steps})
        if not ledger.history(key).knows(live.get(key))
    }
    served = yield from _served_policy(desired, live)
    sighting = cast("Sighting", (yield do.Sight(doubtful)))
    at = now if now is not None else cast("datetime", (yield do.Now()))
    seen = tuple(
        Seen(at, key, rrset)
        for key, rrset in doubtful.items()
        if key not in sighting.lagging and key not in steps
    )
    listed = tuple(
        (key, live.get(key), live.get(key))
        for key in sighting.lagging
        if key in doubtful and ledger.history(key).open_version(live.get(key)) is None
    )
    seen += _policy_seen(desired, served, ledger, at)
    seen += _certificates_seen(presented, ledger, at)
    _check_clock(desired, entries, at, now)
    for event in seen:
        ledger = ledger.seen(event.key, event.rrset, at)
    # What the host lists is published somewhere, though not everywhere: that must not be forgotten.
    learnt = (*seen, *((Intent(at, shown(desired.domain), LISTED, listed),) if listed else ()))
    live = replace(
        live,
        negative_ttl=sighting.negative_ttl,
        lagging=sighting.lagging,
        policy=served,
    )
    view = _planned(desired, View(live, ledger, DomainPlan("", "", (), "error"), learnt, at), steps)
    if view.plan.stages:
        gate = cast("Gate", (yield do.CheckAuthority(listing)))
        live = replace(view.live, gates=(gate,))
        hosts = gates.wanted(view.plan) if probing else frozenset[str]()
        if hosts:
            looks = cast("tuple[Look, ...]", (yield do.Probe(hosts)))
            live = replace(live, looks=looks)
        view = replace(view, live=live, plan=plan_domain(desired, live, view.ledger, at))
    return view


def _planned(desired: Desired, view: View, steps: Mapping[Key, by_hand.Asked]) -> View:
    """Plan, with what a person was asked for: open, done, or void as the plan has changed."""
    void: frozenset[Key] = frozenset()
    while True:
        judged = by_hand.judged(steps, view.live, view.ledger, view.at, void)
        ledger = by_hand.applied(view.ledger, judged.events)
        asked = {key: steps[key].versions for key in judged.open}
        live = replace(view.live, asked=asked)
        plan = plan_domain(desired, live, ledger, view.at)
        unwanted = by_hand.unwanted(steps, judged.open, plan, live)
        if not unwanted:
            break
        void |= unwanted
    return replace(
        view,
        live=live,
        ledger=ledger,
        plan=plan,
        learnt=(*view.learnt, *judged.events),
        asked={key: step for key, step in steps.items() if key in judged.open},
        told=tuple(by_hand.told(steps, void, judged.done)),
    )


def _check_clock(
    desired: Desired, entries: Sequence[Entry], at: datetime, now: datetime | None
) -> None:
    """Refuse a clock that is far behind the journal: every wait would be reckoned wrong."""
    told = [entry.at for entry in entries if isinstance(entry, Seen | Intent | Written)]
    latest = max(told, default=at)
    if now is None and latest > at + CLOCK_TOLERANCE:
        msg = (
            f"this machine's clock ({at:%Y-%m-%d %H:%M:%S} UTC) is behind the journal, whose last "
            f"entry is of {latest:%Y-%m-%d %H:%M:%S} UTC: set the clock; nothing was written"
        )
        raise MailsyncError(msg, where=shown(desired.domain))


def _served_policy(desired: Desired, live: Live) -> Course[ServedPolicy]:
    """Fetch the MTA-STS policy where the file speaks of one, and it may be there."""
    if desired.policy is None and all(wish.kind != "mta-sts" for wish in desired.wishes):
        return ServedPolicy()
    if policies.is_homeless(desired, live):
        return ServedPolicy("none", detail="its web server has no address yet")
    return cast("ServedPolicy", (yield do.FetchPolicy(desired.domain)))


def _certificates(desired: Desired, live: Live) -> Course[Mapping[str, Presented]]:
    """Look at the certificates of the hosts to which the file leaves them."""
    hosts = certificates.wanted(desired, live)
    if not hosts:
        return {}
    return cast("Mapping[str, Presented]", (yield do.FetchCertificates(hosts)))


def _certificates_seen(
    presented: Mapping[str, Presented], ledger: Ledger, at: datetime
) -> tuple[Seen, ...]:
    """Give what the ledger does not know yet of the certificates that hosts present."""
    rrsets = [
        certificates.as_rrset(host, one.values) for host, one in presented.items() if one.values
    ]
    return tuple(Seen(at, one.key, one) for one in rrsets if not ledger.history(one.key).knows(one))


def _policy_seen(
    desired: Desired, served: ServedPolicy, ledger: Ledger, at: datetime
) -> tuple[Seen, ...]:
    """Give what the ledger does not know yet of the policy that is served."""
    if served.state == "unknown":
        return ()
    key = policies.key(desired.domain)
    rrset = None if served.policy is None else policies.as_rrset(desired.domain, served.policy)
    return () if ledger.history(key).knows(rrset) else (Seen(at, key, rrset),)


def advance(desired: Desired, capability: Capability, terms: Terms) -> Course[Outcome]:
    """Do what is due for one domain, stage after stage, until nothing is."""
    listing: Mapping[Key, RRset] | None = None
    written = 0
    while True:
        view = yield from look(desired, capability, listing=listing, probing=True)
        if view.learnt:
            yield do.Record(view.learnt)
        for message in view.told:
            yield do.Tell(message)
        stage = _next_stage(view.plan, terms)
        if stage is None or view.plan.status == "error":
            return _stopped(desired, view, terms, written)
        refusal = _refusal(stage, view.live.gates, terms)
        if refusal:
            return Outcome("refused", view.plan, (refusal,), written)
        if capability.by_hand:
            return (yield from _ask(desired, view, stage, terms))
        listing = yield from _carry_out(desired, capability, stage, view.at)
        written += len(stage.changes)
        expected = {change.key: listing.get(change.key) for change in stage.changes}
        lagging = yield from _await_served(expected, terms)
        if lagging:
            # Planned anew: dates that took it for served everywhere would be too early.
            view = yield from look(desired, capability, listing=listing)
            return Outcome("waiting", view.plan, tuple(lagging), written)


def _ask(desired: Desired, view: View, stage: Stage, terms: Terms) -> Course[Outcome]:
    """Journal what may be published from now on, and only then have the steps printed."""
    ready = tuple(c for c in stage.changes if c.before == view.live.get(c.key))
    if not ready:  # what stands before it was not reviewed, and is not done
        return _stopped(desired, view, terms, 0)
    stage = replace(stage, changes=ready)
    events = by_hand.announced(stage, view.asked, shown(desired.domain), view.at)
    if events:
        yield do.Record(tuple(events))
    message = "waiting: the steps count when every authoritative server serves what they lead to"
    return Outcome("waiting", view.plan, (*_late(desired, view), message), asked=stage)


def _next_stage(plan: DomainPlan, terms: Terms) -> Stage | None:
    """Give the first stage that is due and, where a plan was reviewed, is part of it."""
    for stage in plan.stages:
        if stage.state == "due" and (terms.only is None or terms.only.issuperset(stage.changes)):
            return stage
    return None


def _stopped(desired: Desired, view: View, terms: Terms, written: int) -> Outcome:
    """Say how the domain stands when nothing is due; it waits for servers that lag behind, too."""
    errors = tuple(
        f"{finding.where}: {finding.message}"
        for finding in view.plan.findings
        if finding.severity == "error"
    )
    if errors:
        return Outcome("failed", view.plan, errors, written)
    left = tuple(
        f"stage {stage.name} is not what was reviewed: it is left; look at the plan again"
        for stage in view.plan.stages
        if stage.state == "due"
    )
    if left and terms.only and not written:
        return Outcome("refused", view.plan, left)
    late = _late(desired, view)
    waits = bool(late) or any(stage.state != "done" for stage in view.plan.stages)
    held = by_hand.waiting(view.plan, view.asked)
    messages = (*late, *left, *held)
    return Outcome("waiting" if waits else "converged", view.plan, messages, written)


def _late(desired: Desired, view: View) -> tuple[str, ...]:
    """Name the servers that do not serve yet what the domain's file speaks of."""
    wished = {(wish.name, wish.type) for wish in expanded(desired, view.live).wishes}
    late = dict.fromkeys(text for key, text in view.live.lagging.items() if key in wished)
    return tuple(f"waiting: {text}" for text in late)


def _refusal(stage: Stage, observed: tuple[Gate, ...], terms: Terms) -> str:
    """Say which gate or guard forbids the stage; empty when none does.

    ``observed`` are the gates of now: a plan shows them with its first stage only, and the stage to
    be carried out need not be that one.
    """
    for gate in (*observed, *stage.gates):
        if gate.state == "fail":
            return f"gate {gate.name}: {gate.detail}"
    removed = sum(
        len(set(change.before.values) - set(change.after.values if change.after else ()))
        for change in stage.changes
        if change.before is not None
        and (change.after is None or len(change.after.values) < len(change.before.values))
        and change.key[1] != "MX"
    )
    if removed > REMOVALS_MAX and not terms.allow_removals:
        return (
            f"stage {stage.name} would remove {removed} records, more than {REMOVALS_MAX}: if that "
            "is meant, say --allow-removals"
        )
    return ""


def _carry_out(
    desired: Desired, capability: Capability, stage: Stage, at: datetime
) -> Course[Mapping[Key, RRset]]:
    """Journal the intent, write, read back; gives the listing that was read."""
    domain = shown(desired.domain)
    changes = tuple((change.key, change.before, change.after) for change in stage.changes)
    yield do.Tell(f"{stage.name}: writing {_counted(len(changes), 'RRset')}")
    yield do.Record((Intent(at, domain, stage.name, changes),))
    yield do.Write(stage.changes)
    listing = cast("Mapping[Key, RRset]", (yield do.ReadLive()))
    for change in stage.changes:
        found = listing.get(change.key)
        if not _as_written(found, change.after, capability):
            name, rdtype = change.key
            msg = (
                f"{name} {rdtype}: the DNS host shows {_said(found)} after {_said(change.after)} "
                "was written; the next run reads again before it writes"
            )
            raise HostError(msg, where=domain)
    now = cast("datetime", (yield do.Now()))
    yield do.Record((Written(now, domain, stage.name),))
    return listing


def _await_served(expected: Mapping[Key, RRset | None], terms: Terms) -> Course[list[str]]:
    """Ask every authoritative server until all serve what was written; gives those that do not."""
    pause, waited = _FIRST_PAUSE, 0.0
    told: set[str] = set()
    while True:
        sighting = cast("Sighting", (yield do.Sight(expected)))
        now = cast("datetime", (yield do.Now()))
        served = tuple(
            Seen(now, key, rrset) for key, rrset in expected.items() if key not in sighting.lagging
        )
        if served:
            yield do.Record(served)
        expected = {key: expected[key] for key in expected if key in sighting.lagging}
        late = list(dict.fromkeys(sighting.lagging[key] for key in expected))
        if not expected or waited >= terms.served_within:
            return [f"waiting: {text}" for text in late]
        for text in late:
            if text not in told:
                yield do.Tell(f"waiting: {text}")
                told.add(text)
        yield do.Pause(pause)
        waited += pause
        pause = min(pause * 2, _LONGEST_PAUSE)


def _as_written(found: RRset | None, asked: RRset | None, capability: Capability) -> bool:
    if found is None or asked is None or capability.settable:
        return found == asked
    return found.values == asked.values


def _said(rrset: RRset | None) -> str:
    return "nothing" if rrset is None else f"TTL {rrset.ttl}: {', '.join(rrset.values)}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
