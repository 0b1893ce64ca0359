"""A domain's world in memory: DNS host, name servers, journal, web server and clock.

The engine that acts in it is the real one, and so is its planner. Everything that becomes visible
is taken down in `Rehearsal.truth`. Times are seconds since the start; faults are ordered from
outside.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Event as Flag

from mailsync.apply.edge import Interrupted, World
from mailsync.apply.engine import Outcome, Terms, View, advance, look
from mailsync.desired.model import Desired
from mailsync.dns.rrset import Key, RRset
from mailsync.dns.ttl import seconds
from mailsync.errors import HostError, MailsyncError, StaleWrite
from mailsync.journal.events import Entry, Event
from mailsync.mail import dane
from mailsync.mail.mta_sts import MODES, Policy
from mailsync.observe.interface import Sighting
from mailsync.plan.live import Capability, ServedPolicy
from mailsync.plan.model import Change, DomainPlan, Gate
from mailsync.rehearse.published import Published
from mailsync.rehearse.services import Servers, Web

START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
"""When a rehearsal begins, where nothing says otherwise."""

_POLICY = re.compile(
    r"serve this policy at \S+: mode (\w+), mx ([^()]*?), max_age ([0-9a-z ]+?)(?: \(|\Z|;)"
)
_TASK = re.compile(r"'tasks: \{(?P<task>[^:]+): done\}'")


@dataclass
class Faults:
    """What goes wrong at the next run; each is used up by it.

    ``skew``: how far the run's clock is off (seconds). ``killed_before``: the effect, counted from
    1, before which the run is killed. ``refused``: the write fails and nothing was written.
    ``reply_lost``: it is written, and the run does not learn of it.
    """

    skew: int = 0
    killed_before: int | None = None
    refused: bool = False
    reply_lost: bool = False


@dataclass
class Rehearsal:
    """One domain's world; ``lags`` are how late each name server serves the next write.

    ``runs``: when the engine ran, the plan that it gave (None: killed, or failed), and what was
    live then. ``diary``: what happened besides what was published, in words.
    """

    desired: Desired
    live: dict[Key, RRset]
    truth: Published
    capability: Capability = field(default_factory=Capability)
    start: datetime = START
    now: int = 0
    entries: list[Entry] = field(default_factory=list)
    lags: tuple[int, ...] = ()
    faults: Faults = field(default_factory=Faults)
    web: Web = field(default_factory=Web)
    servers: Servers = field(default_factory=Servers)
    next_certificates: dict[str, frozenset[str]] = field(default_factory=dict)
    runs: list[tuple[int, DomainPlan | None, frozenset[Key]]] = field(default_factory=list)
    writes: list[tuple[int, str, Change]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    diary: list[tuple[int, str]] = field(default_factory=list)
    stage: str = ""

    # ---- A run -----------------------------------------------------------------------------------

    def run(self, terms: Terms | None = None) -> Outcome | None:
        """Run ``apply`` once; None where it was killed or could not go on."""
        terms = terms or Terms(allow_removals=True, served_within=0)
        outcome = None
        off = f", its clock {self.faults.skew} s off" if self.faults.skew else ""
        try:
            outcome = self.world().run(advance(self.desired, self.capability, terms))
        except Interrupted:
            self.note(f"a run{off} is killed before its effect {self.faults.killed_before}")
        except MailsyncError as error:
            self.errors.append(str(error))
            self.note(f"a run{off} fails: {error}")
        else:
            self.note(f"a run{off}: {outcome.state}")
        self.faults = Faults()
        plan = outcome.plan if outcome is not None else None
        self.runs.append((self.now, plan, frozenset(self.live)))
        return outcome

    def note(self, words: str) -> None:
        """Take down what happens now, in words."""
        self.diary.append((self.now, words))

    @property
    def ended(self) -> str:
        """The status of the last plan that a run gave; empty where none did."""
        plans = [plan for _, plan, _ in self.runs if plan is not None]
        return plans[-1].status if plans else ""

    def look(self) -> View:
        """Look at the domain as ``plan`` does."""
        return self.world().run(look(self.desired, self.capability))

    def world(self) -> World:
        """Give the world in which the engine's effects happen."""
        return World(
            self.desired.zone,
            _Host(self),
            _Journal(self),
            self,
            self._told,
            _Kill(self),
            self.clock,
            policy=self.policy,
        )

    def clock(self) -> datetime:
        """Tell the time as the run sees it."""
        return self.start + timedelta(seconds=self.now + self.faults.skew)

    def second(self, time: datetime) -> int:
        """Give a time in seconds of the rehearsal."""
        return int((time - self.start).total_seconds())

    def _told(self, message: str) -> None:
        if ": writing " in message:
            self.stage = message.partition(":")[0]

    # ---- The DNS host ----------------------------------------------------------------------------

    def write(self, changes: Sequence[Change]) -> None:
        """Compare, then write all or nothing; the reply may be lost."""
        if self.faults.refused:
            self.faults.refused = False
            raise HostError("the DNS host is out of order")
        for change in changes:
            if self.live.get(change.key) != change.before:
                raise StaleWrite(f"{change.key[0]} {change.key[1]}: changed meanwhile")
        for change in changes:
            self.put(change.key, self._kept(change))
            self.writes.append((self.now, self.stage, change))
        if self.faults.reply_lost:
            self.faults.reply_lost = False
            raise HostError("no answer")

    def put(self, key: Key, rrset: RRset | None) -> None:
        """Publish a version, whoever asked for it."""
        if rrset is None:
            self.live.pop(key, None)
        else:
            self.live[key] = rrset
        self.truth.put(key, rrset, self.now, self.lags)

    def _kept(self, change: Change) -> RRset | None:
        if change.after is None or change.before is None or self.capability.settable:
            return change.after
        return change.after.with_ttl(change.before.ttl)

    # ---- The name servers and the web ------------------------------------------------------------

    def sight(self, zone: str, expected: Mapping[Key, RRset | None]) -> Sighting:  # noqa: ARG002
        """Ask every name server."""
        late = {}
        for key, rrset in expected.items():
            for server in range(self.truth.servers):
                if not self.truth.answers(server, self.now):
                    late[key] = f"ns{server} ({key[1]}) does not answer"
                elif self.truth.served(server, key, self.now) != rrset:
                    late[key] = f"ns{server} ({key[1]}) does not serve it yet"
        return Sighting(late, self.truth.negative_ttl)

    def authority(self, zone: str, rrsets: Mapping[Key, RRset]) -> Gate:  # noqa: ARG002
        """Say that the delegation is right."""
        return Gate("authority", "pass", "")

    def policy(self, domain: str) -> ServedPolicy:  # noqa: ARG002
        """Fetch the policy."""
        found = self.web.policy(self.now)
        return ServedPolicy("none" if found is None else "served", found, "")

    # ---- The people ------------------------------------------------------------------------------

    def person(self, plan: DomainPlan | None) -> None:
        """Do what the plan asks of a person, when nothing stands before it any more.

        Nobody does what a plan with errors asks for.
        """
        if plan is None or plan.status == "error":
            return
        for stage in plan.stages:
            waits = any(hold.until > self.clock() for hold in stage.holds)
            for gate in stage.gates if stage.state == "held" else ():
                # A policy that has to be served before a switch is served at once.
                if waits and (stage.name, gate.name) != ("switch", "policy-permits"):
                    continue
                self._serve(gate.detail)
                self._mark(gate.detail)

    def _serve(self, detail: str) -> None:
        match = _POLICY.search(detail)
        if match is None:
            return
        mode = next(mode for mode in MODES if mode == match[1])
        patterns = tuple(p for p in match[2].split(", ") if p != "none")
        age = sum(seconds(f"{n}{unit}") for n, unit in re.findall(r"(\d+) ?([smhdw])", match[3]))
        self.web.policies.append((self.now, Policy(mode, age, patterns)))
        self.note(f"a person serves the policy: mode {mode}, mx {', '.join(patterns) or 'none'}")

    def _mark(self, detail: str) -> None:
        match = _TASK.search(detail)
        if match is None:
            return
        for host, chain in self.next_certificates.items():
            if match["task"].startswith(f"certificate-{host.rstrip('.')}-"):
                self.servers.chains.setdefault(host, []).append((self.now, chain))
                self.note(f"a person changes the certificate of {host}")
        cutover = self.desired.cutover
        tasks = cutover.tasks | {match["task"]}
        self.desired = replace(self.desired, cutover=replace(cutover, tasks=tasks))


