"""Asking every authoritative server of a zone what it serves, and whether it is the right one."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import dns.message
import dns.rdatatype
import dns.resolver

from mailsync.dns.names import is_at_or_below, shown
from mailsync.dns.rrset import Key, RRset, txt_text
from mailsync.errors import HostError
from mailsync.observe.delegation import (
    Delegation,
    Finder,
    LookupFailed,
    NotDelegated,
    system_resolver,
)
from mailsync.observe.interface import Sighting
from mailsync.observe.question import (
    Alias,
    Patience,
    Reply,
    Server,
    Silence,
    answered,
    ask,
    authoritative,
    canonical_text,
    referred,
    served,
    soa_negative_ttl,
)
from mailsync.plan.live import ServedPolicy
from mailsync.plan.model import Gate, GateState

_THREADS = 16
"""Questions that are under way at once, for one zone."""

_REMEMBERED = 300.0
"""Seconds for which a zone's delegation is not looked up again."""

_MUTE = 1.0
"""Seconds for which a server that did not answer is not waited for again."""

_COMPARED_MAX = 40
"""RRsets by which servers are recognised where the host's listing does not name them."""

_SHOWN_SERVERS = 4
_SHOWN_VALUES = 120


@dataclass(frozen=True, slots=True)
class _Muster:
    """Who serves a zone and how each answered for its SOA."""

    alive: tuple[Server, ...]
    faults: Mapping[Server, str]
    negative_ttl: int | None
    notes: tuple[str, ...] = ()


