"""A mail server that delivers to the domain (RFC 5321 §5.1): its resolver, policies and queue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum

from mailsync.dns.names import is_at_or_below
from mailsync.dns.rrset import RRset, txt_text
from mailsync.mail import dane, mta_sts
from mailsync.mail import mx as mx_record
from mailsync.mail.mta_sts import Policy
from mailsync.rehearse.resolver import NoAnswer, Resolver
from mailsync.rehearse.services import Servers, Web

RETRIES = (900, 3600, 14400, 43200, 86400, 172800, 345600)
"""When a message that could not be delivered is tried again, in seconds after the first try."""


_REFRESH = 86400
"""How often, in seconds, a sender looks for another policy in any case (RFC 8461 §3.3)."""


class Fate(Enum):
    """What becomes of a message, or of one try."""

    DELIVERED = "delivered"
    DECLINED = "declined"  # the domain says that it takes no mail (null MX), and means it
    LOST = "lost"
    MISDELIVERED = "misdelivered"
    LATER = "later"


@dataclass(slots=True)
class _Cached:
    policy: Policy
    id: str
    until: int
    checked: int


@dataclass
class Sender:
    """One sending server; ``queue`` is how long it keeps trying (seconds).

    ``diligent``: it looks for another policy before it gives up, as RFC 8461 §5.1 asks; one that is
    not looks once a day.
    """

    domain: str
    zone: str
    resolver: Resolver
    servers: Servers
    web: Web
    queue: int = 432000
    diligent: bool = True
    went_to: str = ""
    _policy: _Cached | None = None

    def send(self, at: int) -> tuple[Fate, int]:
        """Deliver one message; give what became of it, and when."""
        fate = self.attempt(at)
        if fate is not Fate.LATER:
            return fate, at
        later = replace(self, resolver=self.resolver.copy())
        for after in RETRIES:
            if after > self.queue:
                break
            fate = later.attempt(at + after)
            if fate is not Fate.LATER:
                return fate, at + after
        return Fate.LOST, at + self.queue

    def prepare(self, at: int) -> None:
        """Fetch the domain's policy, as if mail had been sent before."""
        with suppress(NoAnswer):
            self._enforced(at)

    def attempt(self, at: int) -> Fate:
        """Try once to deliver a message."""
        self.went_to = "no answer"
        try:
            records = self.resolver.answer((self.domain, "MX"), at)
            hosts = self._hosts(records)
            if not hosts:
                return Fate.DECLINED
            policy = self._enforced(at)
            # Hosts are tried in order: the first that answers for good decides (RFC 5321 §5.1).
            for host in self._permitted(hosts, policy, at):
                fate = self._deliver(host, at)
                if fate is not Fate.LATER:
                    return fate
        except NoAnswer:
            pass
        return Fate.LATER

    def _hosts(self, records: RRset | None) -> list[str]:
        if records is None:
            return [self.domain]
        ordered = sorted(mx_record.parse(value) for value in records.values)
        return [record.exchange for record in ordered if not record.is_null]

    def _permitted(self, hosts: list[str], policy: Policy | None, at: int) -> list[str]:
        """Leave out hosts that an enforced policy does not permit (RFC 8461 §4.2)."""
        if policy is None or all(mta_sts.permits(policy, host) for host in hosts):
            return hosts
        permitted = [host for host in hosts if mta_sts.permits(policy, host)]
        if permitted:
            return permitted
        # Before giving up, a sender looks whether there is another policy by now (§5.1).
        if self.diligent:
            self._refresh(at)
        policy = self._enforced(at)
        return [h for h in hosts if policy is None or mta_sts.permits(policy, h)]

    def _deliver(self, host: str, at: int) -> Fate:
        addresses = self._addresses(host, at)
        if addresses is None:
            return Fate.LATER
        self.went_to = host
        if not self._trusted(host, at):
            return Fate.LATER
        for address in addresses:
            if self.servers.takes(host, address, at):
                continue
            return Fate.MISDELIVERED if self.servers.deserted else Fate.LOST
        return Fate.DELIVERED

    def _addresses(self, host: str, at: int) -> list[str | None] | None:
        """Give a host's addresses: one of each family is tried; None where there is none."""
        if not is_at_or_below(host, self.zone):
            return [None]
        found: list[str | None] = []
        for family in ("A", "AAAA"):
            rrset = self.resolver.answer((host, family), at)
            found += rrset.values if rrset is not None else ()
        return found or None

    def _trusted(self, host: str, at: int) -> bool:
        """Tell whether the host's certificate matches its TLSA records (RFC 7672 §2.2)."""
        if not is_at_or_below(host, self.zone):
            return True
        chain = self.servers.chain(host, at)
        records = self.resolver.answer((dane.owner(host), "TLSA"), at)
        if chain is None or records is None:
            return True
        return any(value in chain for value in records.values)

    def _enforced(self, at: int) -> Policy | None:
        """Give the policy that binds this sender now, fetching one where it has none (§5.1)."""
        if self._policy is None or at >= self._policy.until:
            self._policy = None
            self._refresh(at)
        elif at >= self._policy.checked + _REFRESH:
            self._refresh(at)
        kept = self._policy
        return kept.policy if kept is not None and kept.policy.mode == "enforce" else None

    def _refresh(self, at: int) -> None:
        announced = next(self._announced(at), None)
        if self._policy is not None:
            self._policy.checked = at
        if announced is None or (self._policy is not None and announced == self._policy.id):
            return
        policy = self.web.policy(at)
        if policy is not None:
            self._policy = _Cached(policy, announced, at + policy.max_age, at)

    def _announced(self, at: int) -> Iterator[str]:
        rrset = self.resolver.answer((f"_mta-sts.{self.domain}", "TXT"), at)
        for value in rrset.values if rrset is not None else ():
            text = txt_text(value)
            if mta_sts.is_mta_sts(text):
                yield mta_sts.parse_record(text).id
