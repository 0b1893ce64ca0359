"""A small internet for looks at domains: one name server for all, and mail servers beside it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype

from mailsync.observe.delegation import Finder
from mailsync.observe.gather import Gatherer, Settings
from mailsync.observe.question import Patience, Server
from mailsync.observe.resolving import Lookups, Planned, dnspython_resolver
from mailsync.observe.zones import Zones

from .fakes import FakeServer, reply

NOW = datetime(2026, 11, 25, 3, 0, tzinfo=UTC)
QUICK = Patience(timeout=0.3, tries=1)
SOA = "example.com. 3600 SOA ns1.example.com. h.example.com. 7 7200 3600 2419200 900"


class Internet:
    """Answers for ``records`` (lines such as ``a.example. 60 A 192.0.2.1``), whatever the zone.

    Asked with RD it is a resolver, and follows aliases; asked without, the zone's own server.
    ``broken``: names for which it answers SERVFAIL; with ``bogus`` only to whoever validates.
    """

    def __init__(self, *records: str, address: str = "127.0.0.1") -> None:
        self.records = list(records)
        self.broken: set[str] = set()
        self.bogus: set[str] = set()
        self.secure = False
        self.server = FakeServer(self._answering, address)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.server)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    @property
    def resolver(self) -> Server:
        """It, as a resolver."""
        return Server(self.server.address, self.server.address, self.server.port)

    def asked(self, *, recursive: bool) -> set[tuple[str, str]]:
        """The questions that came, with RD or without."""
        return {
            (question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype))
            for query in self.server.queries
            if bool(query.flags & dns.flags.RD) == recursive
            for question in query.question
        }

    def lookups(self, planned: Planned | None = None, zones: Zones | None = None) -> Lookups:
        """Whoever asks it as a resolver."""
        direct = None if zones is None else zones.ask
        return Lookups((self.resolver,), QUICK, planned, direct)

    def zones(self, *ours: str) -> Zones:
        """Whoever takes it for the server of these zones."""
        finder = Finder(dnspython_resolver((self.resolver,), QUICK), {}, QUICK)
        where = ((self.server.address, self.server.port),)
        return Zones(finder, where, frozenset(ours))

    def gatherer(
        self, settings: Settings | None = None, planned: Planned | None = None, zone: str = ""
    ) -> Gatherer:
        """Whoever looks at domains in it."""
        zones = self.zones(zone or "example.com.")
        chosen = settings or Settings(seconds=5, patience=QUICK, canaries=(self.resolver,))
        return Gatherer(chosen, self.lookups(planned, zones), zones, lambda: NOW)

    def _answering(self, query: dns.message.Message, tcp: bool) -> bytes:
        question = query.question[0]
        name, rdtype = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
        recursive = bool(query.flags & dns.flags.RD)
        unchecked = bool(query.flags & dns.flags.CD)
        if name in self.broken or (name in self.bogus and recursive and not unchecked):
            return reply(query, rcode=dns.rcode.SERVFAIL).to_wire()
        found = self._found(name, rdtype, follow=recursive)
        message = reply(query, *found, rcode=self._rcode(name), aa=not recursive)
        if recursive and self.secure:
            message.flags |= dns.flags.AD
        return message.to_wire(max_size=65535)

    def _found(self, name: str, rdtype: str, *, follow: bool) -> list[str]:
        for _ in range(9):
            found = self._at(name, rdtype)
            alias = self._at(name, "CNAME")
            if found or not alias:
                return found
            if not follow:
                return alias
            target = alias[0].split(" ")[3]
            return [*alias, *self._found(target, rdtype, follow=True)][:20]
        return []

    def _at(self, name: str, rdtype: str) -> list[str]:
        return [line for line in self.records if line.split(" ")[:3:2] == [name, rdtype]]

    def _rcode(self, name: str) -> dns.rcode.Rcode:
        owners = {line.split(" ")[0] for line in self.records}
        exists = any(owner == name or owner.endswith(f".{name}") for owner in owners)
        return dns.rcode.NOERROR if exists else dns.rcode.NXDOMAIN


def mail_domain(*more: str, mx: Iterable[str] = ("10 mx1.example.com.",)) -> tuple[str, ...]:
    """The records of a domain that is in order, and more."""
    return (
        SOA,
        "example.com. 3600 NS ns1.example.com.",
        "ns1.example.com. 3600 A 127.0.0.1",
        *(f"example.com. 3600 MX {value}" for value in mx),
        'example.com. 3600 TXT "v=spf1 ip4:192.0.2.10 -all"',
        '_dmarc.example.com. 3600 TXT "v=DMARC1; p=none; rua=mailto:dmarc@example.com"',
        *more,
    )
