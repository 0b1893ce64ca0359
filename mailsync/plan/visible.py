"""What some resolver may still hold: Visible(R, t) of RFC 7583's model.

A version published until b can be answered from caches until b + its lifetime, where b is the time
when every authoritative server was seen serving another version (so propagation is inside b).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from mailsync.desired.model import Cutover
from mailsync.plan.ledger import History, Version

CACHE_TTL_MAX = 604800
"""The longest time, in seconds, for which resolvers keep an answer (RFC 8767 §4: seven days)."""


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long caches keep a version after its last publication.

    ``negative_ttl`` is what the zone's SOA says (RFC 2308 §5), None when nobody was asked.
    """

    cutover: Cutover
    negative_ttl: int | None = None

    def of_ttl(self, ttl: int) -> timedelta:
        """Give the longest time a positive answer with that TTL (seconds) stays in a cache."""
        return timedelta(seconds=min(max(ttl, self.cutover.resolver_min_ttl), CACHE_TTL_MAX))

    def of_absence(self) -> timedelta:
        """Give the longest time for which a resolver remembers that there was no such RRset."""
        bound = self.cutover.negative_ttl
        told = bound if self.negative_ttl is None else min(self.negative_ttl, bound)
        return timedelta(seconds=max(told, self.cutover.resolver_min_ttl))

    def of(self, version: Version) -> timedelta:
        """Give a version's lifetime; an unseen one had `Cutover.unseen_ttl`, or what came next."""
        if version.unseen:
            return self.of_ttl(max(self.cutover.unseen_ttl, version.next_ttl))
        return self.of_absence() if version.rrset is None else self.of_ttl(version.rrset.ttl)


@dataclass(frozen=True, slots=True)
class Remnant:
    """A version that some resolver may hold; ``until`` None while it may still be published."""

    version: Version
    until: datetime | None


def remnants(
    history: History,
    lifetimes: Lifetimes,
    now: datetime,
    longer: timedelta = timedelta(0),
) -> tuple[Remnant, ...]:
    """Give every version that is visible at ``now``, oldest first; ``longer`` adds to lifetimes."""
    found = []
    for version in history.versions:
        if version.replaced_at is None:
            found.append(Remnant(version, None))
        elif (until := version.replaced_at + lifetimes.of(version) + longer) > now:
            found.append(Remnant(version, until))
    return tuple(found)