class AuthoritativeObserver:
    """An `Observer` that asks every authoritative server, at every address.

    ``nameservers``: whom to ask, as (address or name, port); None: whom the zone is delegated to.
    ``resolver`` finds names and addresses (None: the system's). ``ports``: the port of a delegated
    server's address, where it is not 53. ``patience`` bounds each question.
    """

    def __init__(
        self,
        nameservers: Sequence[tuple[str, int]] | None = None,
        *,
        resolver: dns.resolver.Resolver | None = None,
        ports: Mapping[str, int] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._nameservers = nameservers
        self._resolver = resolver
        self._ports = ports or {}
        self._patience = patience or Patience()
        self._found: dict[str, tuple[float, Delegation]] = {}
        self._mute: dict[str, tuple[float, _Muster]] = {}

    def sight(self, zone: str, expected: Mapping[Key, RRset | None]) -> Sighting:
        """Ask every server for each RRset, and for the SOA.

        Types that DNS does not know (a DNS host's own, such as ALIAS) cannot be asked for and never
        lag.
        """
        asked = {key: rrset for key, rrset in expected.items() if _in_dns(key)}
        try:
            muster = self._muster(zone)
        except (LookupFailed, NotDelegated) as error:
            return Sighting(dict.fromkeys(asked, f"the zone's servers are not known: {error}"))
        texts: dict[Key, list[str]] = {key: [] for key in asked}
        for server, fault in muster.faults.items():
            for found in texts.values():
                found.append(f"{server} {fault}")
        for server, key, fault in self._differing(zone, muster.alive, asked):
            texts[key].append(f"{server} {fault}")
        lagging = {key: _listed(sorted(found)) for key, found in texts.items() if found}
        return Sighting(lagging, muster.negative_ttl)

    def answers(self, zone: str, keys: Sequence[Key]) -> Mapping[Key, tuple[RRset | None, ...]]:
        """Ask every server for each RRset; give each different version that some server serves.

        Servers that do not answer with authority are left out: `sight` names them. A name below a
        delegation gives that delegation's NS. Raises `HostError` where no server answers.
        """
        try:
            muster = self._muster(zone)
        except (LookupFailed, NotDelegated) as error:
            raise HostError(f"its servers are not known: {error}", where=shown(zone)) from None
        if not muster.alive:
            faults = _listed(f"{server} {fault}" for server, fault in muster.faults.items())
            raise HostError(f"no authoritative server answers: {faults}", where=shown(zone))
        questions = [(server, key) for key in keys if _in_dns(key) for server in muster.alive]
        with ThreadPoolExecutor(_THREADS) as pool:
            replies = pool.map(lambda each: self._ask(*each), questions)
        found: dict[Key, dict[RRset | None, None]] = {}
        for (_, key), reply in zip(questions, replies, strict=True):
            for about, version in answered(reply, key, zone):
                found.setdefault(about, {})[version] = None
        return {key: tuple(versions) for key, versions in found.items()}

    def each(self, zone: str, key: Key) -> tuple[tuple[Server, Reply], ...]:
        """Ask every server that answers for one RRset; of the others, say what is wrong.

        Raises `LookupFailed` or `NotDelegated`.
        """
        muster = self._muster(zone)
        return (
            *((server, self._ask(server, key)) for server in muster.alive),
            *((server, Silence(fault)) for server, fault in muster.faults.items()),
        )

    def policy(self, domain: str) -> ServedPolicy:
        """Fetch the policy; where the name servers are private ones, the web is not asked."""
        if self._nameservers is not None:
            return ServedPolicy(detail="observe.nameservers names private servers")
        from mailsync.observe.policy import fetch

        return fetch(domain)

    def authority(self, zone: str, rrsets: Mapping[Key, RRset]) -> Gate:
        """Check that the zone is delegated to the servers which the host's listing names.

        Where the listing names none, every delegated server must serve what the host lists.
        """
        try:
            if self._nameservers is not None:
                return self._private(zone)
            delegation = self._delegation(zone)
            apex = rrsets.get((zone, "NS"))
            if apex is None:
                return self._by_content(zone, delegation, rrsets)
            notes = self._muster(zone).notes
        except NotDelegated as error:
            detail = f"{shown(zone)} is not delegated: {error}; have the registrar delegate it, or "
            return _gate(
                "fail", detail + "list its servers in observe.nameservers if it is private"
            )
        except LookupFailed as error:
            return _gate("unknown", f"DNS did not tell who serves {shown(zone)}: {error}")
        return _compared(zone, delegation, apex, notes)

    def _private(self, zone: str) -> Gate:
        muster = self._muster(zone)
        if not muster.faults:
            listed = ", ".join(str(server) for server in muster.alive)
            return _gate("pass", f"private: asked {listed}")
        detail = _listed(f"{server} {fault}" for server, fault in muster.faults.items())
        mute = all(fault.startswith(("did not", "cannot")) for fault in muster.faults.values())
        return _gate("unknown" if mute else "fail", f"{detail}; see observe.nameservers")

    def _by_content(self, zone: str, delegation: Delegation, rrsets: Mapping[Key, RRset]) -> Gate:
        sample = _sample(zone, rrsets)
        names = _names(delegation.names)
        if not sample:
            detail = f"the DNS host lists nothing by which {names} could be recognised as its own"
            return _gate("unknown", detail)
        lagging = self.sight(zone, sample).lagging
        if not lagging:
            return _gate("pass", f"{names} serve what the DNS host lists")
        (name, rdtype), text = min(lagging.items())
        detail = (
            f"{shown(zone)} is delegated to {names}, and these do not serve what the DNS host "
            f"lists: {shown(name)} {rdtype}: {text}; wait if it was changed just now, else change "
            "the delegation at the registrar, or the target in mailsync.yaml"
        )
        return _gate("fail", detail)

    def _muster(self, zone: str) -> _Muster:
        until, known = self._mute.get(zone, (0.0, None))
        if known is not None and time.monotonic() < until:
            return known
        servers = self._servers(zone)
        with ThreadPoolExecutor(_THREADS) as pool:
            replies = list(
                pool.map(lambda server: ask(server, zone, "SOA", self._patience), servers)
            )
        alive, faults, notes = [], {}, []
        negative_ttl: int | None = None
        reached = {
            server.name
            for server, reply in zip(servers, replies, strict=True)
            if not isinstance(reply, Silence)
        }
        for server, reply in zip(servers, replies, strict=True):
            fault = authoritative(reply)
            if isinstance(reply, Silence):
                # One of the two address families is missing here, not there: it cannot be helped.
                if reply.no_route and server.name in reached:
                    notes.append(f"{server} {fault}")
                    continue
            elif not fault:
                told = soa_negative_ttl(reply, zone)
                if told is None:
                    fault = "has no SOA there: it serves another zone"
                else:
                    negative_ttl = max(told, negative_ttl or 0)
            if fault:
                faults[server] = fault
            else:
                alive.append(server)
        muster = _Muster(tuple(alive), faults, negative_ttl, tuple(notes))
        if any(isinstance(reply, Silence) and not reply.no_route for reply in replies):
            self._mute[zone] = (time.monotonic() + _MUTE, muster)
        return muster

    def _differing(
        self, zone: str, servers: Iterable[Server], expected: Mapping[Key, RRset | None]
    ) -> list[tuple[Server, Key, str]]:
        """Give each server that does not serve an RRset as expected, with what it does instead."""
        questions = [(server, key) for key in expected for server in servers]
        silent: dict[Server, str] = {}

        def fault(question: tuple[Server, Key]) -> str:
            server, key = question
            if server in silent:
                return silent[server]
            reply = ask(server, *key, self._patience)
            if isinstance(reply, Silence):
                silent[server] = reply.reason
                return reply.reason
            cut = referred(reply, key, zone)
            if cut is not None and cut.key == key:
                return _compared_rrset(cut, expected[key])
            if cut is not None and expected[key] is None:
                return ""  # whatever is there, nobody asks this server for it
            return authoritative(reply) or _difference(reply, key, expected[key])

        with ThreadPoolExecutor(_THREADS) as pool:
            faults = pool.map(fault, questions)
        return [
            (server, key, text)
            for (server, key), text in zip(questions, faults, strict=True)
            if text
        ]

    def _ask(self, server: Server, key: Key) -> Reply:
        return ask(server, *key, self._patience)

    def _servers(self, zone: str) -> tuple[Server, ...]:
        if self._nameservers is None:
            return self._delegation(zone).servers
        found: list[Server] = []
        for name, port in self._nameservers:
            addresses = self._addresses(name)
            if not addresses:
                raise LookupFailed(f"no address of {name} (in observe.nameservers)")
            found += [Server(name, address, port) for address in addresses]
        if not found:
            raise LookupFailed("observe.nameservers lists nobody")
        return tuple(dict.fromkeys(found))

    def _addresses(self, name: str) -> tuple[str, ...]:
        try:
            return (str(ipaddress.ip_address(name)),)
        except ValueError:
            return self._finder().addresses(name)

    def _delegation(self, zone: str) -> Delegation:
        known = self._found.get(zone)
        if known is None or time.monotonic() - known[0] > _REMEMBERED:
            known = (time.monotonic(), self._finder().find(zone))
            self._found[zone] = known
        return known[1]

    def _finder(self) -> Finder:
        if self._resolver is None:
            self._resolver = system_resolver(self._patience.timeout)
        return Finder(self._resolver, self._ports, self._patience)


def _gate(state: GateState, detail: str) -> Gate:
    return Gate("authority", state, detail)


def _compared(zone: str, delegation: Delegation, apex: RRset, notes: tuple[str, ...]) -> Gate:
    listed = tuple(sorted(value.lower() for value in apex.values))
    by = "the parent delegates" if delegation.parent else "its own servers delegate"
    said = f"{by} {shown(zone)} to {_names(delegation.names)}"
    if delegation.names != listed:
        detail = (
            f"{said}, the DNS host lists {_names(listed)}: change the delegation at the registrar, "
            "or the target in mailsync.yaml"
        )
        return _gate("fail", detail)
    if not delegation.parent:
        return _gate("unknown", f"the parent's servers did not answer; {said}")
    return _gate("pass", "; ".join([f"{said}, as the DNS host lists", *notes]))


def _sample(zone: str, rrsets: Mapping[Key, RRset]) -> dict[Key, RRset]:
    """Choose the RRsets to recognise a server by, the apex first; none below a zone cut."""
    cuts = [name for name, rdtype in rrsets if rdtype == "NS" and name != zone]
    askable = [
        key
        for key in rrsets
        if _in_dns(key) and not any(is_at_or_below(key[0], cut) for cut in cuts)
    ]
    askable.sort(key=lambda key: (key[0] != zone, key))
    return {key: rrsets[key] for key in askable[:_COMPARED_MAX]}


def _in_dns(key: Key) -> bool:
    try:
        return not dns.rdatatype.is_metatype(dns.rdatatype.from_text(key[1]))
    except (dns.rdatatype.UnknownRdatatype, ValueError):
        return False


def _difference(reply: dns.message.Message, key: Key, expected: RRset | None) -> str:
    """Say what is served instead of the expected RRset; ``""`` when it is the same."""
    found = served(reply, key)
    if isinstance(found, Alias):
        return f"serves a CNAME to {_cut(found.target)}"
    return _compared_rrset(found, expected)


def _compared_rrset(found: RRset | None, expected: RRset | None) -> str:
    if _listable(found, expected) == _canonical(expected):
        return ""
    if found is None:
        return "does not serve it yet"
    return f"still serves TTL {found.ttl}: {_cut(', '.join(found.values))}"


def _listable(found: RRset | None, expected: RRset | None) -> RRset | None:
    """Leave out foreign TXT values that octoDNS cannot hold, so that no listing shows them.

    That is text with octets over 127, or with a quotation mark in front. They are nobody's to
    change; waited for, they would hold a zone for ever.
    """
    if found is None or found.type != "TXT":
        return found
    named = () if expected is None else expected.values
    values = tuple(value for value in found.values if value in named or _is_plain(value))
    return replace(found, values=values) if values else None


def _is_plain(value: str) -> bool:
    text = txt_text(value)
    return text.isascii() and not text.startswith('"')


def _canonical(rrset: RRset | None) -> RRset | None:
    if rrset is None:
        return None
    values = tuple(canonical_text(rrset.type, value) for value in rrset.values)
    return RRset(rrset.name, rrset.type, rrset.ttl, values)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_VALUES else text[: _SHOWN_VALUES - 1] + "…"


def _names(names: Iterable[str]) -> str:
    return _listed(names, ", ")


def _listed(texts: Iterable[str], separator: str = "; ") -> str:
    found = list(texts)
    more = len(found) - _SHOWN_SERVERS
    rest = [f"and {more} more"] if more > 0 else []
    return separator.join([*found[:_SHOWN_SERVERS], *rest])
