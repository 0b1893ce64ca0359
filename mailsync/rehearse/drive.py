"""Drives a scenario: runs the engine as cron and people would, with all its trouble.

Afterwards it is known what was published when, who took mail until when, and who sent it: the
old service ends just when the plans said that it may, and not a second later.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random

from mailsync.dns.rrset import Key, RRset, txt_value
from mailsync.journal.events import Intent, Seen
from mailsync.plan.kinds.mx import hosts
from mailsync.plan.model import DomainPlan
from mailsync.rehearse.published import Published, published
from mailsync.rehearse.receivers import lets
from mailsync.rehearse.resolver import Traits
from mailsync.rehearse.scenario import (
    DOMAIN,
    MX1,
    NEW_CHAIN,
    NEW_KEY,
    NEW_SPF,
    OLD_CHAIN,
    OLD_KEY,
    OLD_SPF,
    S1,
    S2,
    Scenario,
    Way,
)
from mailsync.rehearse.services import FOREVER, Servers, Stream, Web
from mailsync.rehearse.verdict import VERIFIER_DELAY, Evidence
from mailsync.rehearse.world import START, Faults, Rehearsal

MX = (DOMAIN, "MX")
TXT = (DOMAIN, "TXT")
OTHER = "10 mx.other.example."

SKEW = 120
"""By how many seconds a run's clock may be off."""

CLOCKS_OFF = 600
"""By how many seconds less than bounds of days senders use them: clocks may be minutes off."""

_LONG_AGO = -(10**7)
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
    ways = _ways(story, world, plainly=plainly)
    until = max(at for at, _, _ in world.runs) + 12 * _DAY
    return Evidence(
        DOMAIN,
        DOMAIN,
        world.truth,
        world.servers,
        world.web,
        _streams(story, world, ways, plainly=plainly),
        begin,
        until,
        START,
    )


# ---- The world before ----------------------------------------------------------------------------


def _world(story: Scenario) -> Rehearsal:
    keys = {(wish.name, wish.type) for wish in (*story.home, *story.away)}
    truth = published(story.servers, {}, _LONG_AGO)
    truth.negative_ttl = story.negative_ttl
    for key in sorted({*keys, *story.live}):
        truth.put(key, story.live.get(key), _LONG_AGO)
    if story.pure_removal and not story.known:
        # Somebody changed it just before mailsync saw it for the first time.
        truth = _with_an_unseen_version(story, truth)
    servers = Servers(deserted=story.seed % 2 == 0)
    if any(wish.kind == "tlsa" for wish in story.home):
        servers.chains[MX1] = [(_LONG_AGO, frozenset({OLD_CHAIN}))]
    return Rehearsal(
        story.desired(story.commits[0][1]),
        dict(story.live),
        truth,
        capability=story.capability,
        web=Web([(_LONG_AGO, story.home_policy)]),
        servers=servers,
    )


def _with_an_unseen_version(story: Scenario, truth: Published) -> Published:
    other = published(story.servers, {}, _LONG_AGO)
    other.negative_ttl = story.negative_ttl
    for key in sorted(truth.rrsets()):
        earlier = truth.served(0, key, 0)
        if key == TXT:
            text = txt_value(f"v=spf1 {OLD_SPF} -all")
            other.put(key, RRset(*key, story.cutover.unseen_ttl, (text,)), _LONG_AGO)
            other.put(key, earlier, -60)
        else:
            other.put(key, earlier, _LONG_AGO)
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
            elif trouble == "clock":
                faults.skew = random.randrange(-SKEW, SKEW)
                if random.random() < 0.3:
                    faults.skew = self._behind_the_journal()
            elif trouble == "lagging":
                world.lags = (
                    0,
                    *(random.randrange(2 * _DAY) for _ in range(world.truth.servers - 1)),
                )
            elif trouble not in self.once:
                self.once.add(trouble)
                self._rarely(trouble)
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
        elif trouble == "dead server" and world.truth.servers > 1:
            end = world.now + random.randrange(_HOUR, 3 * _DAY)
            world.truth.down.setdefault(1, []).append((world.now, end))
        elif trouble == "edit" and self._may_be_edited():
            ttl = random.choice((60, 3600, 86400))
            world.put(MX, RRset(*MX, ttl, (OTHER,)))

    def _may_be_edited(self) -> bool:
        """Tell whether a person may change MX by hand: not where a policy would not permit it."""
        policies = self.story.home_policy or self.story.away_policy
        return policies is None and self.story.inbound not in {"end", "back", "first", "stay"}

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


