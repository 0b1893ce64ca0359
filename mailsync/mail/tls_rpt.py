"""TLS reporting (RFC 8460): where senders report how TLS with the domain went."""

from __future__ import annotations

import re
from dataclasses import dataclass

_VERSION = re.compile(r"v=TLSRPTv1[ \t]*;")
_FIELD = re.compile(r"[ \t]*([A-Za-z0-9][A-Za-z0-9_.-]{0,31})=([ -:<-~\t]+)\Z")
_MAILTO = re.compile(r"mailto:[^\s@;,!]+@[^\s@;,!]+\.[^\s@;,!]+\Z", re.IGNORECASE)
_HTTPS = re.compile(r"https://[^\s;,!/]+(?:/[^\s;,!]*)?\Z", re.IGNORECASE)


class BadTlsRpt(ValueError):  # noqa: N818  # reads as what it is where it is raised
    """The text is no such record; the message says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """The addresses that reports go to (§3): ``mailto:`` or ``https:``, at least one.

    ``extensions``: what nobody knows yet, in its order.
    """

    rua: tuple[str, ...]
    extensions: tuple[tuple[str, str], ...] = ()


def is_tls_rpt(text: str) -> bool:
    """Tell whether senders take a TXT's text for such a record (§3)."""
    return _VERSION.match(text) is not None


def is_address(text: str) -> bool:
    """Tell whether a report can be sent there."""
    return bool(_MAILTO.match(text) or _HTTPS.match(text))


def parse(text: str) -> Record:
    """Read ``v=TLSRPTv1; rua=mailto:tls@example.com``. Raises `BadTlsRpt`."""
    if not is_tls_rpt(text):
        raise BadTlsRpt("no TLS-RPT record: it begins 'v=TLSRPTv1;' (RFC 8460 §3)")
    fields: list[tuple[str, str]] = []
    for piece in text.split(";")[1:]:
        match = _FIELD.match(piece)
        if match is not None:
            fields.append((match[1], match[2].strip(" \t")))
        elif piece.strip(" \t"):
            raise BadTlsRpt(f"{piece.strip()[:40]!r} is no name=value (RFC 8460 §3)")
    found = [value for name, value in fields if name == "rua"]
    if len(found) != 1:
        raise BadTlsRpt("rua= is needed once: where reports go (RFC 8460 §3)")
    addresses = tuple(address.strip(" \t") for address in found[0].split(","))
    for address in addresses:
        if not is_address(address):
            raise BadTlsRpt(f"{address[:60]!r} is no address: write mailto:tls@example.com")
    return Record(addresses, tuple(pair for pair in fields if pair[0] != "rua"))


def format(record: Record) -> str:  # noqa: A001  # the inverse of parse, as in every module here
    """Write a record."""
    fields = (("rua", ",".join(record.rua)), *record.extensions)
    return "v=TLSRPTv1; " + "; ".join(f"{name}={value}" for name, value in fields)
