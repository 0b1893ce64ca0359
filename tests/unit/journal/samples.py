"""Events that the journal's tests share."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mailsync.dns.rrset import RRset
from mailsync.journal.events import Intent, Seen, Told, Written

ZONE = "example.jp."
MX = (ZONE, "MX")
START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
OLD = RRset(*MX, 86400, ("10 mx.old.example.",))
NEW = RRset(*MX, 300, ("10 mx.new.example.",))


def at(minutes: int) -> datetime:
    """So many minutes after the start."""
    return START + timedelta(minutes=minutes)


def intent(minutes: int, stage: str = "switch") -> Intent:
    """The intent to go from the old MX to the new one."""
    return Intent(at(minutes), ZONE, stage, ((MX, OLD, NEW),))


def written(minutes: int, stage: str = "switch") -> Written:
    """The confirmation that the listing shows it."""
    return Written(at(minutes), ZONE, stage)


def told(minutes: int, digest: str = "00ff") -> Told:
    """The note that somebody was told of something."""
    return Told(at(minutes), "example.jp", digest)


SEEN_OLD = Seen(at(0), MX, OLD)
SEEN_NEW = Seen(at(20), MX, NEW)
SEEN_NOTHING = Seen(at(30), MX, None)
