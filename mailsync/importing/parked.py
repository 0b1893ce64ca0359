"""``mail: none``, where that says just what is live (RFC 7505, M3AAWG on parked domains)."""

from __future__ import annotations

from collections.abc import Sequence

from mailsync.desired.keys import mail
from mailsync.dns.rrset import Key, txt_text, txt_value
from mailsync.importing.model import Entry, Found
from mailsync.importing.nodes import word
from mailsync.mail import mx, spf

_TAKES_MAIL = frozenset({"hosts", "dkim", "autodiscover", "srv", "tlsa", "mta_sts"})
_IMPLIED = {"spf": mail.SPF, "dmarc": mail.DMARC}


def without_mail(found: Found, domain: str, entries: Sequence[Entry]) -> list[Entry]:
    """Put ``mail: none`` in the place of what it stands for; the file's own SPF and DMARC stay.

    Only where all that it stands for is live, with one TTL: it takes none of its own.
    """
    of_domain = {one.key: one for one in entries if one.domain == domain}
    null_key = found.get(f"*._domainkey.{domain}", "TXT")
    null_mx, policy = of_domain.get("mx"), of_domain.get("spf")
    if null_key is None or null_mx is None or policy is None or "dmarc" not in of_domain:
        return list(entries)
    if (
        null_key.values != (txt_value(mail.NULL_KEY),)
        or null_key.ttl != null_mx.ttl
        or _value(null_mx) != mx.format(mx.NULL)
        or spf.sends(spf.parse(txt_text(_value(policy))))
        or _TAKES_MAIL & set(of_domain)
    ):
        return list(entries)
    implied = [null_mx]
    for key, text in _IMPLIED.items():
        one = of_domain[key]
        if one.ttl == null_mx.ttl and _value(one) == txt_value(text):
            implied.append(one)
    live: dict[Key, tuple[str, ...]] = {null_key.key: null_key.values}
    for one in implied:
        live.update(one.live)
    none = Entry(domain, "mail", None, (word("none"),), live, null_mx.ttl)
    return [none, *(one for one in entries if one not in implied)]


def _value(one: Entry) -> str:
    """Give the first value of an entry of one RRset; a null MX and a policy have no other."""
    (values,) = one.live.values()
    return values[0]
