"""Where effects happen: the DNS host, the journal, the servers, the clock."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Event as Flag
from typing import TypeVar, assert_never

from mailsync.apply import effects as do
from mailsync.dns.names import shown
from mailsync.dns.rrset import Key, RRset
from mailsync.hosts.interface import Host
from mailsync.hosts.manual import ManualHost
from mailsync.hosts.several import Several
from mailsync.journal.events import Intent
from mailsync.journal.interface import Journal
from mailsync.observe.interface import Observer, Sighting
from mailsync.plan.live import Look, Neighbour, Presented, ServedPolicy
from mailsync.plan.model import Gate

_T = TypeVar("_T")


class Interrupted(Exception):  # noqa: N818  # not an error: the user asked for it
    """The user asked to stop; raised between two effects."""


def utc_now() -> datetime:
    """Tell the time, aware, UTC."""
    return datetime.now(UTC)


def no_neighbours(_listing: Mapping[Key, RRset]) -> tuple[Neighbour, ...]:
    """Say that no other zone matters."""
    return ()


def no_policy(_domain: str) -> ServedPolicy:
    """Say that nobody looks for MTA-STS policies."""
    return ServedPolicy(detail="nothing is observed here, as mailsync.yaml says")


def no_certificates(_hosts: Mapping[str, tuple[str, ...]]) -> Mapping[str, Presented]:
    """Say that nobody looks at certificates."""
    return {}


def no_probe(_hosts: frozenset[str]) -> tuple[Look, ...]:
    """Say that nobody looks at mail servers."""
    return ()


@dataclass(frozen=True)
class World:
    """What effects act upon, for one zone (an absolute name).

    ``publish_delay``: seconds that pass after a write, where nobody is asked what is served.
    """

    zone: str
    host: Host
    journal: Journal
    observer: Observer
    tell: Callable[[str], None]
    stop: Flag
    clock: Callable[[], datetime] = utc_now
    neighbours: Callable[[Mapping[Key, RRset]], tuple[Neighbour, ...]] = no_neighbours
    policy: Callable[[str], ServedPolicy] = no_policy
    probe: Callable[[frozenset[str]], tuple[Look, ...]] = no_probe
    certificates: Callable[[Mapping[str, tuple[str, ...]]], Mapping[str, Presented]] = (
        no_certificates
    )
    publish_delay: int = 0

    def run(self, course: Generator[do.Effect, do.Result, _T]) -> _T:
        """Drive a course to its end; what an effect raises is raised inside the course."""
        try:
            effect = next(course)
            while True:
                if self.stop.is_set():
                    course.close()
                    raise Interrupted
                try:
                    result = self._carry_out(effect)
                except Exception as error:  # noqa: BLE001  # the course decides what it means
                    effect = course.throw(error)
                else:
                    effect = course.send(result)
        except StopIteration as done:
            value: _T = done.value
            return value

    def _carry_out(self, effect: do.Effect) -> do.Result:
        match effect:
            case do.ReadJournal():
                return self.journal.read(self.zone)
            case do.ReadLive():
                return self.host.read(self.zone)
            case do.Now():
                return self.clock()
            case (
                do.ReadNeighbours()
                | do.FetchPolicy()
                | do.FetchCertificates()
                | do.Probe()
                | do.Sight()
            ):
                return self._looked(effect)
            case do.CheckAuthority(listing):
                return self._authority(listing)
            case do.Record(events):
                self.journal.append(self.zone, events)
            case do.Write(changes):
                self.host.write(self.zone, changes)
                if self.publish_delay:
                    self.tell(f"waiting {self.publish_delay} s: until then it may not be served")
                    self.stop.wait(self.publish_delay)
            case do.Pause(seconds):
                self.stop.wait(seconds)
            case do.Tell(message):
                self.tell(message)
            case _:
                assert_never(effect)
        return None

    def _authority(self, listing: Mapping[Key, RRset]) -> Gate:
        gate = self.observer.authority(self.zone, listing)
        if isinstance(self.host, ManualHost):
            return self.host.recognised(self.zone, gate, listing)
        return gate

    def _looked(
        self,
        effect: do.ReadNeighbours | do.FetchPolicy | do.FetchCertificates | do.Probe | do.Sight,
    ) -> do.Result:
        match effect:
            case do.ReadNeighbours(listing):
                return self.neighbours(listing)
            case do.FetchPolicy(domain):
                return self.policy(domain)
            case do.FetchCertificates(hosts):
                return self.certificates(hosts)
            case do.Probe(hosts):
                return self.probe(hosts)
            case do.Sight(expected):
                return self._sight(expected)

    def _sight(self, expected: Mapping[Key, RRset | None]) -> Sighting:
        """Ask the servers; what the DNS hosts themselves list differently is not served by all."""
        sighting = self.observer.sight(self.zone, expected)
        if self.publish_delay:
            sighting = replace(sighting, lagging=self._unpublished(expected))
        if not isinstance(self.host, Several):
            return sighting
        return replace(sighting, lagging={**self.host.differing(self.zone), **sighting.lagging})

    def _unpublished(self, expected: Iterable[Key]) -> Mapping[Key, str]:
        """Name what was written less than `publish_delay` ago, also by a run that was stopped."""
        latest: dict[Key, datetime] = {}
        for entry in self.journal.read(self.zone):
            if isinstance(entry, Intent):
                latest.update((key, entry.at) for key, _, _ in entry.changes)
        delay, now = timedelta(seconds=self.publish_delay), self.clock()
        return {
            key: f"{shown(key[0])} {key[1]}: written at {latest[key]:%Y-%m-%d %H:%M:%S} UTC, "
            f"it may not be served for {self.publish_delay} s"
            for key in expected
            if key in latest and latest[key] + delay > now
        }
