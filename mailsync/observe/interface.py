"""What can be observed of a zone, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from mailsync.dns.rrset import Key, RRset
from mailsync.plan.live import ServedPolicy
from mailsync.plan.model import Gate


@dataclass(frozen=True, slots=True)
class Sighting:
    """What all authoritative servers said.

    ``lagging``: for each RRset that some server does not serve as expected, a text that names each
    such server and what it serves instead (or that it did not answer). ``negative_ttl``: the
    largest min(SOA TTL, SOA MINIMUM) seen, None when nobody was asked.
    """

    lagging: Mapping[Key, str] = field(default_factory=dict)
    negative_ttl: int | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What one name server, or one resolver, answers for an RRset.

    ``what`` None is absence; or, with a ``fault``, that nothing usable came. A resolver's TTL is
    what it has left.
    """

    who: str
    role: Literal["server", "resolver"]
    key: Key
    what: RRset | None
    fault: str = ""


class Observer(Protocol):
    """Asks the authoritative servers of a zone."""

    def sight(self, zone: str, expected: Mapping[Key, RRset | None]) -> Sighting:
        """Ask every server for each RRset; ``expected`` is what it should serve (None: absent)."""

    def authority(self, zone: str, rrsets: Mapping[Key, RRset]) -> Gate:
        """Check that the servers which the parent delegates to are the configured DNS host's.

        ``rrsets`` is the host's listing. The gate's name is ``authority``.
        """

    def policy(self, domain: str) -> ServedPolicy:
        """Fetch the MTA-STS policy that a domain (an absolute name) serves (RFC 8461 §3.3)."""
