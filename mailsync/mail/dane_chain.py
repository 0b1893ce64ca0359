"""TLSA records against the certificates that a mail server presents (RFC 7671 §5, RFC 7672 §3)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from mailsync.mail.certificate import (
    BadCertificate,
    Certificate,
    is_for,
    is_issued_by,
    read,
)
from mailsync.mail.dane import Record

Form = tuple[int, int, int]
"""Usage, selector and matching type: records of one form are alternatives to each other."""


@dataclass(frozen=True, slots=True)
class Match:
    """What records say of a chain.

    ``unusable``: records that mail does not use (usages 0 and 1, RFC 7672 §3.1.3). ``unmatched``:
    forms of which no record matches. ``reasons`` says why a trust anchor that is there does not do.
    """

    matching: tuple[Record, ...]
    unusable: tuple[Record, ...]
    unmatched: tuple[Form, ...]
    reasons: tuple[str, ...] = ()

    @property
    def authenticates(self) -> bool:
        """Tell whether a sender with DANE delivers: one usable record matches (RFC 7672 §2.2)."""
        return bool(self.matching)


def match(
    records: Sequence[Record], chain: Sequence[Certificate], host: str, now: datetime
) -> Match:
    """Compare records with a chain, the server's own certificate first; ``now`` is aware.

    With usage 3 neither names nor dates matter (RFC 7671 §5.1); with usage 2 they do, and every
    signature from the anchor down to the server's certificate (§5.2).
    """
    matching, unusable, reasons = [], [], []
    for record in records:
        if record.usage in {0, 1}:
            unusable.append(record)
        elif record.usage == 3:
            if chain and _fits(record, chain[0]):
                matching.append(record)
        else:
            why = _anchored(record, chain, host, now)
            if not why:
                matching.append(record)
            elif why != _ABSENT:
                reasons.append(why)
    usable = {_form(record) for record in records if record.usage in {2, 3}}
    unmatched = usable - {_form(record) for record in matching}
    return Match(tuple(matching), tuple(unusable), tuple(sorted(unmatched)), tuple(reasons))


_ABSENT = "the anchor is not in the chain"


def _anchored(record: Record, chain: Sequence[Certificate], host: str, now: datetime) -> str:
    """Say why a trust anchor does not vouch for the chain; empty when it does."""
    anchors = [one for one in chain[1:] if _fits(record, one)] or _given(record)
    if not anchors or not chain:
        return _ABSENT
    path = chain[: chain.index(anchors[0])] if anchors[0] in chain else chain
    links = (*path, anchors[0])
    if not is_for(chain[0], host):
        return "the certificate does not name the host (RFC 7672 §3.2.2)"
    if any(not one.not_before <= now <= one.not_after for one in path):
        return "a certificate below the anchor is not valid now"
    if not all(is_issued_by(low, high) for low, high in pairwise(links)):
        return "a signature below the anchor does not hold"
    return ""


def _given(record: Record) -> list[Certificate]:
    """Read an anchor that the record holds as a whole: it need not be sent (RFC 7671 §5.2.1)."""
    if (record.selector, record.matching) != (0, 0):
        return []
    try:
        return [read(bytes.fromhex(record.data))]
    except BadCertificate:
        return []


def _fits(record: Record, certificate: Certificate) -> bool:
    octets = certificate.spki if record.selector == 1 else certificate.der
    if record.matching == 0:
        return octets.hex() == record.data
    digest = hashlib.sha256 if record.matching == 1 else hashlib.sha512
    return digest(octets).hexdigest() == record.data


def _form(record: Record) -> Form:
    return (record.usage, record.selector, record.matching)