def tlsa_of(host: str) -> Key:
    """Give the key of a host's TLSA records."""
    return (dane.owner(host), "TLSA")


@dataclass(frozen=True)
class _Host:
    rehearsal: Rehearsal
    name: str = "rehearsed"

    @property
    def capability(self) -> Capability:
        return self.rehearsal.capability

    def read(self, zone: str) -> Mapping[Key, RRset]:  # noqa: ARG002
        return dict(self.rehearsal.live)

    def write(self, zone: str, changes: Sequence[Change]) -> None:  # noqa: ARG002
        self.rehearsal.write(changes)


@dataclass(frozen=True)
class _Journal:
    rehearsal: Rehearsal

    def read(self, zone: str) -> Sequence[Entry]:  # noqa: ARG002
        return tuple(self.rehearsal.entries)

    def append(self, zone: str, events: Sequence[Event]) -> None:  # noqa: ARG002
        self.rehearsal.entries.extend(events)

    def lock(self, zone: str) -> AbstractContextManager[None]:  # noqa: ARG002
        return nullcontext()


class _Kill(Flag):
    """The stop flag, asked before each effect; pauses pass at once."""

    def __init__(self, rehearsal: Rehearsal) -> None:
        super().__init__()
        self._rehearsal = rehearsal
        self._asked = 0

    def is_set(self) -> bool:
        self._asked += 1
        return self._asked == self._rehearsal.faults.killed_before

    def wait(self, timeout: float | None = None) -> bool:  # noqa: ARG002
        return False
