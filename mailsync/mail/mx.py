"""MX records (RFC 5321 §5.1), and the null MX of a domain that takes no mail (RFC 7505)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_VALUE = re.compile(r"\s*(\d{1,10})\s+(\S+)\s*\Z", re.ASCII)
_PREFERENCE_MAX = 65535


class BadMx(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The text is no MX value; the message says why."""


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """One MX value: senders try the lowest preference first; ``exchange`` is a host's name."""

    preference: int
    exchange: str

    @property
    def is_null(self) -> bool:
        """Tell whether it says that the domain takes no mail (RFC 7505 §3)."""
        return self.exchange == "."


NULL = Record(0, ".")
"""The null MX (RFC 7505 §3): it must be the only value, with preference 0."""


@lru_cache(maxsize=4096)
def parse(text: str) -> Record:
    """Read ``10 mx1.example.net.``; the exchange stays as written. Raises `BadMx`."""
    match = _VALUE.match(text)
    if match is None:
        raise BadMx(f"{text!r} is no MX value: write a preference and a host, such as '10 mx1'")
    preference = int(match[1])
    if preference > _PREFERENCE_MAX:
        raise BadMx(f"preference {preference} is over {_PREFERENCE_MAX} (RFC 1035 §3.3.9)")
    return Record(preference, match[2])


def format(record: Record) -> str:  # noqa: A001  # the inverse of parse, as in every module here
    """Write a value as presentation text."""
    return f"{record.preference} {record.exchange}"
