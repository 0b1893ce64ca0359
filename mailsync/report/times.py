"""Times as an administrator reads them: weekday, wall clock of the domain, and how long until then.

What something waits for is never shown too early: seconds and minutes are rounded up.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from mailsync.dns.ttl import written

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def moment(time: datetime, timezone: str, now: datetime) -> str:
    """Write a time as ``Sat 2026-12-05 22:00 JST``.

    Times an hour or more ahead of ``now`` are rounded up to the minute; nearer ones (and past
    ones) show their seconds, where they have any.
    """
    coarse = _MINUTE if (time - now).total_seconds() >= _HOUR else 1
    rounded = datetime.fromtimestamp(math.ceil(time.timestamp() / coarse) * coarse, UTC)
    local = rounded.astimezone(ZoneInfo(timezone))
    clock = f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}"
    zone = local.tzname() or ""
    if zone[:1] in "+-":  # places without letters of their own: +0330, say
        zone = f"UTC{zone}"
    return f"{_WEEKDAYS[local.weekday()]} {local.date().isoformat()} {clock} {zone}"


def relative(time: datetime, now: datetime) -> str:
    """Write how long until then, rounded up: ``in 13 d 10 h``, ``in 5 min 20 s``, ``now``."""
    seconds = math.ceil((time - now) / timedelta(seconds=1))
    if seconds <= 0:
        return "now"
    unit = _HOUR if seconds >= _DAY else _MINUTE if seconds >= _HOUR else 1
    return f"in {written(math.ceil(seconds / unit) * unit)}"


def when(time: datetime, timezone: str, now: datetime) -> str:
    """Write a time both ways: ``Sat 2026-12-05 22:00 JST (in 13 d 10 h)``; ``now`` if passed."""
    if time <= now:
        return "now"
    return f"{moment(time, timezone, now)} ({relative(time, now)})"
