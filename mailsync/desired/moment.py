"""Times and time zones as files write them: ``2026-12-05T22:00+09:00`` (RFC 3339 §5.6)."""

from __future__ import annotations

import re
import zoneinfo
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<time>\d\d:\d\d(?::\d\d)?)(?P<offset>[Zz]|[+-]\d\d:\d\d)?\Z",
    re.ASCII,
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


class BadTime(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The text is no time; the message says why."""


def moment(text: str, zone: ZoneInfo) -> datetime:
    """Read a time, in UTC; one without an offset is the wall clock's in ``zone``.

    Raises `BadTime`, also for a wall-clock time that comes twice or never (daylight saving).
    """
    match = _MOMENT.match(text)
    if match is None:
        raise BadTime(f"{text[:60]!r} is no time: write such as 2026-12-05T22:00+09:00")
    local = _parsed(f"{match['day']}T{match['time']}")
    try:
        if match["offset"]:
            offset = match["offset"].upper().replace("Z", "+00:00")
            return _parsed(f"{local.isoformat()}{offset}").astimezone(UTC)
        first = local.replace(tzinfo=zone).astimezone(UTC)
        second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
        back = first.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        raise BadTime(f"{text!r} is too far from today") from None
    if back != local:
        raise BadTime(f"{text!r} does not exist in {zone.key}: the clock is put forward then")
    if first != second:
        raise BadTime(f"{text!r} comes twice in {zone.key}: add the offset that is meant")
    return first


def moment_or_day(text: str, zone: ZoneInfo) -> datetime:
    """Read a time, or a day: its first moment in ``zone``, the careful reading. In UTC."""
    if not _DAY.match(text):
        return moment(text, zone)
    try:
        return _parsed(text).replace(tzinfo=zone).astimezone(UTC)
    except OverflowError:
        raise BadTime(f"{text!r} is too far from today") from None


def time_zone(text: str) -> ZoneInfo | None:
    """Find a time zone by its IANA name; None when there is none of that name."""
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        return None


def time_zones() -> list[str]:
    """List the time zones that are known."""
    return sorted(zoneinfo.available_timezones())


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadTime(f"{text!r} is no time: {error}") from None