# ---- Who sends it --------------------------------------------------------------------------------


def _ways(story: Scenario, world: Rehearsal, *, plainly: bool) -> list[tuple[int, int, Way]]:
    """Give the stretches of time in which the domain sends from home, and from away."""
    if plainly:
        at = next(at for at, way in story.commits if way == "away")
        return [(_LONG_AGO, at, "home"), (at, FOREVER, "away")]
    if story.moves and story.inbound != "families":
        return _by_routing(story, world)
    return _by_readiness(story, world)


def _by_routing(story: Scenario, world: Rehearsal) -> list[tuple[int, int, Way]]:
    """Senders move when the mail does."""
    key = (MX1, "A") if story.inbound == "address" else MX
    wished = {way: _wished(story, way, key) for way in ("home", "away")}
    found: list[tuple[int, int, Way]] = []
    way: Way = "home"
    for rrset, start, end in world.truth.spans(key, 0):
        values = rrset.values if rrset is not None else ()
        if values == wished["away"]:
            way = "away"
        elif values == wished["home"]:
            way = "home"
        since = found.pop()[0] if found and found[-1][2] == way else start
        found.append((since, FOREVER if end is None else end, way))
    return found


def _wished(story: Scenario, way: Way, key: Key) -> tuple[str, ...]:
    wishes = story.home if way == "home" else story.away
    return next((wish.values for wish in wishes if (wish.name, wish.type) == key), ())


def _by_readiness(story: Scenario, world: Rehearsal) -> list[tuple[int, int, Way]]:
    """With no mail on the move, senders change when everybody knows what lets the new ones send."""
    found: list[tuple[int, int, Way]] = []
    since, now = _LONG_AGO, "home"
    commits = [*story.commits, (FOREVER, "home")]
    for (at, way), (end, _) in pairwise(commits):
        if way == now:
            continue
        ready = max(
            at, *(_known_since(story, world, key, way, at, end) for key in _asked(story, way))
        )
        if ready < end:
            found.append((since, ready, "home" if now == "home" else "away"))
            since, now = ready, way
    found.append((since, FOREVER, "home" if now == "home" else "away"))
    return found


def _asked(story: Scenario, way: Way) -> list[Key]:
    sender = _sender(story, way)
    return [TXT] if sender.selector is None else [TXT, sender.selector]


def _known_since(story: Scenario, world: Rehearsal, key: Key, way: Way, at: int, end: int) -> int:
    """Give from when on nobody holds what does not let a way's sender pass."""
    latest = at
    for server in range(world.truth.servers):
        for rrset, start, stop in world.truth.spans(key, server):
            if start < end and not lets(_sender(story, way), key, rrset):
                life = Traits(floor=300).life(rrset, world.truth.negative_ttl)
                gone = end if stop is None else stop + life
                if gone > at:
                    latest = max(latest, gone)
    return latest


