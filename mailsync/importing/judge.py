"""The judges of what is imported: the loader and the planner, asked before anything is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mailsync.desired.faults import Faults
from mailsync.desired.model import Desired
from mailsync.dns.rrset import Key
from mailsync.importing import layout
from mailsync.importing.draft import FILE, Draft, Uses, common, drafted
from mailsync.importing.fitting import Use
from mailsync.importing.lightening import lightened
from mailsync.importing.model import Claim, Entry, Found, Left, Loader
from mailsync.lint.judge import offline
from mailsync.plan.choreography import owned_values
from mailsync.plan.kinds import CHOREOGRAPHIES
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Live
from mailsync.plan.model import DomainPlan
from mailsync.plan.planner import plan_domain

_LINE = re.compile(r" \(line \d+\)|, first at (?:line )?[\w:]+", re.ASCII)


def heard(
    found: Found, entry: Entry, loader: Loader, beside: Sequence[Entry] = ()
) -> Entry | tuple[Left, ...]:
    """Let the loader read an entry alone: with the form that reads as what is live, or why not.

    ``beside``: entries without which it cannot be read, in their final form.
    """
    wanted = {
        key: frozenset(values) for one in (entry, *beside) for key, values in one.live.items()
    }
    reasons = []
    for form in entry.forms:
        one = replace(entry, forms=(form,))
        faults = Faults()
        draft = drafted(found.zone, [*beside, one], (), {}, (one.ttl, loader.ttl))
        root = layout.tree(draft.pieces, FILE)
        desired = loader.read(found.zone, root, faults, alone=True)
        said = next((error.message for error in faults.errors()), "")
        if not said and _speaks_for(found, desired) == wanted:
            return one
        reasons.append(_elsewhere(said) or "a file cannot hold it word for word")
    return _left(entry, reasons[-1])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What stands in the end: the entries that may be written, what is left, and the draft.

    ``still``: what a plan would do all the same, for the defaults of mailsync.yaml. ``unfit``: a
    service which the loader or the planner has something against; then nothing else counts.
    """

    draft: Draft
    entries: tuple[Entry, ...]
    left: tuple[Left, ...]
    still: tuple[str, ...] = ()
    unfit: Use | None = None


def settled(
    found: Found,
    entries: Sequence[Entry],
    left: Sequence[Left],
    uses: Uses,
    loader: Loader,
    now: datetime,
) -> Verdict:
    """Leave out, one by one, what the loader or the planner has something against.

    In the end the plan is empty, but for what the defaults of mailsync.yaml ask for.
    """
    kept, gone = tuple(entries), tuple(left)
    live = Live(found.rrsets, found.capability, policy=found.policy)
    ttls = (common(entries, loader.ttl), loader.ttl)
    while True:
        written = lightened(found, kept, uses, loader, ttls)
        draft = drafted(found.zone, written, gone, uses, ttls)
        faults = Faults()
        desired = loader.read(found.zone, layout.tree(draft.pieces, FILE), faults)
        against = [(error.message, error.where) for error in faults.errors()]
        if not against:
            plans = [(plan_domain(one, live, Ledger(), now), one) for one in desired]
            against = [said for plan, one in plans for said in _against(plan, one)]
        refused: dict[Claim, str] = {}
        for reason, where in against:
            for one in draft.meant(where):
                if isinstance(one, Use):
                    return Verdict(draft, kept, gone, unfit=one)
                refused[one.claim] = _elsewhere(reason)
        if not refused:
            return Verdict(draft, kept, gone, tuple(reason for reason, _ in against))
        for one in [one for one in kept if one.claim in refused]:
            gone += _left(one, refused[one.claim])
        kept = tuple(one for one in kept if one.claim not in refused)


def _elsewhere(reason: str) -> str:
    """Leave out lines: the file is not written yet."""
    return _LINE.sub("", reason)


def _left(entry: Entry, reason: str) -> tuple[Left, ...]:
    return tuple(
        Left(entry.domain, entry.key, key, values, reason) for key, values in entry.live.items()
    )


def _speaks_for(found: Found, desired: Iterable[Desired]) -> dict[Key, frozenset[str]]:
    """Give the live values that a file asks for; other values than are live where it differs."""
    spoken: dict[Key, frozenset[str]] = {}
    for wish in (wish for one in desired for wish in one.wishes):
        live = found.get(wish.name, wish.type)
        owned = owned_values(CHOREOGRAPHIES[wish.kind], wish, live)
        values = frozenset(wish.values) | frozenset(owned)
        spoken[wish.name, wish.type] = spoken.get((wish.name, wish.type), frozenset()) | values
    return spoken


def _against(plan: DomainPlan, desired: Desired) -> Iterator[tuple[str, str]]:
    """Give what the planner has against the file: reasons, each with its place in the file."""
    for finding in plan.findings:
        if finding.severity == "error":
            # What the plan itself says cannot be acknowledged.
            meant = f"; if it is meant, write it with 'acknowledge: [{finding.id}]'"
            hint = meant if finding in offline(desired) else ""
            yield f"{finding.message}{hint}", finding.where
    places = {(wish.name, wish.type): str(wish.place) for wish in desired.wishes}
    told = {one.where: one.message for one in plan.findings if one.severity == "warning"}
    for stage in plan.stages:
        for change in stage.changes:
            where = places.get(change.key, "")
            yield told.get(where, f"a plan would change it: {change.why}"), where
