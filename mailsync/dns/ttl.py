"""Durations: ``300``, ``5m``, ``1h30m``, ``10d``, ``2w``; always whole seconds."""

from __future__ import annotations

import re

TTL_MAX = 2**31 - 1
"""The largest TTL (RFC 2181 §8), in seconds."""

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_PART = re.compile(r"(\d{1,10})([smhdw])")
_WHOLE = re.compile(r"(?:\d{1,10}[smhdw])+\Z")


class BadDuration(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The text is no duration; the message says which forms are."""


def seconds(text: str | int) -> int:
    """Read a duration; a bare number is seconds. Raises `BadDuration` (also over `TTL_MAX`)."""
    raw = str(text).strip().lower() if not isinstance(text, bool) else ""
    if raw.isascii() and raw.isdigit() and len(raw) <= 10:  # digits of TTL_MAX
        total = int(raw)
    elif _WHOLE.match(raw):
        total = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(raw))
    else:
        msg = f"{text!r} is no duration: write seconds, or such as 5m, 1h30m, 10d"
        raise BadDuration(msg)
    if total > TTL_MAX:
        msg = f"{text!r} is longer than {TTL_MAX} s, the largest TTL (RFC 2181 §8)"
        raise BadDuration(msg)
    return total


def written(duration: int) -> str:
    """Write seconds as people do: ``5 min``, ``1 h 30 min``, ``10 d``; the inverse for reading."""
    if duration == 0:
        return "0 s"
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, duration = divmod(duration, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts)
