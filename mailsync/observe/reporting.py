"""Where a domain's DMARC reports go, and which of these places have to allow it (RFC 9990 §4)."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from mailsync.dns.names import BadName, is_at_or_below, whole
from mailsync.mail import dmarc, tls_rpt

_MAX = 10


def addresses(text: str) -> tuple[str, ...]:
    """Give the mail addresses in ``rua`` and ``ruf`` of a DMARC record, or in a TLS-RPT record."""
    uris: list[str] = []
    if dmarc.is_dmarc(text):
        try:
            record = dmarc.parse(text)
        except dmarc.BadDmarc:
            return ()
        uris = [uri for tag in ("rua", "ruf") for uri in record.get(tag).split(",")]
    elif tls_rpt.is_tls_rpt(text):
        try:
            uris = list(tls_rpt.parse(text).rua)
        except tls_rpt.BadTlsRpt:
            return ()
    return tuple(dict.fromkeys(filter(None, map(_address, uris[:_MAX]))))


def _address(uri: str) -> str:
    try:
        found = urlsplit(uri.strip(" \t"))
    except ValueError:
        return ""
    address = unquote(found.path.partition("!")[0])
    return address if found.scheme.lower() == "mailto" and "@" in address else ""


def outside(text: str, domain: str) -> tuple[str, ...]:
    """Give the domains (absolute names) that get a DMARC record's reports, and are others.

    Whether two domains belong to one organisation, receivers work out from the DNS; here those
    count as one of which one lies below the other.
    """
    found: dict[str, None] = {}
    for address in addresses(text):
        try:
            host = whole(address.rpartition("@")[2])
        except BadName:
            continue
        if not is_at_or_below(host, domain) and not is_at_or_below(domain, host):
            found[host] = None
    return tuple(found)
