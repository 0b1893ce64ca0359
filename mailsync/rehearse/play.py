"""Plays one domain's plan forward, from its real records and journal, against simulated resolvers.

Nothing goes wrong in it: cron is on time, people do what the plan asks of them when it may be done,
and every name server serves what is written. What is shown is what the plan itself brings about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from mailsync.apply.engine import Terms
from mailsync.desired.model import Desired
from mailsync.dns.names import shown
from mailsync.dns.rrset import Key, RRset
from mailsync.errors import MailsyncError
from mailsync.journal.events import Entry
from mailsync.journal.fold import fold
from mailsync.mail import dane
from mailsync.plan.kinds.mx import hosts
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Capability, Presented, ServedPolicy
from mailsync.plan.model import Change, DomainPlan
from mailsync.plan.reasons import named
from mailsync.plan.times import local_text
from mailsync.rehearse import shares
from mailsync.rehearse.forecast import Forecast, Happening
from mailsync.rehearse.published import Published, published
from mailsync.rehearse.services import FOREVER, Servers, Stream, Web
from mailsync.rehearse.verdict import Evidence, judge, violations
from mailsync.rehearse.ways import streams
from mailsync.rehearse.world import Rehearsal

_HOUR, _DAY = 3600, 86400
_LONG_AGO = -400 * _DAY
_END = 800 * _DAY
_RUNS_MAX = 400


@dataclass(frozen=True, slots=True)
class Domain:
    """What is known of a domain before: its file, its records, its journal and its policy."""

    desired: Desired
    capability: Capability
    listing: Mapping[Key, RRset]
    entries: Sequence[Entry]
    now: datetime
    negative_ttl: int | None = None
    policy: ServedPolicy = field(default_factory=ServedPolicy)
    presented: Mapping[str, Presented] = field(default_factory=dict)


def play(
    domain: Domain, *, resolvers: int = 200, seed: int = 1, only: frozenset[Change] | None = None
) -> Forecast:
    """Play the domain's plan to its end; ``only``: no more of what is due now than was reviewed.

    Raises `MailsyncError` where the plan has errors: there is nothing to play then.
    """
    world = _world(domain)
    happenings = _run(world, only)
    left = _left(world)
    printed = _printed(world) if left or any(_addresses_left(world).values()) else None
    _end_services(world, printed)
    staged = _evidence(world, world.servers, streams(domain.listing, world, _switched_at(world)))
    plainly = _at_once(domain, world)
    verdict = judge(staged, resolvers, seed)
    contrast = judge(plainly, resolvers, seed)
    switch = _switched_at(world)
    drawn = shares.at_times(staged, shares.instants(staged, switch), resolvers, seed)
    return Forecast(
        domain=shown(domain.desired.domain),
        timezone=domain.desired.cutover.timezone,
        start=domain.now,
        end=domain.now + timedelta(seconds=staged.until),
        seed=seed,
        resolvers=resolvers,
        happenings=tuple(happenings),
        shares=drawn,
        closer=shares.around(drawn, domain.now, switch),
        shares_at_once=shares.at_times(plainly, shares.first_days(), resolvers, seed),
        combinations=shares.combinations(staged),
        toll=verdict.toll,
        at_once=contrast.toll,
        worst=_worst(world, printed),
        worst_at_once="; ".join(contrast.examples[:1]),
        old_service_until=printed,
        last_to_old=_last(verdict.deliveries, left, domain.now),
        last_to_old_at_once=_last(contrast.deliveries, left, domain.now),
        broken=tuple(dict.fromkeys(one.words for one in violations(staged))),
    )


# ---- Playing -------------------------------------------------------------------------------------


def _world(domain: Domain) -> Rehearsal:
    ledger = fold(domain.entries)
    truth = published(1, {}, _LONG_AGO)
    bound = domain.desired.cutover.negative_ttl
    truth.negative_ttl = bound if domain.negative_ttl is None else domain.negative_ttl
    wished = {(wish.name, wish.type) for wish in domain.desired.wishes}
    for key in sorted({*domain.listing, *wished}):
        _past(truth, key, domain, ledger)
    world = Rehearsal(
        domain.desired,
        dict(domain.listing),
        truth,
        capability=domain.capability,
        start=domain.now,
        entries=list(domain.entries),
        web=Web([(_LONG_AGO, domain.policy.policy)]),
        presented=domain.presented,
    )
    for host, (old, new) in _certificates(domain).items():
        world.servers.chains[host] = [(_LONG_AGO, old)]
        world.next_certificates[host] = new
    return world


def _certificates(domain: Domain) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """Give for each host whose certificate a person changes what matches it before, and after."""
    return {
        dane.host_of(wish.name): (frozenset(live.values), frozenset(wish.values))
        for wish in domain.desired.wishes
        if wish.kind == "tlsa" and wish.values and not wish.auto
        if (live := domain.listing.get((wish.name, wish.type))) is not None
        and not set(live.values) & set(wish.values)
    }


def _past(truth: Published, key: Key, domain: Domain, ledger: Ledger) -> None:
    """Publish what the ledger knows was published before, and what is live now."""
    live = domain.listing.get(key)
    at = _LONG_AGO
    for version in ledger.history(key).versions:
        if version.unseen or version.replaced_at is None:
            continue
        truth.put(key, version.rrset, at)
        at = int((version.replaced_at - domain.now).total_seconds())
    truth.put(key, live, min(at, 0))


def _run(world: Rehearsal, only: frozenset[Change] | None) -> list[Happening]:
    """Run the engine whenever something is due, until nothing is and nothing will be."""
    happenings: list[Happening] = []
    terms = Terms(allow_removals=True, only=only, served_within=0)
    while len(world.runs) < _RUNS_MAX and world.now < _END:
        before, tasks, served = (
            len(world.writes),
            world.desired.cutover.tasks,
            len(world.web.policies),
        )
        outcome = world.run(terms)
        terms = replace(terms, only=None)
        plan = None if outcome is None else outcome.plan
        if plan is None or plan.status == "error":
            why = "; ".join(outcome.messages if outcome is not None else world.errors[-1:])
            msg = f"there is nothing to rehearse: {why}"
            raise MailsyncError(msg, where=shown(world.desired.domain))
        happenings += _told(world, before)
        world.person(plan)
        acted = [_asked(plan, task) for task in sorted(world.desired.cutover.tasks - tasks)]
        acted += ["the MTA-STS policy is served"] * (len(world.web.policies) > served)
        happenings += [Happening(world.clock(), "task", (f"a person: {one}",)) for one in acted]
        if plan.status == "converged":
            break
        if not acted:
            world.now = _following(world, plan)
    return happenings


def _asked(plan: DomainPlan, task: str) -> str:
    """Give what a task asks for, as the plan says it."""
    said = (gate.detail for stage in plan.stages for gate in stage.gates)
    return next((words.partition("; then write")[0] for words in said if task in words), task)


def _following(world: Rehearsal, plan: DomainPlan) -> int:
    held = [world.second(stage.not_before) for stage in plan.stages if stage.state == "held"]
    return min((at for at in held if at > world.now), default=world.now + _DAY)


def _told(world: Rehearsal, before: int) -> list[Happening]:
    """Say what was written, stage by stage."""
    found: dict[str, list[str]] = {}
    for _, stage, change in world.writes[before:]:
        found.setdefault(stage, []).append(f"{named(change.key)}: {change.why}")
    return [Happening(world.clock(), stage, tuple(said)) for stage, said in found.items()]


def _printed(world: Rehearsal) -> datetime | None:
    """Give the last date that the plans printed for the old service."""
    dates = [plan.old_service_until for _, plan, _ in world.runs if plan is not None]
    return max((date for date in dates if date is not None), default=None)


# ---- Who takes mail ------------------------------------------------------------------------------


def _mx(world: Rehearsal) -> Key:
    return (world.desired.domain, "MX")


def _left(world: Rehearsal) -> frozenset[str]:
    """Give the hosts, and the addresses of hosts, that mail leaves."""
    domain = world.desired.domain
    spans = world.truth.spans(_mx(world), 0)
    named_ones = [hosts(r.values) if r is not None else frozenset({domain}) for r, _, _ in spans]
    return frozenset().union(*named_ones) - named_ones[-1] if named_ones else frozenset()


def _end_services(world: Rehearsal, printed: datetime | None) -> None:
    """End what mail leaves at the very time that was printed."""
    end = FOREVER if printed is None else world.second(printed)
    for host in _left(world):
        world.servers.host_ends[host] = end
    for (name, _), addresses in _addresses_left(world).items():
        for address in addresses:
            world.servers.address_ends[name, address] = end


def _addresses_left(world: Rehearsal) -> dict[Key, frozenset[str]]:
    found = {}
    for key in world.truth.rrsets():
        if key[1] in {"A", "AAAA"}:
            values = [
                set(r.values) if r is not None else set() for r, _, _ in world.truth.spans(key, 0)
            ]
            found[key] = frozenset(set[str]().union(*values) - values[-1])
    return found


def _switched_at(world: Rehearsal) -> int | None:
    return next((at for at, stage, _ in world.writes if stage == "switch"), None)


def _evidence(world: Rehearsal, servers: Servers, streams: Sequence[Stream]) -> Evidence:
    last = max((at for at, _, _ in world.writes), default=0)
    ends = [end for end in servers.host_ends.values() if end < FOREVER]
    return Evidence(
        world.desired.domain,
        world.desired.zone,
        world.truth,
        servers,
        world.web,
        streams,
        0,
        max([last, *ends]) + 2 * _DAY,
        world.start,
        world.desired.cutover.zone,
        inbound=_takes_mail(world),
    )


def _takes_mail(world: Rehearsal) -> bool:
    """Tell whether mail to the domain ever had somewhere to go: to an MX, or its own address."""
    keys = ((world.desired.domain, rdtype) for rdtype in ("MX", "A", "AAAA"))
    return any(rrset is not None for key in keys for rrset, _, _ in world.truth.spans(key, 0))


def _at_once(domain: Domain, staged: Rehearsal) -> Evidence:
    """Write the end state at once, end the old service and move the senders at the same time."""
    world = _world(domain)
    for key in sorted({change.key for _, _, change in staged.writes}):
        world.put(key, staged.live.get(key))
    for host in _left(staged):
        world.servers.host_ends[host] = 0
    for (name, _), addresses in _addresses_left(staged).items():
        for address in addresses:
            world.servers.address_ends[name, address] = 0
    world.web.policies.append((0, staged.web.policy(staged.now)))
    for host, (_, new) in _certificates(domain).items():
        world.servers.chains[host].append((0, new))
    moved = [
        replace(one, since=min(one.since, 0), until=0 if one.until < FOREVER else FOREVER)
        for one in streams(domain.listing, staged, _switched_at(staged))
    ]
    found = _evidence(world, world.servers, moved)
    return replace(found, until=max(found.until, 9 * _DAY))


# ---- The worst of it ----------------------------------------------------------------------------


def _worst(world: Rehearsal, printed: datetime | None) -> str:
    """Say who may be led to the old server last."""
    left = _left(world)
    ends = [
        (end + min(max(rrset.ttl, 300), 604800), rrset)
        for rrset, _, end in world.truth.spans(_mx(world), 0)
        if rrset is not None and end is not None and hosts(rrset.values) & left
    ]
    if not ends or printed is None:
        return ""
    at, rrset = max(ends, key=lambda one: one[0])
    zone = world.desired.cutover.zone
    until = local_text(world.start + timedelta(seconds=at), zone)
    names = ", ".join(shown(host) for host in sorted(hosts(rrset.values) & left))
    return (
        f"a resolver that was asked just before the switch holds {', '.join(rrset.values)} until "
        f"{until} and leads mail to {names}, which takes it until "
        f"{local_text(printed, zone)}"
    )


def _last(
    deliveries: Sequence[tuple[int, str]], left: frozenset[str], start: datetime
) -> datetime | None:
    """Give when the last message went to a server that mail has left."""
    times = [at for at, host in deliveries if host in left]
    return start + timedelta(seconds=max(times)) if times else None
