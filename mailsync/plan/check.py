"""The last look at a plan: played forward, it must keep every invariant at every instant.

The holds are computed forward, reason by reason; here the finished plan is judged backward, by what
anybody may hold if it is carried out just when it says. A plan that breaks an invariant is refused,
with the counter-example in words. What nobody saw cannot be judged: the holds wait for that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from mailsync.desired.model import Wish
from mailsync.dns.rrset import Key, RRset, txt_text
from mailsync.lint.model import Finding
from mailsync.mail import spf as spf_record
from mailsync.plan import abroad, certificates
from mailsync.plan import policy as policies
from mailsync.plan.choreography import Scene, owned_values
from mailsync.plan.course import Course
from mailsync.plan.invariants import Broken, Instant, broken, who_may_send
from mailsync.plan.kinds import CHOREOGRAPHIES, ROUTING, spf_tree
from mailsync.plan.kinds.mx import hosts
from mailsync.plan.ledger import Version
from mailsync.plan.model import Change, Stage
from mailsync.plan.times import local_text

_SECOND = timedelta(seconds=1)
_FAMILIES = frozenset({"A", "AAAA"})
_NOT_JUDGED = frozenset({"TLSA", "PTR", certificates.TYPE})
_TTL = re.compile(r" \(TTL \d+\)")
_SHOWN = 3
"""How many counter-examples are worth reading."""


@dataclass(frozen=True, slots=True)
class _Span:
    """A version, and from when until when somebody may hold it; ``until`` None is for good."""

    rrset: RRset | None
    since: datetime
    until: datetime | None

    def covers(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


def findings(
    scene: Scene, courses: tuple[Course, ...], stages: list[Stage], retire: datetime | None
) -> tuple[Finding, ...]:
    """Give an error for each way in which the plan would break an invariant, the first few."""
    found = islice(_counterexamples(scene, courses, stages, retire), _SHOWN)
    zone = scene.desired.cutover.zone
    return tuple(
        Finding(
            f"invariant-{name}",
            "error",
            f"this plan is refused, as it would not be safe: at "
            f"{local_text(at, zone)}, {words} (please report it)",
            where,
        )
        for name, at, where, words in found
    )


def _counterexamples(
    scene: Scene, courses: tuple[Course, ...], stages: list[Stage], retire: datetime | None
) -> Iterator[tuple[str, datetime, str, str]]:
    if not any(stage.changes for stage in stages):
        return
    told = set()
    alone: set[str] | None = None
    for one in _broken(scene, courses, stages, retire):
        if (one.invariant, one.rrset) in told:
            continue
        if alone is None:
            alone = {_gist(other) for other in _broken(scene, (), [], None)}
        if _gist(one) not in alone:
            told.add((one.invariant, one.rrset))
            yield one.invariant, one.at, one.rrset, one.words


def _gist(one: Broken) -> str:
    """Give what is broken, whatever the time and the TTL: what was so before is not the plan's."""
    return f"{one.invariant} {one.rrset} {_TTL.sub('', one.words)}"


def _broken(
    scene: Scene, courses: tuple[Course, ...], stages: list[Stage], retire: datetime | None
) -> Iterator[Broken]:
    """Judge every invariant whenever something may begin to be wrong; no stages: nothing is done"""
    writes = [(stage.not_before, change) for stage in stages for change in stage.changes]
    domain = scene.desired.domain
    spans = {key: _spans(scene, key, writes) for key in _keys(scene, courses)}
    spans[policies.key(domain)] = _policies(scene, spans.get((f"_mta-sts.{domain}", "TXT"), []))
    future = _Future(scene, courses, stages, retire)
    future = replace(future, leaving=tuple(_leaving(future, spans)))
    for at in _instants(scene, spans, writes, retire):
        changing = frozenset(c.key for t, c in writes if t == at and t > scene.now)
        now = Instant(
            at,
            domain,
            scene.desired.zone,
            {key: tuple(s.rrset for s in held if s.covers(at)) for key, held in spans.items()},
            takes=future.takes(at),
            may_send=future.may_send(at),
            signed=future.signed(at),
            changing=changing,
        )
        yield from broken(now)


def _allowed(scene: Scene, keys: Iterable[Key]) -> tuple[str, ...]:
    """Give what each visible SPF record lets send now; nobody, where it makes a receiver give up.

    What the plan writes this very minute is not among them.
    """
    past = {key: _spans(scene, key, []) for key in keys if key[1] == "TXT"}
    visible = {
        key: tuple(span.rrset for span in held if span.covers(scene.now))
        for key, held in past.items()
    }
    now = Instant(scene.now, scene.desired.domain, scene.desired.zone, visible)
    return tuple(whole or "v=spf1 -all" for _, whole in who_may_send(now))


