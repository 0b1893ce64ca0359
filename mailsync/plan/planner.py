"""`plan_domain`: from desired mail, live records and the ledger to stages, holds and dates.

Pure: the time comes in as an argument, the same inputs give the same plan. Nothing remembers which
stage a domain is in: it follows from what is wished for, what is live and what is still visible.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from mailsync.desired.model import Desired, Kind, Wish
from mailsync.dns.names import is_at_or_below, shown
from mailsync.dns.rrset import Key
from mailsync.lint.judge import offline
from mailsync.lint.model import Finding
from mailsync.mail import ptr as ptr_record
from mailsync.mail.mta_sts import Policy
from mailsync.plan import abroad, check, gates, guards, holds, tasks
from mailsync.plan.choreography import Scene, Steps, owned_values
from mailsync.plan.course import Course, chart, moved_at
from mailsync.plan.kinds import CHOREOGRAPHIES, ROUTING, mta_sts
from mailsync.plan.kinds.mx import hosts
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Live
from mailsync.plan.model import (
    Change,
    DomainPlan,
    Gate,
    Hold,
    Plan,
    Stage,
    StageName,
    StageState,
    Status,
)
from mailsync.plan.prune import expanded
from mailsync.plan.retire import after_settling, old_service_until
from mailsync.plan.visible import Remnant


def plan_domain(desired: Desired, live: Live, ledger: Ledger, now: datetime) -> DomainPlan:
    """Plan one domain as of ``now`` (aware UTC, whole seconds)."""
    of_files = offline(desired)
    desired, elsewhere = _split(expanded(desired, live))
    scene = _scene(desired, live, ledger, now)
    courses = _courses(scene)
    rollback = holds.is_rollback(scene, courses)
    lowering = holds.lowering_time(scene, courses)
    if rollback:
        switch_holds = holds.before_rollback(scene, courses)
    else:
        switch_holds = holds.before_switch(scene, courses, lowering)
    first_at = max([now, *(hold.until for hold in switch_holds)])
    follows = holds.after_addresses(scene, courses, first_at)
    switch_at = max([first_at, *(hold.until for hold in follows)])
    retire = old_service_until(scene, courses, switch_at)
    stages = [
        *_prepare(scene, courses, lowering),
        *_switch(scene, courses, switch_holds, follows),
        *_settle(scene, courses, switch_at, retire),
    ]
    if not rollback:
        stages = [tasks.held(scene, stage) for stage in stages]
    stages = [
        gates.judged(stage, desired, live.looks, back=rollback) if stage.name == "switch" else stage
        for stage in stages
    ]
    if stages:
        # What was observed speaks of the next write; later ones are judged when their time comes.
        stages[0] = replace(stages[0], gates=(*scene.live.gates, *stages[0].gates))
    stages = [*_done(scene, courses, stages), *stages]
    until = after_settling(scene, stages, retire)
    findings = guards.findings(scene, courses, switch_at, retire, lowering, rollback=rollback)
    if not rollback and not any(finding.severity == "error" for finding in findings):
        findings = (*check.findings(scene, courses, stages, until), *findings)
    findings += tuple(_by_the_holder(wish) for wish in elsewhere)
    findings += _beside(findings, of_files, rollback=rollback)
    return DomainPlan(
        domain=shown(desired.domain),
        zone=shown(desired.zone),
        targets=desired.targets,
        status=_status(stages, failed=any(f.severity == "error" for f in findings)),
        stages=tuple(stages),
        old_service_until=until,
        findings=findings,
        timezone=desired.cutover.timezone,
    )


def _beside(
    findings: tuple[Finding, ...], of_files: tuple[Finding, ...], *, rollback: bool
) -> tuple[Finding, ...]:
    """Add what lint says of the files and the plan does not say itself.

    The way back is to what has been published before: lint warns of it, and does not bar it.
    """
    told = {(finding.id, finding.where) for finding in findings}
    return tuple(
        replace(finding, severity="warning") if rollback else finding
        for finding in of_files
        if (finding.id, finding.where) not in told
    )


def _split(desired: Desired) -> tuple[Desired, tuple[Wish, ...]]:
    """Take out the wishes for records of a reverse zone that no target serves."""
    elsewhere = tuple(w for w in desired.wishes if not is_at_or_below(w.name, desired.zone))
    wishes = tuple(wish for wish in desired.wishes if wish not in elsewhere)
    return (replace(desired, wishes=wishes) if elsewhere else desired), elsewhere


def _by_the_holder(wish: Wish) -> Finding:
    """Say what to ask for where a PTR stands in a zone that mailsync does not write."""
    address = ptr_record.address_of(wish.name)
    what = f"name it {shown(wish.values[0])}" if wish.values else "take its name away"
    message = (
        f"no target serves the reverse zone of {address}: ask whoever holds the address to {what} "
        "(PTR), after the host's own address is known to all"
    )
    return Finding("ptr-elsewhere", "info", message, str(wish.place))


def plan_all(domains: Iterable[DomainPlan], now: datetime) -> Plan:
    """Put the plans of all domains together, in the order of their names."""
    return Plan(now, tuple(sorted(domains, key=lambda plan: plan.domain)))


def watched(desired: Desired, live: Live) -> tuple[Key, ...]:
    """Give the RRsets whose past matters: those wished for, and the addresses of MX hosts.

    Where the file speaks of hosts, also the MX of the zone's other domains: they may lead here.
    """
    desired, _ = _split(expanded(desired, live))
    keys = {(wish.name, wish.type) for wish in desired.wishes}
    keys = {key for key in keys if not live.hides(key, desired.zone)}
    if any(wish.kind == "host" for wish in desired.wishes):
        keys |= abroad.siblings_mx(desired.zone, live.neighbours)
    if live.get((desired.zone, "NS")) is not None:
        keys.add((desired.zone, "NS"))
    for wish in desired.wishes:
        if wish.kind == "mx":
            rrset = live.get((wish.name, wish.type))
            named = hosts(wish.values) | hosts(rrset.values if rrset else ())
            keys |= {
                (host, family)
                for host in named
                if is_at_or_below(host, desired.zone) and not live.delegates(host, desired.zone)
                for family in ("A", "AAAA")
            }
    return tuple(sorted(keys))


def policy_to_serve(desired: Desired, live: Live, ledger: Ledger, now: datetime) -> Policy | None:
    """Give the MTA-STS policy that a domain has to serve now; None where it needs none."""
    scene = _scene(_split(expanded(desired, live))[0], live, ledger, now)
    wish = next((wish for wish in scene.desired.wishes if wish.kind == "mta-sts"), None)
    return None if wish is None else mta_sts.to_serve(wish, scene)


def visible(
    desired: Desired, live: Live, ledger: Ledger, now: datetime
) -> tuple[tuple[Key, tuple[Remnant, ...]], ...]:
    """Give, for every RRset that matters, the versions that some resolver may hold."""
    scene = _scene(expanded(desired, live), live, ledger, now)
    return tuple((key, scene.visible(key)) for key in watched(desired, live))


def _scene(desired: Desired, live: Live, ledger: Ledger, now: datetime) -> Scene:
    """Bring the ledger up to what is live now, and find what routes mail."""
    keys = watched(desired, live)
    for key in keys:
        # What a person was asked for may be published at any moment: nothing is over then.
        open_still = key in live.lagging or key in live.asked
        verb = ledger.listed if open_still else ledger.seen
        ledger = verb(key, live.get(key), now)
    neighbours = tuple(
        replace(one, ledger=ledger, negative_ttl=live.negative_ttl)
        if one.zone == desired.zone
        else one
        for one in live.neighbours
    )
    scene = Scene(desired, replace(live, neighbours=neighbours), ledger, now)
    scene = replace(scene, routed=_routed(scene))
    routing = [wish for wish in desired.wishes if wish.kind in ROUTING]
    moving = any(_steps(scene, wish).routes for wish in routing)
    scene = replace(scene, moving=moving, moved_at=_moved_at(scene, routing))
    times = {kind: _known_at(scene, kind) for kind in ("spf", "dkim")}
    senders_at = max((at for at in times.values() if at is not None), default=None)
    return replace(scene, senders_at=senders_at, signers_at=times["dkim"])


def _routed(scene: Scene) -> frozenset[str]:
    """Give the names whose addresses take mail: visible MX hosts, and names without MX at all."""
    domain = scene.desired.domain
    named = {
        host
        for key, one in scene.live.rrsets.items()
        if key[1] == "MX"
        for host in hosts(one.values)
    }
    # The watched ones, and what the journal remembers of those that no file names any more.
    for key in sorted(key for key in scene.ledger.histories if key[1] == "MX"):
        for remnant in scene.visible(key):
            version = remnant.version
            named |= hosts(version.rrset.values if version.rrset else ())
            if version.rrset is None and not version.unseen:
                named.add(key[0])  # a remembered absence is the implicit MX, too
    for wished, remnant in abroad.mx(scene.live.neighbours, scene.now):
        named |= hosts(remnant.version.rrset.values if remnant.version.rrset else ())
        named |= hosts(wished.values if wished is not None else ())
    for each in (domain, *abroad.siblings(scene.desired.zone, scene.live.neighbours)):
        if scene.live.get((each, "MX")) is None:
            named.add(each)  # the implicit MX (RFC 5321 §5.1)
    return frozenset(named)


def _known_at(scene: Scene, of: Kind) -> datetime | None:
    """Find since when every receiver knows what lets the new way send; until then the old did."""
    times = []
    for wish in scene.desired.wishes:
        if wish.kind != of or not wish.values:
            continue
        kind = CHOREOGRAPHIES[wish.kind]
        for version in scene.history((wish.name, wish.type)).versions:
            if of == "dkim" and wish.type != "TXT" and version.rrset is not None:
                continue  # a selector that another service had: nobody new signs with it so soon
            held = owned_values(kind, wish, version.rrset)
            if version.unseen or not kind.ready(wish, held, scene):
                times.append((version.replaced_at or scene.now) + scene.lifetimes.of(version))
    return max(times, default=None)


def _moved_at(scene: Scene, routing: list[Wish]) -> datetime | None:
    """Find when mail last moved, while that still matters: until everything has settled.

    That is the soak, the time that senders keep mail queued and verifiers check signatures, and
    for as long as a lowered TTL has not been restored.
    """
    found = []
    for wish in routing:
        at = moved_at(scene, wish)
        live = scene.live.get((wish.name, wish.type))
        if at is None:
            continue
        capability = scene.live.capability
        lowered = live is not None and live.ttl < capability.nearest(wish.ttl)
        if at + scene.transit > scene.now or (lowered and capability.settable):
            found.append(at)
    return max(found, default=None)


def _steps(scene: Scene, wish: Wish) -> Steps:
    kind = CHOREOGRAPHIES[wish.kind]
    return kind.steps(wish, owned_values(kind, wish, scene.live.get((wish.name, wish.type))), scene)


def _courses(scene: Scene) -> tuple[Course, ...]:
    """Chart every RRset that is wished for; several wishes may share one (TXT at the apex)."""
    parts: dict[Key, list[tuple[Wish, Steps]]] = {}
    for wish in scene.desired.wishes:
        parts.setdefault((wish.name, wish.type), []).append((wish, _steps(scene, wish)))
    return tuple(chart(scene, key, tuple(parts[key])) for key in sorted(parts))


def _prepare(scene: Scene, courses: tuple[Course, ...], lowering: datetime) -> list[Stage]:
    lead = holds.before_lowering(scene, lowering)
    frozen = holds.name_servers(scene)
    waits = ((c, (*frozen, *(lead if c.lowers else ()), *c.holds("prepare"))) for c in courses)
    return _grouped("prepare", scene, waits)


def _switch(
    scene: Scene, courses: tuple[Course, ...], waits: tuple[Hold, ...], follows: tuple[Hold, ...]
) -> list[Stage]:
    """Switch all at once; but MX in a second step, where it ``follows`` its hosts' addresses."""
    changes = [change for course in courses if (change := course.change("switch")) is not None]
    later = [change for change in changes if follows and change.key[1] == "MX"]
    gates = holds.switch_gates(scene, courses)
    stages = []
    for its_changes, its_holds in (
        ([change for change in changes if change not in later], waits),
        (later, tuple(sorted({*waits, *follows}))),
    ):
        if its_changes:
            state: StageState = "held" if its_holds or gates else "due"
            until = max([scene.now, *(hold.until for hold in its_holds)])
            stages.append(Stage("switch", state, until, its_holds, gates, tuple(its_changes)))
    return stages


