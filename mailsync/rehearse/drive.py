"""Drives a scenario: runs the engine as cron and people would, with all its trouble.

Afterwards it is known what was published when, who took mail until when, and who sent it: the
old service ends just when the plans said that it may, and not a second later.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from mailsync.dns.rrset import Key, RRset, txt_value
from mailsync.journal.events import Intent, Seen
from mailsync.plan.kinds.mx import hosts
from mailsync.plan.model import DomainPlan
from mailsync.rehearse import outbound
from mailsync.rehearse.published import Published, published
from mailsync.rehearse.scenario import (
    DOMAIN,
    LONG_AGO,
    MX,
    MX1,
    NEW_CHAIN,
    OLD_CHAIN,
    OLD_SPF,
    SKEW,
    TXT,
    Scenario,
    Way,
)
from mailsync.rehearse.services import Servers, Web
from mailsync.rehearse.verdict import Evidence
from mailsync.rehearse.world import START, Faults, Rehearsal

OTHER = "10 mx.other.example."

_HOUR, _DAY = 3600, 86400
_RUNS_MAX = 90
_END = 150 * _DAY


def staged(story: Scenario) -> Rehearsal:
    """Play a scenario to its end with the real engine."""
    random = Random(story.seed + 1)  # noqa: S311  # no secret: one seed replays one story
    world = _world(story)
    driver = _Driver(story, world, random)
    driver.drive()
    return world


def at_once(story: Scenario) -> Rehearsal:
    """Make the same changes at once, and end the old service then: what a plain push does."""
    world = _world(story)
    at = next(at for at, way in story.commits if way == "away")
    world.now = at
    for wish in story.away:
        key = (wish.name, wish.type)
        world.put(key, RRset(*key, wish.ttl, wish.values) if wish.values else None)
    for host in _hosts(story, "home") - _hosts(story, "away"):
        world.servers.host_ends[host] = at
    for host, address in _addresses(story, "home") - _addresses(story, "away"):
        world.servers.address_ends[host, address] = at
    if story.inbound == "first":
        world.servers.host_ends[DOMAIN] = at
    if MX1 in world.servers.chains:
        world.servers.chains[MX1].append((at, frozenset({NEW_CHAIN})))
    if story.away_policy != story.home_policy:
        world.web.policies.append((at, story.away_policy))
    world.runs.append((at, None, frozenset()))
    return world


def evidence(story: Scenario, world: Rehearsal, *, plainly: bool = False) -> Evidence:
    """Put together what messages will meet; ``plainly``: everything was changed at once."""
    begin = next(at for at, way in story.commits if way == "away")
    until = max(at for at, _, _ in world.runs) + 12 * _DAY
    return Evidence(
        DOMAIN,
        DOMAIN,
        world.truth,
        world.servers,
        world.web,
        outbound.streams(story, world, plainly=plainly),
        begin,
        until,
        START,
    )


# ---- The world before ----------------------------------------------------------------------------


def _world(story: Scenario) -> Rehearsal:
    keys = {(wish.name, wish.type) for wish in (*story.home, *story.away)}
    truth = published(story.servers, {}, LONG_AGO)
    truth.negative_ttl = story.negative_ttl
    for key in sorted({*keys, *story.live}):
        truth.put(key, story.live.get(key), LONG_AGO)
    if story.pure_removal and not story.known:
        # Somebody changed it just before mailsync saw it for the first time.
        truth = _with_an_unseen_version(story, truth)
    servers = Servers(deserted=story.seed % 2 == 0)
    if any(wish.kind == "tlsa" for wish in story.home):
        servers.chains[MX1] = [(LONG_AGO, frozenset({OLD_CHAIN}))]
    return Rehearsal(
        story.desired(story.commits[0][1]),
        dict(story.live),
        truth,
        capability=story.capability,
        web=Web([(LONG_AGO, story.home_policy)]),
        servers=servers,
    )


def _with_an_unseen_version(story: Scenario, truth: Published) -> Published:
    other = published(story.servers, {}, LONG_AGO)
    other.negative_ttl = story.negative_ttl
    for key in sorted(truth.rrsets()):
        earlier = truth.served(0, key, 0)
        if key == TXT:
            text = txt_value(f"v=spf1 {OLD_SPF} -all")
            other.put(key, RRset(*key, story.cutover.unseen_ttl, (text,)), LONG_AGO)
            other.put(key, earlier, -60)
        else:
            other.put(key, earlier, LONG_AGO)
    return other


class _Driver:
    """Cron, the people, and what goes wrong."""

    def __init__(self, story: Scenario, world: Rehearsal, random: Random) -> None:
        self.story = story
        self.world = world
        self.random = random
        self.commits = list(story.commits)
        self.way: Way = self.commits[0][1]
        self.once: set[str] = set()

    def drive(self) -> None:
        world, quiet = self.world, 0
        while len(world.runs) < _RUNS_MAX and world.now < _END and quiet < 2:
            self._commit()
            calm = quiet > 0 or len(world.runs) > _RUNS_MAX // 2
            if not calm:
                self._trouble()
            outcome = world.run()
            world.lags = ()
            plan = outcome.plan if outcome is not None else None
            world.person(plan)
            following = self._next(plan)
            self._close_down(plan, following)
            at_rest = outcome is not None and outcome.state == "converged" and not self.commits
            quiet = quiet + 1 if at_rest else 0
            world.now = following

    def _commit(self) -> None:
        while self.commits and self.commits[0][0] <= self.world.now:
            _, way = self.commits.pop(0)
            if any(
                self.world.servers.host_ends.get(host) for host in _hosts(self.story, way)
            ) or any(
                self.world.servers.address_ends.get(one) for one in _addresses(self.story, way)
            ):
                self.commits.clear()  # nobody goes back to a server that was shut down
                return
            self.way = way
            self.world.note(f"the file asks for what is {'away' if way == 'away' else 'at home'}")
            tasks = self.world.desired.cutover.tasks
            desired = self.story.desired(way)
            self.world.desired = replace(desired, cutover=replace(desired.cutover, tasks=tasks))
            chain = NEW_CHAIN if way == "away" else OLD_CHAIN
            self.world.next_certificates = {MX1: frozenset({chain})}

    def _next(self, plan: DomainPlan | None) -> int:
        """Give when cron runs next: when something becomes due, or at some time before."""
        world, random = self.world, self.random
        held = [
            world.second(stage.not_before)
            for stage in (plan.stages if plan is not None else ())
            if stage.state == "held" and world.second(stage.not_before) > world.now
        ]
        if plan is not None and plan.status == "converged" and self.commits:
            return max(self.commits[0][0], world.now + 60)
        due = min(held, default=world.now + _DAY)
        some = world.now + random.randrange(_HOUR, 3 * _DAY)
        following = max(min(due, some), world.now + 60)
        if plan is not None and "not-served-everywhere" in {f.id for f in plan.findings}:
            following = max(following, world.now + random.randrange(_HOUR, 12 * _HOUR))
        if "late" in self.story.troubles and random.random() < 0.3:
            following += random.randrange(3 * _DAY)
        if self.commits:
            following = min(following, max(self.commits[0][0], world.now + 60))
        return following

    def _trouble(self) -> None:
        world, random = self.world, self.random
        happening = [t for t in sorted(self.story.troubles) if random.random() < 0.2]
        faults = Faults()
        for trouble in happening:
            if trouble == "killed":
                faults.killed_before = random.randrange(1, 25)
            elif trouble == "refused":
                faults.refused = True
            elif trouble == "reply lost":
                faults.reply_lost = True
            elif trouble == "clock" and self._spf_follows_mx():
                continue  # what the record means changes at the very second of the switch
            elif trouble == "clock":
                faults.skew = random.randrange(-SKEW, SKEW)
                if random.random() < 0.3:
                    faults.skew = self._behind_the_journal()
            elif trouble == "lagging":
                world.lags = (
                    0,
                    *(random.randrange(2 * _DAY) for _ in range(world.truth.servers - 1)),
                )
                world.note(f"name servers will lag behind: {world.lags} s")
            elif trouble not in self.once:
                self.once.add(trouble)
                self._rarely(trouble)
        if not world.entries and abs(faults.skew) > SKEW:
            faults.skew = 0  # only the journal tells that a clock is far behind
        world.faults = faults

    def _behind_the_journal(self) -> int:
        """Give a clock that is an hour behind the last entry of the journal: that must be seen."""
        told = [event.at for event in self.world.entries if isinstance(event, Seen | Intent)]
        latest = max((self.world.second(at) for at in told), default=self.world.now)
        return latest - self.world.now - _HOUR if told else 0

    def _rarely(self, trouble: str) -> None:
        """What happens once in a story, if at all."""
        world, random = self.world, self.random
        if trouble == "journal lost":
            world.entries.clear()
            world.note("the journal is lost")
        elif trouble == "dead server" and world.truth.servers > 1:
            end = world.now + random.randrange(_HOUR, 3 * _DAY)
            world.truth.down.setdefault(1, []).append((world.now, end))
            world.note(f"ns1 does not answer for {end - world.now} s")
        elif trouble == "edit" and self._may_be_edited():
            ttl = random.choice((60, 3600, 86400))
            world.put(MX, RRset(*MX, ttl, (OTHER,)))
            world.note("somebody edits MX by hand")

    def _may_be_edited(self) -> bool:
        """Tell whether a person may change MX by hand.

        Not where that alone makes receivers refuse mail: by a policy, or by SPF that follows MX.
        """
        policies = self.story.home_policy or self.story.away_policy
        if self._spf_follows_mx():
            return False
        return policies is None and self.story.inbound not in {"end", "back", "first", "stay"}

    def _spf_follows_mx(self) -> bool:
        wishes = (*self.story.home, *self.story.away)
        return any(" mx " in " ".join(wish.values) for wish in wishes if wish.kind == "spf")

    def _close_down(self, plan: DomainPlan | None, following: int) -> None:
        """End each service that was left, at the time that the plan printed."""
        world = self.world
        late = {"not-served-everywhere"}
        if plan is None or plan.status == "error" or late & {f.id for f in plan.findings}:
            return
        printed = plan.old_service_until
        end = max(world.now, world.now if printed is None else world.second(printed))
        if end >= following:
            return
        live = world.live.get(MX)
        named = hosts(live.values) if live is not None else frozenset({DOMAIN})
        for host in _all_hosts(self.story) - named - _hosts(self.story, self.way):
            if self._was_used(MX, host):
                world.servers.host_ends.setdefault(host, end)
        for host, address in _all_addresses(self.story) - _addresses(self.story, self.way):
            families = (world.live.get((host, family)) for family in ("A", "AAAA"))
            gone = not any(rrset is not None and address in rrset.values for rrset in families)
            family = "AAAA" if ":" in address else "A"
            if gone and self._was_used((host, family), address):
                world.servers.address_ends.setdefault((host, address), end)

    def _was_used(self, key: Key, word: str) -> bool:
        """Tell whether some version named a host or an address: a new server is not shut down."""
        spans = self.world.truth.spans(key, 0)
        if word == DOMAIN:
            return any(rrset is None for rrset, _, _ in spans)
        return any(rrset is not None and word in " ".join(rrset.values) for rrset, _, _ in spans)


# ---- Who takes mail ------------------------------------------------------------------------------


def _hosts(story: Scenario, way: Way) -> frozenset[str]:
    wishes = story.home if way == "home" else story.away
    found = [wish for wish in wishes if wish.kind == "mx"]
    if not found and story.inbound == "first":
        return frozenset({DOMAIN})
    return frozenset(host for wish in found for host in hosts(wish.values))


def _all_hosts(story: Scenario) -> frozenset[str]:
    return _hosts(story, "home") | _hosts(story, "away")


def _addresses(story: Scenario, way: Way) -> frozenset[tuple[str, str]]:
    wishes = story.home if way == "home" else story.away
    return frozenset((w.name, value) for w in wishes if w.kind == "host" for value in w.values)


def _all_addresses(story: Scenario) -> frozenset[tuple[str, str]]:
    return _addresses(story, "home") | _addresses(story, "away")
