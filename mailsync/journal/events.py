"""What the journal records, as plain values, and their one-line JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mailsync.dns.rrset import Key, RRset


@dataclass(frozen=True, slots=True)
class Seen:
    """Every authoritative server was seen serving this version of the RRset (None: absent)."""

    at: datetime
    key: Key
    rrset: RRset | None


@dataclass(frozen=True, slots=True)
class Intent:
    """A stage's write is about to begin: from now on each ``after`` may be published.

    ``changes``: for each RRset its key, what was live, and what will be.
    """

    at: datetime
    domain: str
    stage: str
    changes: tuple[tuple[Key, RRset | None, RRset | None], ...]


@dataclass(frozen=True, slots=True)
class Written:
    """The DNS host's listing was read back and shows what the intent said."""

    at: datetime
    domain: str
    stage: str


@dataclass(frozen=True, slots=True)
class Told:
    """The user was notified of how a domain stands; ``digest`` is of what was said, empty: of none.

    It says nothing about the DNS: it keeps an hourly run from saying the same every hour.
    """

    at: datetime
    domain: str
    digest: str


@dataclass(frozen=True, slots=True)
class Corrupt:
    """Stands where the store found something that it cannot trust; never written.

    ``where`` is ``file:line``; ``reason`` says what is wrong with it.
    """

    where: str
    reason: str


Event = Seen | Intent | Written | Told
Entry = Event | Corrupt
