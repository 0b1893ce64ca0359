"""A domain's life in memory: plans it, applies what is due, lets time pass. No I/O, no clock.

Every authoritative server serves what was written at once, unless `Story.lagging` says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from mailsync.desired.model import Cutover, Desired, Kind, Place, Task, Wish
from mailsync.dns.rrset import Key, RRset, canonical, txt_value
from mailsync.dns.ttl import seconds
from mailsync.mail.mta_sts import Policy
from mailsync.plan import certificates
from mailsync.plan import policy as policies
from mailsync.plan.ledger import Ledger
from mailsync.plan.live import Capability, Live, Look, Neighbour, Presented, ServedPolicy
from mailsync.plan.model import Change, DomainPlan, Gate, Stage
from mailsync.plan.planner import plan_domain, watched

ZONE = "example.jp."
START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
PLACE = Place("zones/example.jp.yaml", 1, 1)


def rrset(name: str, rdtype: str, ttl: int, *values: str) -> RRset:
    """Build an RRset; TXT values are given as bare text."""
    texts = (txt_value(v) if rdtype == "TXT" else canonical(rdtype, v) for v in values)
    return RRset(name, rdtype, ttl, tuple(texts))


def wish(kind: Kind, name: str, rdtype: str, *values: str, ttl: int = 3600, **more: object) -> Wish:
    """Build a wish; TXT values are given as bare text."""
    made = rrset(name, rdtype, ttl, *values).values if values else ()
    return replace(Wish(kind, name, rdtype, made, ttl, PLACE), **more)  # type: ignore[arg-type]


def mx(*values: str, ttl: int = 3600) -> Wish:
    """Wish for an MX RRset at the apex."""
    return wish("mx", ZONE, "MX", *values, ttl=ttl)


def spf(text: str, ttl: int = 3600) -> Wish:
    """Wish for an SPF record at the apex."""
    return wish("spf", ZONE, "TXT", text, ttl=ttl)


def zone(*rrsets: RRset) -> dict[Key, RRset]:
    """Make a listing of RRsets."""
    return {one.key: one for one in rrsets}


@dataclass
class Story:
    """One domain: what is live, what the ledger knows, and the time."""

    live: dict[Key, RRset]
    wishes: tuple[Wish, ...] = ()
    cutover: Cutover = field(default_factory=Cutover)
    now: datetime = START
    ledger: Ledger = field(default_factory=Ledger)
    capability: Capability = field(default_factory=Capability)
    lagging: Mapping[Key, str] = field(default_factory=dict)
    negative_ttl: int | None = None
    no_mail: bool = False
    gates: tuple[Gate, ...] = ()
    served: ServedPolicy = field(default_factory=ServedPolicy)
    policy: Policy | None = None
    neighbours: tuple[Neighbour, ...] = ()
    presented: dict[str, Presented] = field(default_factory=dict)
    looks: tuple[Look, ...] = ()
    tasks: tuple[Task, ...] = ()
    pruned: frozenset[str] = frozenset()
    log: list[tuple[datetime, str, Change]] = field(default_factory=list)

    @property
    def desired(self) -> Desired:
        """The domain as its file has it now."""
        kinds = frozenset({"host": "hosts"}.get(w.kind, w.kind) for w in self.wishes)
        return Desired(
            ZONE,
            ZONE,
            self.wishes,
            PLACE,
            ("local",),
            kinds,
            self.no_mail,
            self.cutover,
            self.policy,
            pruned=self.pruned,
            tasks=self.tasks,
        )

    @property
    def world(self) -> Live:
        """The zone and what was observed of it."""
        return Live(
            self.live,
            self.capability,
            self.negative_ttl,
            self.lagging,
            self.gates,
            self.served,
            self.neighbours,
            self.looks,
            certificates=self.presented,
        )

    def plan(self) -> DomainPlan:
        """Plan as of now."""
        return plan_domain(self.desired, self.world, self.ledger, self.now)

    def stage(self, name: str, state: str | None = None) -> Stage | None:
        """Give the stage of that name (and state) in the present plan."""
        for stage in self.plan().stages:
            if stage.name == name and (state is None or stage.state == state):
                return stage
        return None

    def see(self) -> None:
        """Journal what every server serves now, as each run of apply does."""
        for key in watched(self.desired, self.world):
            if key not in self.lagging:
                self.ledger = self.ledger.seen(key, self.live.get(key), self.now)
        for host, one in self.presented.items():
            if one.values:
                seen = certificates.as_rrset(host, one.values)
                self.ledger = self.ledger.seen(seen.key, seen, self.now)
        if self.served.state != "unknown":
            policy = self.served.policy
            rrset = None if policy is None else policies.as_rrset(ZONE, policy)
            self.ledger = self.ledger.seen(policies.key(ZONE), rrset, self.now)

    def known_for(self, duration: str) -> None:
        """Let time pass in which every server was known to serve what it serves now."""
        self.see()
        self.passes(duration)

    def apply(self) -> list[str]:
        """Carry out what is due, as one run of the command does; give the stages that ran."""
        ran: list[str] = []
        while True:
            self.see()
            plan = self.plan()
            due = next((s for s in plan.stages if s.state == "due"), None)
            if due is None or plan.status == "error":
                return ran
            assert len(ran) < 10, f"the plan never comes to rest: {due}"
            ran.append(due.name)
            for change in due.changes:
                self._write(due.name, change)

    def _write(self, stage: str, change: Change) -> None:
        assert self.live.get(change.key) == change.before
        self.ledger = self.ledger.intended(change.key, change.after, self.now)
        if change.after is None:
            del self.live[change.key]
        else:
            self.live[change.key] = change.after
        self.ledger = self.ledger.seen(change.key, change.after, self.now)
        self.log.append((self.now, stage, change))

    def passes(self, duration: str) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds(duration))

    def run(self, duration: str, every: str = "6h") -> None:
        """Apply again and again, as by cron, for a while."""
        end = self.now + timedelta(seconds=seconds(duration))
        while self.now < end:
            self.apply()
            self.passes(every)

    def values(self, name: str, rdtype: str) -> tuple[str, ...]:
        """Give the live values of an RRset."""
        found = self.live.get((name, rdtype))
        return found.values if found else ()

    def ttl(self, name: str, rdtype: str) -> int:
        """Give the live TTL of an RRset."""
        return self.live[(name, rdtype)].ttl

    def ran_at(self, stage: str, key: Key) -> datetime:
        """Give when a stage changed an RRset first."""
        return next(t for t, name, change in self.log if name == stage and change.key == key)
