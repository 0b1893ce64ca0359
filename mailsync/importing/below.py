"""Mail domains below the zone's own: names that have an MX, a policy or keys of their own."""

from __future__ import annotations

import re

from mailsync.dns.names import is_host
from mailsync.dns.rrset import RRset, txt_text
from mailsync.importing.model import Found
from mailsync.mail import dmarc, spf

_OWNER = re.compile(r"(?:_dmarc|(?:[^.]+\.)*?_domainkey)\.(?P<domain>[^_].*)\Z")


def mail_domains(found: Found) -> tuple[str, ...]:
    """Give the zone, and the names in it that are mail domains; absolute, the zone first."""
    names = {name for rrset in found.rrsets.values() if (name := _domain(rrset)) is not None}
    below = {name for name in names if is_host(name) and found.holds(name)} - {found.zone}
    return (found.zone, *sorted(below, key=lambda name: name.split(".")[::-1]))


def _domain(rrset: RRset) -> str | None:
    """Name the domain whose mail an RRset is about; None where it is about none."""
    if rrset.type == "MX" or (rrset.type == "TXT" and any(map(_is_spf, rrset.values))):
        return rrset.name
    match = _OWNER.match(rrset.name)
    if match is None or rrset.type not in {"TXT", "CNAME", "NS"}:
        return None
    if rrset.name.startswith("_dmarc.") and not any(map(_is_dmarc, rrset.values)):
        return None
    return match["domain"]


def _is_spf(value: str) -> bool:
    return spf.is_spf(txt_text(value))


def _is_dmarc(value: str) -> bool:
    return dmarc.is_dmarc(txt_text(value))
