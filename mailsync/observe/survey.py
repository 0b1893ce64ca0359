"""What of a zone's mail its name servers show to whoever asks: the usual names, one by one.

DNS has no listing: what is not asked for is not found, above all DKIM selectors. What a wildcard
answers (RFC 4592) is no record of the name that was asked for, and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import dns.message
import dns.rdatatype
import dns.resolver

from mailsync.dns.names import is_at_or_below, shown
from mailsync.dns.rrset import BadValue, Key, RRset, txt_text
from mailsync.errors import MailsyncError
from mailsync.mail import dane, mx, spf, srv
from mailsync.observe.delegation import Finder, LookupFailed, system_resolver
from mailsync.observe.question import (
    Alias,
    Patience,
    Server,
    Silence,
    ask,
    authoritative,
    served,
    soa_negative_ttl,
)
from mailsync.observe.zones import Zones

_THREADS = 8
_ROUNDS = 4
"""How often what was found may lead to further names."""

_NAMES_MAX = 100
"""Names that one round may lead to."""

_WILD_TYPES = ("A", "AAAA", "CNAME", "MX", "SRV", "TLSA", "TXT")


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found. ``synthesised``: names whose answers are a wildcard's, and were left out.

    ``unanswered``: what no server answered, in words.
    """

    rrsets: Mapping[Key, RRset]
    synthesised: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()


def survey(
    zone: str,
    selectors: Iterable[str],
    nameservers: Sequence[tuple[str, int]] | None = None,
    *,
    resolver: dns.resolver.Resolver | None = None,
    ports: Mapping[str, int] | None = None,
    patience: Patience | None = None,
) -> Survey:
    """Ask a zone's authoritative servers for its mail; ``zone`` is an absolute name.

    ``selectors``: the DKIM selectors to ask for. ``nameservers``: whom to ask, as (address or name,
    port); None: whom the zone is delegated to. Raises `MailsyncError` where nobody answers.
    """
    patience = patience or Patience()
    try:
        resolver = resolver or system_resolver(patience.timeout)
    except LookupFailed as error:
        raise MailsyncError(str(error), where=shown(zone)) from None
    finder = Finder(resolver, ports or {}, patience)
    found = Zones(finder, nameservers, frozenset({zone})).find(zone)
    if found.fault:
        why = f"its name servers cannot be found: {found.fault}"
        raise MailsyncError(why, where=shown(zone))
    return _Asker(zone, _alive(zone, found.servers, patience), patience).survey(selectors)


def _alive(zone: str, servers: Sequence[Server], patience: Patience) -> tuple[Server, ...]:
    """Give the servers, the first that answers for the zone in front."""
    faults = []
    for server in servers:
        reply = ask(server, zone, "SOA", patience)
        fault = authoritative(reply)
        if not isinstance(reply, Silence) and not fault:
            if soa_negative_ttl(reply, zone) is not None:
                return (server, *(other for other in servers if other != server))
            fault = "has no SOA there: it is no zone of its own"
        faults.append(f"{server} {fault}")
    detail = "; ".join(faults[:3]) or "it has none"
    raise MailsyncError(f"none of its name servers answers for it: {detail}", where=shown(zone))