def _keys(scene: Scene, courses: tuple[Course, ...]) -> set[Key]:
    """Give the RRsets whose past and future the plan knows; those of siblings have plans too."""
    elsewhere = abroad.siblings_keys(scene.desired.zone, scene.live.neighbours)
    # Of a host's two families both are needed to tell whether it can be found.
    elsewhere |= {(n, t) for n, rdtype in elsewhere if rdtype in _FAMILIES for t in _FAMILIES}
    known = {key for key in scene.ledger.histories if key[1] not in _NOT_JUDGED}
    return {*(known - elsewhere), *(course.key for course in courses)}


def _spans(scene: Scene, key: Key, writes: list[tuple[datetime, Change]]) -> list[_Span]:
    """Give for how long somebody may hold each version, past and planned."""
    changes = [(at, change.after) for at, change in writes if change.key == key]
    versions = [v for v in scene.history(key).versions if not v.unseen]
    planned = [Version(after, at) for at, after in changes]
    ends = [*(at for at, _ in changes), None]
    live = scene.live.get(key)
    # What some server still serves instead of the live version is taken to go now, as in `holds`.
    left = {v: ends[0] if v.rrset == live else scene.now for v in versions}
    spans = [_span(scene, v, v.replaced_at or left[v]) for v in versions]
    spans += [_span(scene, v, end) for v, end in zip(planned, ends[1:], strict=True)]
    return spans


def _policies(scene: Scene, records: list[_Span]) -> list[_Span]:
    """Give for how long some sender may go by each policy that was seen served."""
    refresh = timedelta(seconds=scene.desired.cutover.policy_refresh)
    held = [(s.rrset.values if s.rrset is not None else None, s.since, s.until) for s in records]
    return [
        _Span(version.rrset, since, until)
        for version in scene.history(policies.key(scene.desired.domain)).versions
        if version.rrset is not None
        # One that is to go is taken to go now, as what the plan asks a person for is done then.
        for since, until in policies.bound(
            policies.of_rrset(version.rrset),
            (version.published_at, version.replaced_at or scene.now),
            held,
            refresh,
        )
    ]


def _span(scene: Scene, version: Version, replaced_at: datetime | None) -> _Span:
    if replaced_at is None:
        return _Span(version.rrset, version.published_at, None)
    return _Span(version.rrset, version.published_at, replaced_at + scene.lifetimes.of(version))


def _instants(
    scene: Scene,
    spans: dict[Key, list[_Span]],
    writes: list[tuple[datetime, Change]],
    retire: datetime | None,
) -> list[datetime]:
    """Give the times at which something may begin to be wrong: nothing changes in between."""
    times = {scene.now, *(at for at, _ in writes)}
    if retire is not None:
        times.add(retire)
    times |= {span.until - _SECOND for held in spans.values() for span in held if span.until}
    return sorted(at for at in times if at >= scene.now)


