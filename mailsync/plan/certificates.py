"""Certificates that mail hosts present, as versions among others: a TLSA record may ask for them.

In the ledger they stand under a type that the DNS does not have, as the TLSA values that match
them: so it is known when a host was last seen to present an old one.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from mailsync.desired.model import Desired, Wish
from mailsync.dns.rrset import Key, RRset
from mailsync.mail import dane
from mailsync.plan.ledger import History
from mailsync.plan.live import Live

TYPE = "CERTIFICATE"


def key(host: str) -> Key:
    """Give the key under which the ledger keeps what a host (an absolute name) presents."""
    return (host, TYPE)


def as_rrset(host: str, values: tuple[str, ...]) -> RRset:
    """Write the certificates of a host as a version; nobody caches them."""
    return RRset(*key(host), 0, values)


def wanted(desired: Desired, live: Live) -> dict[str, tuple[str, ...]]:
    """Give the hosts whose certificates a file asks for, with all their addresses.

    Those that they have, and those that the file gives them: mail goes to both for a while.
    """
    found = {}
    for wish in desired.wishes:
        if wish.auto:
            host = dane.host_of(wish.name)
            wished = [w for w in desired.wishes if w.name == host and w.type in {"A", "AAAA"}]
            there = [live.get((host, family)) for family in ("A", "AAAA")]
            values = [value for one in (*wished, *there) if one is not None for value in one.values]
            found[host] = tuple(sorted(set(values)))
    return found


def resolved(desired: Desired, live: Live) -> Desired:
    """Put what the hosts present into the wishes for it; the same again changes nothing."""
    if not any(wish.auto for wish in desired.wishes):
        return desired
    return replace(desired, wishes=tuple(_resolved(wish, live) for wish in desired.wishes))


def _resolved(wish: Wish, live: Live) -> Wish:
    if not wish.auto:
        return wish
    seen = live.presented(dane.host_of(wish.name)).values
    return replace(wish, values=tuple(sorted({*wish.values, *seen})))


def presented_last(history: History, values: set[str], now: datetime) -> datetime:
    """Give until when a host may have presented one of these, as far as is known; at worst now."""
    times = [
        version.replaced_at or now
        for version in history.versions
        if version.unseen or (version.rrset is not None and values & set(version.rrset.values))
    ]
    return max(times, default=now)
