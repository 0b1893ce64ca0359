"""What ``prune`` removes: the live records of a kind that a domain's file does not name.

Each becomes a wish for absence, as if the file said so, and goes through its kind's choreography.
Only what can be told to be of that kind, and this domain's, is taken: of TXT RRsets those values
that say so themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from mailsync.desired.model import Desired, Kind, Wish
from mailsync.dns.names import is_at_or_below
from mailsync.dns.rrset import RRset, txt_text
from mailsync.mail import bimi, dkim, dmarc, mta_sts, spf, srv, tls_rpt
from mailsync.mail.spf_split import PARTS_MAX, is_part, part_name
from mailsync.plan import abroad
from mailsync.plan.live import Live

_SHARING = frozenset({"spf", "verification"})
"""Kinds that have values of their own in an RRset which they share."""


def expanded(desired: Desired, live: Live) -> Desired:
    """Add what ``prune`` removes to what a domain's file asks for; the same again changes nothing.

    Of a kind that it prunes, the file then speaks. Parts of a split SPF record that are left over
    go in the same way.
    """
    desired = _without_old_parts(desired, live)
    if not desired.pruned:
        return desired
    others = abroad.siblings(desired.zone, live.neighbours)
    named = {(wish.name, wish.type, wish.kind) for wish in desired.wishes}
    whole = {(wish.name, wish.type) for wish in desired.wishes if wish.kind not in _SHARING}
    whole |= abroad.siblings_keys(desired.zone, live.neighbours)
    selectors = {wish.name for wish in desired.wishes if wish.kind == "dkim"}
    added = [
        Wish(kind, rrset.name, rrset.type, (), rrset.ttl, desired.place)
        for key in sorted(desired.pruned)
        for kind, rrset in _of_key(key, desired, live)
        if (rrset.name, rrset.type, kind) not in named
        and rrset.key not in whole
        and rrset.name not in selectors
        and not _elsewhere(rrset.name, desired.domain, others)
    ]
    wishes = sorted((*desired.wishes, *added), key=lambda one: (one.name, one.type, one.kind))
    return replace(desired, wishes=tuple(wishes), kinds=desired.kinds | desired.pruned)


def _without_old_parts(desired: Desired, live: Live) -> Desired:
    """Add the parts of a split SPF record that it does not need any more, as if said absent.

    The names are its own, and what stands there is as mailsync writes parts: addresses alone.
    """
    named = {(wish.name, wish.type) for wish in desired.wishes}
    added = [
        Wish("spf", key[0], "TXT", (), live.rrsets[key].ttl, wish.place)
        for wish in desired.wishes
        if wish.kind == "spf" and wish.split
        for number in range(1, PARTS_MAX + 1)
        if (key := (part_name(number, wish.name), "TXT")) in live.rrsets and key not in named
        if any(is_part(txt_text(value)) for value in live.rrsets[key].values)
    ]
    if not added:
        return desired
    wishes = sorted((*desired.wishes, *added), key=lambda one: (one.name, one.type, one.kind))
    return replace(desired, wishes=tuple(wishes))


def _elsewhere(name: str, domain: str, others: tuple[str, ...]) -> bool:
    """Tell whether a name belongs to another mail domain below this one."""
    below = (other for other in others if is_at_or_below(other, domain))
    return any(is_at_or_below(name, other) for other in below)


def _of_key(key: str, desired: Desired, live: Live) -> Iterator[tuple[Kind, RRset]]:
    """Give the live RRsets, of the domain, that a key speaks of."""
    kind, is_one = _KINDS[key]
    for rrset in live.rrsets.values():
        if is_at_or_below(rrset.name, desired.domain) and is_one(rrset, desired.domain):
            yield kind, rrset


def _selector(rrset: RRset, domain: str) -> bool:
    if rrset.key == (f"_domainkey.{domain}", "NS"):
        return True
    if not rrset.name.endswith(f"._domainkey.{domain}"):
        return False
    return rrset.type in {"CNAME", "NS"} or (rrset.type == "TXT" and _all(rrset, _is_key))


def _is_key(text: str) -> bool:
    try:
        dkim.parse(text)
    except dkim.BadDkim:
        return False
    return True


def _logo(rrset: RRset, domain: str) -> bool:
    there = rrset.name.endswith(f"._bimi.{domain}")
    return there and rrset.type == "TXT" and _all(rrset, bimi.is_bimi)


def _service(rrset: RRset, domain: str) -> bool:
    names = {f"_{service}._tcp.{domain}" for service in srv.SERVICES}
    return rrset.type == "SRV" and rrset.name in names


def _certificate(rrset: RRset, _domain: str) -> bool:
    return rrset.type == "TLSA" and rrset.name.startswith("_25._tcp.")


def _alias(rrset: RRset, domain: str) -> bool:
    return rrset.key == (f"autodiscover.{domain}", "CNAME")


def _settings(rrset: RRset, domain: str) -> bool:
    return rrset.name == f"autoconfig.{domain}" and rrset.type in {"A", "AAAA", "CNAME"}


def _text_at(label: str, is_one: Callable[[str], bool]) -> Callable[[RRset, str], bool]:
    def look(rrset: RRset, domain: str) -> bool:
        if rrset.key != (f"{label}{domain}", "TXT"):
            return False
        return any(is_one(txt_text(value)) for value in rrset.values)

    return look


def _all(rrset: RRset, is_one: Callable[[str], bool]) -> bool:
    return all(is_one(txt_text(value)) for value in rrset.values)


_KINDS: dict[str, tuple[Kind, Callable[[RRset, str], bool]]] = {
    "autoconfig": ("autodiscover", _settings),
    "autodiscover": ("autodiscover", _alias),
    "bimi": ("bimi", _logo),
    "dkim": ("dkim", _selector),
    "dmarc": ("dmarc", _text_at("_dmarc.", dmarc.is_dmarc)),
    "mta_sts": ("mta-sts", _text_at("_mta-sts.", mta_sts.is_mta_sts)),
    "spf": ("spf", _text_at("", spf.is_spf)),
    "srv": ("srv", _service),
    "tls_rpt": ("tls-rpt", _text_at("_smtp._tls.", tls_rpt.is_tls_rpt)),
    "tlsa": ("tlsa", _certificate),
}
"""By key: its kind, and whether a live RRset of a domain is of it."""
