"""The MTA-STS policy as a version among others: published over HTTPS, kept by senders.

RFC 8461 §3.3: a sender keeps the policy that it fetched for ``max_age``, which is a TTL in all but
name. In the ledger it stands under a type that the DNS does not have.
"""

from __future__ import annotations

from mailsync.dns.rrset import Key, RRset
from mailsync.mail.mta_sts import MODES, Policy

TYPE = "MTA-STS"


def key(domain: str) -> Key:
    """Give the key under which the ledger keeps the policies of a domain (an absolute name)."""
    return (f"mta-sts.{domain}", TYPE)


def as_rrset(domain: str, policy: Policy) -> RRset:
    """Write a policy as a version; its TTL is ``max_age``."""
    values = (f"mode: {policy.mode}", *(f"mx: {pattern}" for pattern in policy.mx))
    return RRset(*key(domain), policy.max_age, values)


def of_rrset(version: RRset) -> Policy:
    """Read a policy back; the inverse of `as_rrset`."""
    modes = [mode for mode in MODES if f"mode: {mode}" in version.values]
    patterns = tuple(v.removeprefix("mx: ") for v in version.values if v.startswith("mx: "))
    return Policy(modes[0], version.ttl, patterns)
