"""What the engine asks of the world, as plain values; `edge` carries them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mailsync.dns.rrset import Key, RRset
from mailsync.journal.events import Entry, Event
from mailsync.observe.interface import Sighting
from mailsync.plan.live import Look, Neighbour, Presented, ServedPolicy
from mailsync.plan.model import Change, Gate


@dataclass(frozen=True, slots=True)
class ReadJournal:
    """Give all journal entries of the zone: `Sequence[Entry]`."""


@dataclass(frozen=True, slots=True)
class ReadLive:
    """List the zone at its DNS host: `Mapping[Key, RRset]`."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Ask every authoritative server whether it serves what is expected: `Sighting`."""

    expected: Mapping[Key, RRset | None]


@dataclass(frozen=True, slots=True)
class CheckAuthority:
    """Check that the delegated servers are the DNS host's: `Gate`."""

    listing: Mapping[Key, RRset]


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """Fetch the MTA-STS policy that the domain serves: `ServedPolicy`."""

    domain: str


@dataclass(frozen=True, slots=True)
class FetchCertificates:
    """Look at the certificates of mail hosts, at these addresses: `Mapping[str, Presented]`."""

    hosts: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Probe:
    """Look at mail hosts (absolute names) as a sender does: tuple of `Look`."""

    hosts: frozenset[str]


@dataclass(frozen=True, slots=True)
class ReadNeighbours:
    """Read the other zones that this one's mail leans on, or the reverse: tuple of `Neighbour`.

    ``listing``: this zone, as it is listed.
    """

    listing: Mapping[Key, RRset]


@dataclass(frozen=True, slots=True)
class Now:
    """Tell the time (aware, UTC), after everything before it has happened: `datetime`."""


@dataclass(frozen=True, slots=True)
class Record:
    """Append events to the journal, durably: None."""

    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Write:
    """Write these changes to the DNS host, and nothing else: None."""

    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Pause:
    """Let some seconds pass: None."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Tell:
    """Tell the user how it goes, in one line: None."""

    message: str


Effect = (
    ReadJournal
    | ReadLive
    | ReadNeighbours
    | FetchPolicy
    | FetchCertificates
    | Probe
    | Sight
    | CheckAuthority
    | Now
    | Record
    | Write
    | Pause
    | Tell
)
Result = (
    Sequence[Entry]
    | Mapping[Key, RRset]
    | Mapping[str, Presented]
    | tuple[Neighbour, ...]
    | tuple[Look, ...]
    | ServedPolicy
    | Sighting
    | Gate
    | datetime
    | None
)
