"""A zone's whole world in memory: DNS host, name servers, journal and clock, with faults to order.

Everything that happens is taken down in `Laboratory.log`, in order; the engine, the fold and the
events are the real ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event as Flag
from typing import TypeVar

from mailsync.apply.edge import World
from mailsync.apply.engine import Course, Outcome, Terms, View, advance, look
from mailsync.desired.model import Cutover, Desired, Wish
from mailsync.dns.rrset import Key, RRset
from mailsync.dns.ttl import seconds
from mailsync.errors import AnotherRun, HostError, JournalError, StaleWrite
from mailsync.journal.events import Entry, Event, Intent, Seen, Written
from mailsync.mail.mta_sts import Policy
from mailsync.observe.interface import Sighting
from mailsync.plan.live import Capability, Look, Neighbour, Presented, ServedPolicy
from mailsync.plan.model import Change, Gate
from tests.unit.plan.story import PLACE, START, ZONE, mx, rrset, spf, wish, zone

MX, TXT = (ZONE, "MX"), (ZONE, "TXT")
OLD, NEW = "10 mx.old.example.", "10 mx1.example.jp."
FOREIGN = "google-site-verification=abc"
AWAY = (
    mx(NEW),
    wish("host", "mx1." + ZONE, "A", "192.0.2.10"),
    spf("v=spf1 include:_spf.new.example -all"),
)

_E = TypeVar("_E", Seen, Intent, Written)

Happening = tuple[str, object]
"""What happened (``read``, ``write``, ``journal``, ``sight``, ``tell``), and with what."""


def at_home(ttl: int = 3600) -> dict[Key, RRset]:
    """Give the zone as it is before mail moves."""
    return zone(
        rrset(ZONE, "MX", ttl, OLD),
        rrset(ZONE, "TXT", 3600, FOREIGN, "v=spf1 include:_spf.old.example -all"),
        rrset("www." + ZONE, "A", 300, "192.0.2.80"),
    )


@dataclass
class Laboratory:
    """One zone, its DNS host with compare-and-set, two name servers, a journal and the time.

    Faults: ``lose_replies`` of that many writes; ``journal_fails`` at that many appends;
    ``bend`` changes what the host keeps of a version; ``held_back`` is what the second name server
    serves instead of the host's listing; ``stop_before`` the n-th effect of a run, as Ctrl-C does.
    """

    rrsets: dict[Key, RRset] = field(default_factory=at_home)
    wishes: tuple[Wish, ...] = AWAY
    cutover: Cutover = field(default_factory=Cutover)
    capability: Capability = field(default_factory=Capability)
    now: datetime = START
    entries: list[Entry] = field(default_factory=list)
    log: list[Happening] = field(default_factory=list)
    gate: Gate = field(default_factory=lambda: Gate("authority", "pass", ""))
    lose_replies: int = 0
    journal_fails: int = 0
    bend: Callable[[RRset], RRset] = lambda rrset: rrset
    served_policy: ServedPolicy = field(default_factory=ServedPolicy)
    mta_sts: Policy | None = None
    neighbours: tuple[Neighbour, ...] = ()
    presented: dict[str, Presented] = field(default_factory=dict)
    looks: tuple[Look, ...] = ()
    held_back: Mapping[Key, RRset] | None = None
    stop_before: int | None = None
    locked: bool = False

    # ---- The DNS host ----------------------------------------------------------------------------

    def read_listing(self) -> Mapping[Key, RRset]:
        """List the zone."""
        self.log.append(("read", None))
        return dict(self.rrsets)

    def write(self, zone: str, changes: Sequence[Change]) -> None:
        """Compare, then write all or nothing; the reply may be lost."""
        for change in changes:
            if self.rrsets.get(change.key) != change.before:
                raise StaleWrite(f"{change.key[0]} {change.key[1]}: changed meanwhile")
        self.log.append(("write", tuple(changes)))
        for change in changes:
            if change.after is None:
                del self.rrsets[change.key]
            else:
                self.rrsets[change.key] = self.bend(change.after)
        if self.lose_replies:
            self.lose_replies -= 1
            raise HostError("no answer")

    # ---- The name servers ------------------------------------------------------------------------

    def sight(self, zone: str, expected: Mapping[Key, RRset | None]) -> Sighting:
        """Ask both name servers: the first serves what is listed, the second may be held back."""
        self.log.append(("sight", tuple(expected)))
        second = self.rrsets if self.held_back is None else self.held_back
        late = {
            key: f"ns2.example ({key[1]}) does not serve it yet"
            for key, rrset in expected.items()
            if self.rrsets.get(key) != rrset or second.get(key) != rrset
        }
        return Sighting(late, 900)

    def authority(self, zone: str, rrsets: Mapping[Key, RRset]) -> Gate:
        """Give the gate as ordered."""
        return self.gate

    def certificates(self, hosts: Mapping[str, tuple[str, ...]]) -> Mapping[str, Presented]:
        """Say what the hosts present, as ordered."""
        self.log.append(("certificates", dict(hosts)))
        return {host: self.presented[host] for host in hosts if host in self.presented}

    def probe(self, hosts: frozenset[str]) -> tuple[Look, ...]:
        """Give what is seen of mail servers as ordered."""
        self.log.append(("probe", hosts))
        return self.looks

    def policy(self, domain: str) -> ServedPolicy:
        """Give the policy as ordered."""
        self.log.append(("policy", domain))
        return self.served_policy

    # ---- The journal -----------------------------------------------------------------------------

    def append(self, zone: str, events: Sequence[Event]) -> None:
        """Keep the events, or fail and keep none."""
        if self.journal_fails:
            self.journal_fails -= 1
            raise JournalError("no space left on device")
        self.log.append(("journal", tuple(events)))
        self.entries.extend(events)

    @contextmanager
    def lock(self, zone: str) -> Iterator[None]:
        """Hold the zone."""
        if self.locked:
            raise AnotherRun("another run is under way")
        self.locked = True
        try:
            yield
        finally:
            self.locked = False

    # ---- Runs ------------------------------------------------------------------------------------

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
            cutover=self.cutover,
            policy=self.mta_sts,
        )

    def world(self) -> World:
        """Give the world in which the zone's effects happen; pauses pass at once."""
        return World(
            ZONE,
            _Host(self, self.capability),
            _Journal(self),
            self,
            lambda message: self.log.append(("tell", message)),
            _Pauses(self),
            lambda: self.now,
            lambda _: self.neighbours,
            self.policy,
            self.probe,
            self.certificates,
        )

    def apply(self, terms: Terms | None = None) -> Outcome:
        """Run ``advance`` to its end, as one run of the command does."""
        course: Course[Outcome] = advance(self.desired, self.capability, terms or Terms())
        return self.world().run(course)

    def look(self, now: datetime | None = None) -> View:
        """Look at the domain, and write nothing."""
        return self.world().run(look(self.desired, self.capability, now=now))

    def passes(self, duration: str) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds(duration))

    def applied_for(self, duration: str, every: str = "6h") -> Outcome:
        """Apply again and again, as by cron, for a while; give what came of the last run."""
        end = self.now + timedelta(seconds=seconds(duration))
        while True:
            outcome = self.apply()
            if self.now >= end:
                return outcome
            self.passes(every)

    # ---- What was seen ---------------------------------------------------------------------------

    def happened(self, what: str) -> list[object]:
        """Give everything of one sort that has happened, in order."""
        return [thing for kind, thing in self.log if kind == what]

    @property
    def writes(self) -> list[tuple[Change, ...]]:
        """All writes that took effect."""
        return [thing for kind, thing in self.log if kind == "write" and isinstance(thing, tuple)]

    @property
    def told(self) -> list[str]:
        """All that the user was told on the way."""
        return [str(thing) for thing in self.happened("tell")]

    def events(self, kind: type[_E]) -> list[_E]:
        """Give the journalled events of one kind."""
        return [event for event in self.entries if isinstance(event, kind)]

    def every_write_was_announced(self) -> bool:
        """Tell whether the journal held the very changes of each write before it began."""
        announced: set[tuple[Key, RRset | None, RRset | None]] = set()
        for kind, thing in self.log:
            if kind == "journal" and isinstance(thing, tuple):
                for event in thing:
                    if isinstance(event, Intent):
                        announced = set(event.changes)
            elif kind == "write" and isinstance(thing, tuple):
                if announced != {(c.key, c.before, c.after) for c in thing}:
                    return False
                announced = set()
        return True


