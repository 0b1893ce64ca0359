"""The MTA-STS policy as a version among others: published over HTTPS, kept by senders.

RFC 8461 §3.3: a sender keeps the policy that it fetched for ``max_age``, which is a TTL in all but
name. In the ledger it stands under a type that the DNS does not have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from mailsync.desired.model import Desired
from mailsync.dns.rrset import Key, RRset
from mailsync.mail.mta_sts import MODES, Policy
from mailsync.plan.live import Live

TYPE = "MTA-STS"


def key(domain: str) -> Key:
    """Give the key under which the ledger keeps the policies of a domain (an absolute name)."""
    return (f"mta-sts.{domain}", TYPE)


def is_homeless(desired: Desired, live: Live) -> bool:
    """Tell whether the file is yet to create the name of the policy's web server.

    No policy is served then, and nobody is asked for the name: its absence would be remembered.
    """
    name, _ = key(desired.domain)
    types = ("A", "AAAA", "CNAME")
    wished = any(wish.name == name and wish.type in types for wish in desired.wishes)
    return wished and all(live.answering((name, rdtype)) is None for rdtype in types)


def as_rrset(domain: str, policy: Policy) -> RRset:
    """Write a policy as a version; its TTL is ``max_age``."""
    values = (f"mode: {policy.mode}", *(f"mx: {pattern}" for pattern in policy.mx))
    return RRset(*key(domain), policy.max_age, values)


def of_rrset(version: RRset) -> Policy:
    """Read a policy back; the inverse of `as_rrset`."""
    modes = [mode for mode in MODES if f"mode: {mode}" in version.values]
    patterns = tuple(v.removeprefix("mx: ") for v in version.values if v.startswith("mx: "))
    return Policy(modes[0], version.ttl, patterns)


Held = tuple[tuple[str, ...] | None, datetime, datetime | None]
"""Values of the record that announces a policy (None: there is none), and from when until when
somebody may hold them; None is for good."""


def bound(
    policy: Policy,
    served: tuple[datetime, datetime | None],
    records: Sequence[Held],
    refresh: timedelta,
) -> Iterator[tuple[datetime, datetime | None]]:
    """Give from when until when senders may go by a policy (RFC 8461 §3.3, §5.1); None: for good.

    ``served``: from when until when HTTPS serves it. A sender fetches it when a record announces
    one, and keeps it for ``max_age``; within ``refresh`` it looks at the record again, and fetches
    another policy if that has another id by then. Where there is no record any more, it goes by
    what it has.
    """
    since, end = served
    for values, first, gone in records:
        stops = [time for time in (end, gone) if time is not None]
        begin = max(since, first)
        if values is None or (stops and begin >= min(stops)):
            continue
        if not stops:
            yield begin, None
            continue
        fetched = min(stops)
        looked = _looks_until(values, fetched, records, refresh)
        until = fetched + timedelta(seconds=policy.max_age)
        yield begin, until if looked is None else min(until, looked + refresh)


def _looks_until(
    values: tuple[str, ...], fetched: datetime, records: Sequence[Held], refresh: timedelta
) -> datetime | None:
    """Give when whoever looks that often may see the same record, or none, the last time."""
    same = [held for held in records if held[0] is None or held[0] == values]
    looked = fetched
    while True:
        within = [held for held in same if held[1] <= looked + refresh]
        ends = [min(looked + refresh, gone) for _, _, gone in within if gone is not None]
        if len(ends) < len(within):
            return None
        if max(ends, default=looked) <= looked:
            return looked
        looked = max(ends)
