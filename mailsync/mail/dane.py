"""TLSA records for mail (RFC 6698, RFC 7671, RFC 7672): which certificate a mail host presents."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_VALUE = re.compile(r"\s*(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})\s+([0-9A-Fa-f\s]+)\Z", re.ASCII)
_OCTETS = {1: 32, 2: 64}
"""How long a SHA-256 and a SHA-512 are (RFC 6698 §7.4)."""


class BadTlsa(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The text is no TLSA value; the message says why."""


@dataclass(frozen=True, slots=True, order=True)
class Record:
    """Usage, selector, matching type, and the data in lower-case hexadecimal (RFC 6698 §2.1)."""

    usage: int
    selector: int
    matching: int
    data: str


def parse(text: str) -> Record:
    """Read ``3 1 1 8bd1…``. Raises `BadTlsa`."""
    match = _VALUE.match(text)
    if match is None:
        raise BadTlsa(f"{text[:60]!r} is no TLSA: write usage, selector, matching type and data")
    usage, selector, matching = (int(match[group]) for group in (1, 2, 3))
    data = "".join(match[4].split()).lower()
    if usage > 3 or selector > 1 or matching > 2:
        raise BadTlsa(f"{usage} {selector} {matching} is no form of TLSA (RFC 6698 §7)")
    if not data or len(data) % 2:
        raise BadTlsa("the data is an even number of hexadecimal digits (RFC 6698 §2.2)")
    wanted = _OCTETS.get(matching)
    if wanted is not None and len(data) != 2 * wanted:
        raise BadTlsa(
            f"matching type {matching} takes {wanted} octets, not {len(data) // 2} (RFC 6698 §7.4)"
        )
    return Record(usage, selector, matching, data)


def format(record: Record) -> str:  # noqa: A001  # the inverse of parse, as in every module here
    """Write a value as presentation text."""
    return f"{record.usage} {record.selector} {record.matching} {record.data}"


def of_key(spki: bytes) -> str:
    """Write the value ``3 1 1`` of a public key (SubjectPublicKeyInfo, DER; RFC 7672 §3.1.1)."""
    return format(Record(3, 1, 1, hashlib.sha256(spki).hexdigest()))


def objections(record: Record) -> tuple[str, ...]:
    """Say what senders would not use."""
    if record.usage in {0, 1}:
        return (f"usage {record.usage} is not for mail: write 3 1 1 or 2 0 1 (RFC 7672 §3.1.3)",)
    return ()


def owner(host: str) -> str:
    """Give the name at which a mail host's records stand; ``host`` is absolute (RFC 7672 §2.2)."""
    return f"_25._tcp.{host}"


def host_of(name: str) -> str:
    """Give the host whose records stand at a name; the inverse of `owner`."""
    return name.split(".", 2)[2]
