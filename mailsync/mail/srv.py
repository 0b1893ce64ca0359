"""SRV records by which mail clients find their servers (RFC 2782, RFC 6186, RFC 8314 §5.1).

And those of calendars and address books, which mail services often have as well (RFC 6764).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SERVICES = (
    "submission",
    "submissions",
    "imap",
    "imaps",
    "pop3",
    "pop3s",
    "sieve",
    "jmap",
    "autodiscover",
    "caldav",
    "caldavs",
    "carddav",
    "carddavs",
)
"""The services whose names mean something to mail clients, all over TCP."""

_VALUE = re.compile(r"\s*(\d{1,5})\s+(\d{1,5})\s+(\d{1,5})\s+(\S+)\s*\Z", re.ASCII)
_NUMBER_MAX = 65535


class BadSrv(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The text is no SRV value; the message says why."""


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """Priority (the lowest first), weight, port, target; ``.``: not offered (RFC 6186 §3.4)."""

    priority: int
    weight: int
    port: int
    target: str


def parse(text: str) -> Record:
    """Read ``0 1 465 mx1.example.net.``; the target stays as written. Raises `BadSrv`."""
    match = _VALUE.match(text)
    if match is None:
        raise BadSrv(f"{text[:60]!r} is no SRV: write priority, weight, port and a host")
    priority, weight, port = (int(match[group]) for group in (1, 2, 3))
    for number in (priority, weight, port):
        if number > _NUMBER_MAX:
            raise BadSrv(f"{number} is over {_NUMBER_MAX} (RFC 2782)")
    return Record(priority, weight, port, match[4])


def format(record: Record) -> str:  # noqa: A001  # the inverse of parse, as in every module here
    """Write a value as presentation text."""
    return f"{record.priority} {record.weight} {record.port} {record.target}"
