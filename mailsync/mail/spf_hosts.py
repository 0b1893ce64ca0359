"""The hosts for which ``mx`` stands in an SPF record (RFC 7208 §5.4), where they are known."""

from __future__ import annotations

from mailsync.mail import spf
from mailsync.mail.spf import Mechanism, Modifier, Record
from mailsync.mail.spf_syntax import host_argument

Hosts = frozenset[tuple[str, str]]
"""Hosts as SPF names them: (``a``, ``ip4`` or ``ip6``, what stands behind its colon)."""

FAMILIES = (("A", "ip4"), ("AAAA", "ip6"))
"""By which mechanism the addresses of a type of record are named."""

_WHOLE = {"ip4": 32, "ip6": 128}


def follows_mx(text: str) -> bool:
    """Tell whether a record lets the MX hosts of its own name pass. Raises `BadSpf`."""
    return any(map(_follows, spf.parse(text).mechanisms))


def beside(text: str, named: Hosts) -> str:
    """Write hosts beside each ``mx`` that lets a record's own hosts pass, with its prefix lengths.

    The record as it is where nothing is missing. Raises `BadSpf`.
    """
    terms: list[Mechanism | Modifier] = []
    record = spf.parse(text)
    for term in record.terms:
        terms.append(term)
        if isinstance(term, Mechanism) and _follows(term):
            written = (_written(term, *one) for one in sorted(named))
            terms += [one for one in written if not _says(text, one)]
    return spf.format(Record(tuple(terms))) if len(terms) > len(record.terms) else text


def _says(text: str, term: Mechanism) -> bool:
    return term in spf.parse(text).terms or spf.covers(text, f"v=spf1 {term} -all")


def _follows(term: Mechanism) -> bool:
    own = term.name == "mx" and not term.argument.startswith(":")
    return own and term.qualifier == "+"


def _written(mx: Mechanism, mechanism: str, value: str) -> Mechanism:
    """Write a host as a mechanism that lets as much send around it as an ``mx`` does."""
    _, (four, six) = host_argument(mx)
    length = {"ip4": four, "ip6": six}.get(mechanism)
    if length is None:
        return Mechanism("+", mechanism, f":{value}{mx.argument}")
    around = "" if length == _WHOLE[mechanism] else f"/{length}"
    return Mechanism("+", mechanism, f":{value}{around}")
