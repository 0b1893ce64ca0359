"""Times as the plan's JSON and messages carry them: UTC, whole seconds, never too early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def whole_second(time: datetime) -> datetime:
    """Round an aware time up to a whole second, in UTC."""
    whole = time.replace(microsecond=0) + timedelta(seconds=bool(time.microsecond))
    return whole.astimezone(UTC)


def time_json(time: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC, whole seconds, rounded up."""
    return whole_second(time).replace(tzinfo=None).isoformat() + "Z"
