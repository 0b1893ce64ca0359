"""Times as the plan's JSON carries them (UTC, whole seconds, never too early), and its messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

CLOCK_TOLERANCE = timedelta(minutes=5)
"""By how much the clocks of two machines may differ: TSIG allows as much (RFC 8945 §5.2.3)."""


def whole_second(time: datetime) -> datetime:
    """Round an aware time up to a whole second, in UTC."""
    whole = time.replace(microsecond=0) + timedelta(seconds=bool(time.microsecond))
    return whole.astimezone(UTC)


def time_json(time: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC, whole seconds, rounded up."""
    return whole_second(time).replace(tzinfo=None).isoformat() + "Z"


def local_text(time: datetime, zone: tzinfo) -> str:
    """Write an aware time by the clock of a zone, to the minute: ``2026-12-05 22:00 JST``."""
    return f"{time.astimezone(zone):%Y-%m-%d %H:%M %Z}"