def _sender(story: Scenario, way: Way) -> Stream:
    """Give how the domain sends from one of the two: by which SPF terms, with which key."""
    wishes = {(w.name, w.type): w.values for w in (story.home if way == "home" else story.away)}
    spf = "".join(wishes.get(TXT, ()))
    term = OLD_SPF if way == "home" else NEW_SPF
    text = ""
    if term in spf:
        text = f"v=spf1 {term} -all"
    elif "redirect=" in spf:
        text = "v=spf1 redirect=_spf.new.example"
    selector: Key | None = None
    key: tuple[str, ...] = ()
    if way == "home" and wishes.get((S1, "TXT")):
        selector, key = (S1, "TXT"), (txt_value(OLD_KEY),)
    elif way == "away" and wishes.get((S2, "TXT")):
        selector, key = (S2, "TXT"), (txt_value(NEW_KEY),)
    elif way == "away" and wishes.get((S2, "CNAME")):
        selector, key = (S2, "CNAME"), ("s2.new.example.",)
    return Stream(f"from {way}", 0, 0, 0, text, selector, key)


def _streams(
    story: Scenario,
    world: Rehearsal,
    ways: list[tuple[int, int, Way]],
    *,
    plainly: bool,
) -> list[Stream]:
    queue = story.cutover.queue_lifetime - CLOCKS_OFF
    found = []
    for start, until, way in ways:
        sender = _after_the_users_word(story, way, until)
        # Nobody starts to send within the minutes by which clocks are off.
        late = way == "away" and "clock" in story.troubles
        since = start + 2 * SKEW if late else start
        by_address = replace(sender, since=since, until=until, queue=queue, selector=None)
        found.append(by_address)
        if sender.selector is not None:
            transit = queue + VERIFIER_DELAY
            found.append(replace(sender, since=since, until=until, queue=transit, spf=""))
        if way == "away" and _tightens(story):
            routed = story.moves and story.inbound != "families"
            began = since if plainly or routed else _first_write(world, since)
            end = min(until, began + story.cutover.soak - CLOCKS_OFF)
            if end > since:
                found.append(Stream("by whom nobody thought of", since, end, 0, proper=False))
    return found


def _after_the_users_word(story: Scenario, way: Way, until: int) -> Stream:
    """Give how the domain sends in a stretch of time, by the user's word where nothing else tells.

    With no mail on the move, a term or a selector that is simply taken away, also by a revert, is
    taken away at once: nobody has sent that way for long, says the user, and no record could
    contradict. This is the one thing that the promise rests on beside what can be seen; the plan
    says so.
    """
    sender = _sender(story, way)
    if story.moves and story.inbound != "families":
        return sender
    if until == FOREVER:
        return sender
    if way == "away":
        return replace(sender, spf="", selector=None)
    before, after = (
        {(w.name, w.type): w.values for w in side} for side in (story.home, story.away)
    )
    if _sender(story, "away").selector is None:
        sender = replace(sender, selector=None)
    if _narrower(before.get(TXT, ()), after.get(TXT, ())):
        sender = replace(sender, spf="")
    return sender


def _narrower(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Tell whether an SPF record only loses terms."""
    terms = [set("".join(values).strip('"').split()) for values in (before, after)]
    return terms[1] < terms[0]


def _first_write(world: Rehearsal, before: int) -> int:
    """Give when the records of senders began to change: the soak counts from there."""
    changed = [at for at, _, key in world.truth.changes() if key[0] != f"_dmarc.{DOMAIN}"]
    return min([at for at in changed if at <= before], default=before)


def _tightens(story: Scenario) -> bool:
    """Tell whether DMARC becomes strict on the way; to end all mail is meant to refuse all."""
    key = (f"_dmarc.{DOMAIN}", "TXT")
    before, after = (_wished(story, way, key) for way in ("home", "away"))
    sends = story.inbound not in {"end", "back"}
    spf = [_wished(story, way, TXT) for way in ("home", "away")]
    home, away = _sender(story, "home"), _sender(story, "away")
    other = home.selector != away.selector or (spf[0] != spf[1] and not _narrower(*spf))
    changed = (story.moves and story.inbound != "families") or other
    return sends and changed and "p=none" in "".join(before) and "p=reject" in "".join(after)
