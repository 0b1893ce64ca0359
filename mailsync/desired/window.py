"""The window of a cutover: ``Sat-Sun 00:00-24:00; Mon,Wed 22:00-04:00``, or ``always``."""

from __future__ import annotations

import re

from mailsync.desired.model import Opening, Window

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_ENTRY = re.compile(
    r"(?:(?P<days>[a-z,\s-]+?)\s+)?(?P<start>\d\d?:\d\d)\s*-\s*(?P<end>\d\d?:\d\d)\Z", re.ASCII
)
_DAY_MINUTES = 1440


class BadWindow(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The text is no window; the message says why."""


def parse(text: str) -> Window:
    """Read a window; openings over midnight go on into the next day. Raises `BadWindow`."""
    if text.strip().lower() == "always":
        return Window((), text.strip())
    openings = [opening for entry in text.split(";") for opening in _openings(entry.strip())]
    return Window(tuple(openings), text.strip())


def _openings(entry: str) -> tuple[Opening, ...]:
    match = _ENTRY.match(entry.lower())
    if match is None:
        raise BadWindow(
            f"{entry[:60]!r} is no window: write such as 'Sat-Sun 00:00-24:00', "
            "'Mon,Wed 22:00-04:00', or always"
        )
    days = _days(match["days"]) if match["days"] else frozenset(range(7))
    start, end = _minute(match["start"]), _minute(match["end"])
    if start in {end, _DAY_MINUTES}:
        raise BadWindow(f"{entry!r} is never open: a whole day is 00:00-24:00")
    if start < end:
        return (Opening(days, start, end),)
    evening = Opening(days, start, _DAY_MINUTES)
    if not end:
        return (evening,)
    return (evening, Opening(frozenset((day + 1) % 7 for day in days), 0, end))


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = (word.strip() for word in part.partition("-"))
        start, end = _day(first), _day(last or first)
        found.update((start + ahead) % 7 for ahead in range((end - start) % 7 + 1))
    return frozenset(found)


def _day(word: str) -> int:
    if word not in DAYS:
        raise BadWindow(f"{word[:20]!r} is no day of the week: write Mon, Tue, Wed, Thu, Fri …")
    return DAYS.index(word)


def _minute(text: str) -> int:
    hour, minute = (int(part) for part in text.split(":"))
    if minute > 59 or hour * 60 + minute > _DAY_MINUTES:
        raise BadWindow(f"{text!r} is no time of the day: 00:00 to 24:00")
    return hour * 60 + minute