@dataclass(frozen=True, slots=True)
class _Future:
    """Who takes and who sends the domain's mail, if the plan is carried out as it says.

    ``leaving``: what the plan takes from SPF records.
    """

    scene: Scene
    courses: tuple[Course, ...]
    stages: list[Stage]
    retire: datetime | None
    leaving: tuple[_Leaving, ...] = ()

    def takes(self, at: datetime) -> _Takers:
        over = self.retire is None or at > self.retire
        return _Takers(self._final_hosts(), self._final_addresses(), over)

    def may_send(self, at: datetime) -> tuple[str, ...]:
        """Give the SPF records whose senders may have mail on its way."""
        found: list[str] = []
        for one in self.leaving:
            queued = one.base + timedelta(seconds=self.scene.desired.cutover.queue_lifetime)
            found += one.all if one.settles and at < queued else one.staying
            if one.wished and self._switch_at() is not None and at >= one.base:
                found.append(one.wished)
        return tuple(found)

    def signed(self, at: datetime) -> dict[Key, tuple[str, ...]]:
        """Give the keys under which mail on its way is signed."""
        cutover = self.scene.desired.cutover
        found = {}
        for course, wish, live_values, base in self.moving("dkim"):
            used = self._used(course, wish)
            arrived = base + timedelta(seconds=cutover.queue_lifetime + cutover.verifier_delay)
            if used and at < arrived and course.change("settle") is not None:
                found[course.key] = used
            elif wish.values and not live_values and self._switch_at() is not None and at >= base:
                found[course.key] = wish.values
        return found

    def _used(self, course: Course, wish: Wish) -> tuple[str, ...]:
        """Give the live values if they are in use: nobody signs with what not all know yet."""
        kind = CHOREOGRAPHIES[wish.kind]
        live = owned_values(kind, wish, course.live)
        held = [
            owned_values(kind, wish, remnant.version.rrset)
            for remnant in self.scene.visible(course.key)
            if not remnant.version.unseen
        ]
        as_live = replace(wish, values=live)
        return live if all(kind.ready(as_live, values, self.scene) for values in held) else ()

    def moving(self, kind: str) -> Iterator[tuple[Course, Wish, tuple[str, ...], datetime]]:
        """Give each wish of a kind that the plan changes, and when only the new way is used."""
        for course in self.courses:
            for wish, steps in course.parts:
                if wish.kind != kind or course.live == course.settle:
                    continue
                known = [at for at in (steps.since, self.scene.moved_at) if at is not None]
                base = self._switch_at() or max(known, default=self.scene.now)
                live = owned_values(CHOREOGRAPHIES[wish.kind], wish, course.live)
                yield course, wish, live, base

    def _switch_at(self) -> datetime | None:
        """Give when the plan moves mail, None when it does not."""
        kinds = {wish.kind for c in self.courses if c.routes for wish, _ in c.parts}
        if not kinds & ROUTING:
            return None
        return max((s.not_before for s in self.stages if s.name == "switch"), default=None)

    def _final_hosts(self) -> frozenset[str]:
        """Give the hosts that take the mail in the end; they do so all the time."""
        key = (self.scene.desired.domain, "MX")
        course = next((c for c in self.courses if c.key == key), None)
        final = course.settle if course is not None else self.scene.live.get(key)
        if final is None:
            return frozenset({self.scene.desired.domain})
        return hosts(final.values)

    def _final_addresses(self) -> dict[str, frozenset[str]]:
        """Give the addresses that hosts have in the end, where the plan changes them."""
        found: dict[str, set[str]] = {}
        for course in self.courses:
            if course.key[1] in {"A", "AAAA"} and course.live != course.settle:
                found.setdefault(course.key[0], set())
        for name, addresses in found.items():
            for family in ("A", "AAAA"):
                key = (name, family)
                planned = next((c for c in self.courses if c.key == key), None)
                final = planned.settle if planned is not None else self.scene.live.get(key)
                addresses.update(final.values if final is not None else ())
        return {name: frozenset(addresses) for name, addresses in found.items()}


@dataclass(frozen=True, slots=True)
class _Takers:
    """Who takes mail at one instant: who does in the end, and until it is over, who did before."""

    hosts: frozenset[str]
    addresses: dict[str, frozenset[str]]
    over: bool

    def __call__(self, host: str, address: str | None) -> bool:
        if not self.over:
            return True
        if address is None or host not in self.addresses:
            return host in self.hosts
        return address in self.addresses[host]


@dataclass(frozen=True, slots=True)
class _Leaving:
    """What the plan takes from one SPF record, by which every receiver lets somebody send now.

    ``all``: a record of all of it, if there is any; ``staying``: of what another record that it
    includes has in the end. ``wished``: the record in the end. ``base``: from when on only the new
    way is used. ``settles``: it goes only when the mail sent by it has arrived.
    """

    base: datetime
    settles: bool
    all: tuple[str, ...]
    staying: tuple[str, ...]
    wished: str


def _leaving(future: _Future, keys: Iterable[Key]) -> Iterator[_Leaving]:
    allowed = _allowed(future.scene, keys)
    for course, wish, live_values, base in future.moving("spf"):
        gone = _gone(live_values, wish.values)
        steps = next(steps for one, steps in course.parts if one is wish)
        yield _Leaving(
            base,
            course.change("settle") is not None and steps.wait != 0,
            _relied_upon(future.scene, gone, allowed),
            _relied_upon(future.scene, spf_tree.moving(wish, gone, future.scene), allowed),
            txt_text(wish.values[0]) if wish.values else "",
        )


def _relied_upon(scene: Scene, terms: tuple[str, ...], allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Give a record of those terms by which every receiver lets somebody send now."""
    record = spf_tree.meant(terms, scene)
    relied = record.mechanisms
    for whole in allowed:
        left = spf_record.parse(spf_record.difference(spf_record.format(record), whole))
        relied = tuple(term for term in relied if term not in left.mechanisms)
    return (" ".join(("v=spf1", *map(str, relied), "-all")),) if relied else ()


def _gone(live: tuple[str, ...], wished: tuple[str, ...]) -> tuple[str, ...]:
    """Give the terms by which somebody may send now, and that the wish has no more."""
    if len(live) != 1:
        return ()
    final = txt_text(wished[0]) if wished else "v=spf1 -all"
    try:
        return spf_record.terms_removed(txt_text(live[0]), final)
    except spf_record.BadSpf:
        return ()