class _Pauses(Flag):
    """The stop flag, asked once before each effect; waiting for it lets time pass at once."""

    def __init__(self, laboratory: Laboratory) -> None:
        super().__init__()
        self._laboratory = laboratory
        self._asked = 0

    def wait(self, timeout: float | None = None) -> bool:
        self._laboratory.now += timedelta(seconds=timeout or 0)
        self._laboratory.log.append(("pause", timeout))
        return False

    def is_set(self) -> bool:
        self._asked += 1
        return self._asked == self._laboratory.stop_before


@dataclass
class _Host:
    """The laboratory as a `Host`: reads and writes are its own."""

    laboratory: Laboratory
    capability: Capability
    name: str = "local"

    def read(self, zone: str) -> Mapping[Key, RRset]:
        return self.laboratory.read_listing()

    def write(self, zone: str, changes: Sequence[Change]) -> None:
        self.laboratory.write(zone, changes)


@dataclass(frozen=True)
class _Journal:
    """The laboratory as a `Journal`."""

    laboratory: Laboratory

    def read(self, zone: str) -> Sequence[Entry]:
        return tuple(self.laboratory.entries)

    def append(self, zone: str, events: Sequence[Event]) -> None:
        self.laboratory.append(zone, events)

    def lock(self, zone: str) -> AbstractContextManager[None]:
        return self.laboratory.lock(zone)