class _Asker:
    """Asks one zone's servers, and keeps what they said."""

    def __init__(self, zone: str, servers: tuple[Server, ...], patience: Patience) -> None:
        self._zone = zone
        self._servers = servers
        self._patience = patience
        self._found: dict[Key, RRset] = {}
        self._synthesised: dict[str, None] = {}
        self._unanswered: dict[str, None] = {}
        self._wild: dict[Key, RRset] = {}

    def survey(self, selectors: Iterable[str]) -> Survey:
        """Ask for the wildcards, then the usual names, then those that these lead to."""
        zone = self._zone
        for branches in ((zone,), (f"_domainkey.{zone}", f"_tcp.{zone}")):
            # The upper one answers for the lower ones, too.
            self._ask((f"*.{branch}", rdtype) for branch in branches for rdtype in _WILD_TYPES)
            self._wild = dict(self._found)
        asked = set(self._usual(selectors))
        self._ask(asked)
        for _ in range(_ROUNDS):
            further = [key for key in dict.fromkeys(self._led_to()) if key not in asked]
            asked.update(further[:_NAMES_MAX])
            self._ask(further[:_NAMES_MAX])
        return Survey(
            dict(sorted(self._found.items())), tuple(self._synthesised), tuple(self._unanswered)
        )

    def _usual(self, selectors: Iterable[str]) -> Iterator[Key]:
        zone = self._zone
        yield from ((zone, rdtype) for rdtype in ("MX", "TXT", "A", "AAAA"))
        yield from (
            (f"{name}.{zone}", "TXT")
            for name in ("_dmarc", "_mta-sts", "_smtp._tls", "default._bimi", "_domainkey")
        )
        yield from ((f"autodiscover.{zone}", rdtype) for rdtype in ("A", "AAAA"))
        yield from ((f"_{service}._tcp.{zone}", "SRV") for service in srv.SERVICES)
        yield from ((f"{selector}._domainkey.{zone}", "TXT") for selector in selectors)

    def _led_to(self) -> Iterator[Key]:
        """Give the RRsets in the zone that what was found names: hosts, and what SPF includes."""
        for (name, rdtype), rrset in list(self._found.items()):
            for value in rrset.values:
                for led in _names(rdtype, value):
                    if is_at_or_below(led, self._zone):
                        yield from _about(led, rdtype)
            if rdtype in {"A", "AAAA"} and name != self._zone:
                yield (dane.owner(name), "TLSA")

    def _ask(self, keys: Iterable[Key]) -> None:
        with ThreadPoolExecutor(_THREADS) as pool:
            for rrsets, silent in pool.map(self._answer, list(keys)):
                for rrset in rrsets:
                    if self._is_synthesised(rrset):
                        self._synthesised[shown(rrset.name)] = None
                    else:
                        self._found[rrset.key] = rrset
                if silent:
                    self._unanswered[silent] = None

    def _answer(self, key: Key) -> tuple[tuple[RRset, ...], str]:
        """Give what the first server that answers says; else why none did."""
        fault = ""
        for server in self._servers:
            reply = ask(server, *key, self._patience)
            if isinstance(reply, Silence):
                fault = fault or f"{server} {reply.reason}"
                continue
            cut = _cut(reply, self._zone, key[0])
            if cut is not None:
                return (cut,), ""
            if why := authoritative(reply):
                fault = fault or f"{server} {why}"
                continue
            said = served(reply, key)
            if isinstance(said, Alias):
                said = RRset(key[0], "CNAME", said.ttl, (said.target,))
            return (() if said is None else (said,)), ""
        return (), f"{shown(key[0])} {key[1]}: {fault}"

    def _is_synthesised(self, rrset: RRset) -> bool:
        """Tell whether an answer says just what a wildcard above its name would."""
        above = rrset.name
        while above != self._zone and "." in above:
            above = above.partition(".")[2]
            wild = self._wild.get((f"*.{above}", rrset.type))
            if wild is not None and wild.name != rrset.name:
                return wild.values == rrset.values
        return False


def _names(rdtype: str, value: str) -> tuple[str, ...]:
    """Give the names to which a value leads mail, clients or judges of SPF."""
    try:
        if rdtype == "MX":
            return (mx.parse(value).exchange,)
        if rdtype == "SRV":
            return (srv.parse(value).target,)
        if rdtype != "TXT":
            return ()
        record = spf.parse(txt_text(value))
    except (mx.BadMx, srv.BadSrv, spf.BadSpf, BadValue):
        return ()
    names = [m.argument[1:] for m in record.mechanisms if m.name == "include"]
    names += [record.redirect] if record.redirect is not None else []
    return tuple(f"{name.lower().rstrip('.')}." for name in names if "%" not in name)


def _about(name: str, rdtype: str) -> tuple[Key, ...]:
    return ((name, "TXT"),) if rdtype == "TXT" else ((name, "A"), (name, "AAAA"))


def _cut(reply: dns.message.Message, zone: str, name: str) -> RRset | None:
    """Give the delegation to which a referral leads, where it lies below the zone's apex."""
    for found in reply.authority:
        owner = found.name.to_text().lower()
        below = owner != zone and is_at_or_below(owner, zone) and is_at_or_below(name, owner)
        if found.rdtype == dns.rdatatype.NS and below:
            values = tuple(rdata.to_text().lower() for rdata in found)
            return RRset(owner, "NS", found.ttl, values)
    return None
