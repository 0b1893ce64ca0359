"""``mail: none``, where that says just what is live (RFC 7505, M3AAWG on parked domains)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mailsync.desired.faults import Faults
from mailsync.dns.rrset import Key, txt_text
from mailsync.importing import layout
from mailsync.importing.draft import FILE, drafted
from mailsync.importing.model import Entry, Found, Loader
from mailsync.importing.nodes import word
from mailsync.mail import spf

_SAYS_MORE = frozenset({"spf", "dmarc"})
"""What a file may say itself beside ``mail: none``."""

_BESIDE = frozenset({*_SAYS_MORE, "mx", "tls_rpt", "verification", "records"})


def without_mail(
    found: Found, domain: str, entries: Sequence[Entry], loader: Loader
) -> list[Entry]:
    """Put ``mail: none`` in the place of what it stands for; the file's own SPF and DMARC stay.

    Only where all that it stands for is live, with one TTL: it takes none of its own.
    """
    of_domain = {one.key: one for one in entries if one.domain == domain}
    mx = of_domain.get("mx")
    if mx is None or not set(of_domain) <= _BESIDE or _sends(of_domain.get("spf")):
        return list(entries)
    none = Entry(domain, "mail", None, (word("none"),), {}, mx.ttl)
    meant = _meant(found, none, loader)
    live: dict[Key, tuple[str, ...]] = {}
    for key, values in meant.items():
        rrset = found.rrsets.get(key)
        own = next((one for one in entries if one.key in _SAYS_MORE and key in one.live), None)
        held = () if rrset is None else rrset.values if own is None else own.live[key]
        if rrset is not None and rrset.ttl == mx.ttl and held == values:
            live[key] = values
        elif own is None:
            return list(entries)
    stays = [one for one in entries if not set(one.live.items()) <= set(live.items())]
    return [Entry(domain, "mail", None, none.forms, live, mx.ttl), *stays]


def _sends(one: Entry | None) -> bool:
    """Tell whether SPF lets anybody send: who takes no mail sends none (RFC 7505 §4.2)."""
    values = () if one is None else [value for values in one.live.values() for value in values]
    return any(spf.sends(spf.parse(txt_text(value))) for value in values)


def _meant(found: Found, none: Entry, loader: Loader) -> Mapping[Key, tuple[str, ...]]:
    """Let the loader say what ``mail: none`` stands for."""
    draft = drafted(found.zone, [none], (), {}, (none.ttl, loader.ttl))
    root = layout.tree(draft.pieces, FILE)
    read = loader.read(found.zone, root, Faults(), alone=True)
    return {(wish.name, wish.type): wish.values for one in read for wish in one.wishes}