def _settle(
    scene: Scene, courses: tuple[Course, ...], switch_at: datetime, retire: datetime | None
) -> list[Stage]:
    waits = ((c, holds.before_settle(scene, c, switch_at, retire)) for c in courses)
    stages = _grouped("settle", scene, waits)
    if any(course.change("switch") for course in courses):
        # Whatever its own waits: nothing settles before the switch has run.
        stages = [
            replace(stage, state="held", not_before=max(stage.not_before, switch_at))
            for stage in stages
        ]
    return stages


def _before(course: Course, name: StageName) -> bool:
    """Tell whether an earlier change of the same RRset waits itself: the later one builds on it."""
    if name != "settle" or course.change("prepare") is None:
        return False
    return bool(course.holds("prepare") or course.gates("prepare"))


def _grouped(
    name: StageName, scene: Scene, waits: Iterable[tuple[Course, tuple[Hold, ...]]]
) -> list[Stage]:
    """Make a stage of what is due and another of what still waits."""
    due: list[Change] = []
    held: list[Change] = []
    reasons: set[Hold] = set()
    gates: dict[Gate, None] = {}
    for course, its_holds in waits:
        change = course.change(name)
        if change is None:
            continue
        its_gates = course.gates(name)
        (held if its_holds or its_gates or _before(course, name) else due).append(change)
        reasons.update(its_holds)
        gates.update(dict.fromkeys(its_gates))
    stages = []
    if due:
        stages.append(Stage(name, "due", scene.now, changes=tuple(due)))
    if held:
        ordered = tuple(sorted(reasons))
        until = max([scene.now, *(hold.until for hold in ordered)])
        stages.append(Stage(name, "held", until, ordered, tuple(gates), tuple(held)))
    return stages


def _done(scene: Scene, courses: tuple[Course, ...], stages: list[Stage]) -> list[Stage]:
    """Show the stages that lie behind a domain which is on its way."""
    if not stages:
        return []
    ahead = {stage.name for stage in stages}
    began = [
        version.replaced_at
        for course in courses
        for version in scene.history(course.key).versions
        if version.replaced_at is not None and not version.unseen
    ]
    if not began or "prepare" in ahead:
        return []
    switched = [scene.moved_at] if "switch" not in ahead and scene.moved_at is not None else []
    done = [Stage("prepare", "done", min([*began, *switched]))]
    done += [Stage("switch", "done", at) for at in switched]
    return done


def _status(stages: list[Stage], *, failed: bool) -> Status:
    if failed:
        return "error"
    if any(stage.state == "due" for stage in stages):
        return "changes"
    return "waiting" if any(stage.state == "held" for stage in stages) else "converged"
