"""Who takes the domain's mail, who sends it, and until when; times in seconds of the rehearsal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mailsync.dns.rrset import Key
from mailsync.mail.mta_sts import Policy

FOREVER = 2**40
"""A time after everything."""


@dataclass
class Servers:
    """Mail servers: each takes the domain's mail until its end.

    ``host_ends`` and ``address_ends`` name those that end; all others take mail all the time.
    ``deserted``: a server that has ended still takes the mail, into mailboxes that nobody reads;
    otherwise it refuses. ``chains``: for a host, the TLSA records that match the certificate which
    it presents, and from when.
    """

    host_ends: dict[str, int] = field(default_factory=dict)
    address_ends: dict[tuple[str, str], int] = field(default_factory=dict)
    deserted: bool = False
    chains: dict[str, list[tuple[int, frozenset[str]]]] = field(default_factory=dict)

    def takes(self, host: str, address: str | None, at: int) -> bool:
        """Tell whether a host takes the domain's mail at an address; None: wherever it is."""
        if at > self.host_ends.get(host, FOREVER):
            return False
        return address is None or at <= self.address_ends.get((host, address), FOREVER)

    def chain(self, host: str, at: int) -> frozenset[str] | None:
        """Give the TLSA records that match what a host presents; None where nobody ever asked."""
        found = [chain for since, chain in self.chains.get(host, ()) if since <= at]
        return found[-1] if found else None


@dataclass(frozen=True, slots=True)
class Stream:
    """One way in which the domain sends: until ``until``, and from its queue for ``queue`` more.

    ``spf``: a record that lets just this stream send; empty where it is not asked. ``selector`` and
    ``key``: what it signs with, None where it does not. ``proper`` False: it passes nothing, and
    relies on DMARC refusing nothing.
    """

    name: str
    since: int
    until: int
    queue: int
    spf: str = ""
    selector: Key | None = None
    key: tuple[str, ...] = ()
    proper: bool = True


@dataclass
class Web:
    """The MTA-STS policies that HTTPS serves: each from its time on; None is none."""

    policies: list[tuple[int, Policy | None]] = field(default_factory=list)

    def policy(self, at: int) -> Policy | None:
        """Give the policy that is served at a time."""
        found = [policy for since, policy in self.policies if since <= at]
        return found[-1] if found else None

    def ever(self) -> Sequence[Policy]:
        """Give every policy that was ever served."""
        return [policy for _, policy in self.policies if policy is not None]
