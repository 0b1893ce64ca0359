"""RRsets (RFC 2181 §5): an owner name, a type, one TTL, and values in presentation text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.txtbase
import dns.tokenizer

Key = tuple[str, str]
"""Which RRset: (absolute owner name, type)."""

_STRING_OCTETS = 255
"""The longest character-string (RFC 1035 §3.3)."""

_PLAIN = re.compile(rb"[ !#-\[\]-~]*\Z")
"""Octets that stand for themselves between quotes."""


class BadValue(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The text is no value of that type; the message says why."""


@dataclass(frozen=True, slots=True, order=True)
class RRset:
    """One RRset; two are equal when name, type, TTL and the set of values are.

    ``name`` is absolute (see `names`), ``ttl`` in seconds, ``values`` are sorted and canonical
    (see `canonical`). An RRset holds at least one value: absence is ``None`` instead of an RRset.
    """

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        """Sort the values and drop repeated ones (RFC 2181 §5)."""
        if not self.values:
            msg = f"{self.name} {self.type}: an RRset without a value"
            raise BadValue(msg)
        object.__setattr__(self, "values", tuple(sorted(set(self.values))))

    @property
    def key(self) -> Key:
        """Which RRset this is a version of."""
        return (self.name, self.type)

    def with_ttl(self, ttl: int) -> RRset:
        """Give the same values another TTL (seconds)."""
        return replace(self, ttl=ttl)


@lru_cache(maxsize=4096)
def canonical(rdtype: str, text: str) -> str:
    """Write a value the one way mailsync compares it: names absolute and lower case, TXT joined.

    ``text`` is presentation text with absolute names (RFC 1035 §5). The boundaries between a TXT's
    character-strings carry no meaning (RFC 7208 §3.3, 6376 §3.6.2.2) and many DNS hosts do not
    show them: strings are cut anew at 255 octets. Types that dnspython does not know are kept as
    they are. Raises `BadValue`.
    """
    try:
        number = dns.rdatatype.from_text(rdtype)
        rdata = dns.rdata.from_text(
            dns.rdataclass.IN, number, text, origin=dns.name.root, relativize=False
        )
    except (dns.exception.DNSException, ValueError) as error:
        if isinstance(error, dns.rdatatype.UnknownRdatatype):
            return text
        msg = f"{text!r} is no {rdtype} value: {str(error).rstrip('.') or type(error).__name__}"
        raise BadValue(msg) from None
    if isinstance(rdata, dns.rdtypes.txtbase.TXTBase):
        return txt_value(b"".join(rdata.strings))
    shown = rdata.to_text()
    return shown.lower() if rdtype in _NAMES_ONLY else shown


_NAMES_ONLY = frozenset({"MX", "CNAME", "DNAME", "NS", "PTR", "SRV", "A", "AAAA", "TLSA"})


def txt_value(text: str | bytes) -> str:
    """Write a TXT's text as presentation text: quoted strings of at most 255 octets.

    ``str`` is taken as Latin-1, octet for character, so `txt_text` is the inverse.
    """
    octets = text.encode("latin-1") if isinstance(text, str) else text
    pieces = [
        octets[start : start + _STRING_OCTETS]
        for start in range(0, max(len(octets), 1), _STRING_OCTETS)
    ]
    return " ".join(f'"{_written(piece)}"' for piece in pieces)


def _written(piece: bytes) -> str:
    if _PLAIN.match(piece):
        return piece.decode("ascii")
    return "".join(map(_escaped, piece))


def _escaped(octet: int) -> str:
    char = chr(octet)
    if char in '"\\':
        return "\\" + char
    return char if " " <= char <= "~" else f"\\{octet:03d}"


@lru_cache(maxsize=4096)
def txt_text(value: str) -> str:
    """Read the text of a TXT's presentation text, its strings joined; the inverse of `txt_value`.

    Octets come back as Latin-1 characters. Raises `BadValue`.
    """
    try:
        rdata = dns.rdata.from_text("IN", "TXT", value)
    except dns.exception.DNSException as error:
        msg = f"{value!r} is no TXT value: {error}"
        raise BadValue(msg) from None
    strings: tuple[bytes, ...] = rdata.strings  # type: ignore[attr-defined]  # a TXT has them
    return b"".join(strings).decode("latin-1")
