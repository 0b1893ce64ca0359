"""What the world looks like at the moment of planning, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailsync.dns.rrset import Key, RRset
from mailsync.dns.ttl import TTL_MAX
from mailsync.plan.model import Gate


@dataclass(frozen=True, slots=True)
class Capability:
    """What a DNS host can do with TTLs. ``settable`` False: it keeps whatever TTL it has.

    ``ttl_min`` and ``ttl_max`` in seconds; a TTL outside is planned as the nearest one inside.
    """

    settable: bool = True
    ttl_min: int = 0
    ttl_max: int = TTL_MAX

    def nearest(self, ttl: int) -> int:
        """Give the nearest TTL that the host takes."""
        return max(self.ttl_min, min(ttl, self.ttl_max))


@dataclass(frozen=True, slots=True)
class Live:
    """A zone as its DNS host lists it, and what its authoritative servers showed.

    ``negative_ttl``: how long absence may be remembered (RFC 2308 §5: min of SOA TTL and MINIMUM),
    None when not known. ``lagging``: RRsets that not every authoritative server serves yet, each
    with a text that names the servers. ``gates``: observed conditions for writing.
    """

    rrsets: Mapping[Key, RRset]
    capability: Capability = field(default_factory=Capability)
    negative_ttl: int | None = None
    lagging: Mapping[Key, str] = field(default_factory=dict)
    gates: tuple[Gate, ...] = ()

    def get(self, key: Key) -> RRset | None:
        """Give one RRset, or None where there is none."""
        return self.rrsets.get(key)
