"""Asking resolvers, as senders do; and never for a name that is about to be created.

A resolver that is asked too early remembers that there was nothing, for up to hours (RFC 2308).
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from threading import Lock

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.nameserver
import dns.rcode
import dns.rdatatype
import dns.resolver

from mailsync.dns.answer import VOID, Answer
from mailsync.dns.names import is_at_or_below
from mailsync.dns.rrset import Key, RRset
from mailsync.observe.question import (
    Alias,
    Manner,
    Patience,
    Server,
    Silence,
    ask,
    canonical_text,
)

RECURSIVE = Manner(recursive=True)

_REMEMBERED = 20_000
"""Answers that are kept during a run."""

_FAILURE_HOLDS = 30.0
"""Seconds after which a question that failed is asked again."""

_VALUES_MAX = 200
_ALIASES_MAX = 8


PUBLIC = ("1.1.1.1", "8.8.8.8", "9.9.9.9")
"""Resolvers of the world, where mailsync.yaml names none."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """An answer with its circumstances.

    ``owner``: where the values stand, aliases followed. ``ttl``: the seconds that the resolver
    still keeps it. ``secure``: the resolver has validated it (AD, RFC 4035 §3.2.3). ``servfail``:
    it answered SERVFAIL: a fault of the zone's servers or of DNSSEC, not of the network here.
    """

    answer: Answer
    owner: str = ""
    ttl: int = 0
    secure: bool = False
    servfail: bool = False


@dataclass(frozen=True, slots=True)
class Planned:
    """Names that are about to be created, each with its zone; no resolver is asked near them.

    ``keys``: RRsets to be created at names that are there already, as those of a zone's apex.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[Key, str] = field(default_factory=dict)
    _branches: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find the branches of the zones in which they lie."""
        branches = {_branch(name, zone): zone for name, zone in self.names.items()}
        object.__setattr__(self, "_branches", branches)

    def zone(self, name: str, rdtype: str) -> str | None:
        """Give the zone whose servers are to be asked instead of a resolver, or None.

        Whatever hangs on the same label below the apex counts as near: a resolver that finds an
        ancestor missing takes all below it for missing, too (RFC 8020).
        """
        labels = name.split(".")
        for start in range(len(labels) - 1):
            zone = self._branches.get(".".join(labels[start:]))
            if zone is not None:
                return zone
        return self.keys.get((name, rdtype))


def _branch(name: str, zone: str) -> str:
    if name == zone or not is_at_or_below(name, zone):
        return name
    below = name[: -len(zone)].rstrip(".") if zone != "." else name.rstrip(".")
    return f"{below.rpartition('.')[2]}.{zone if zone != '.' else ''}"


Direct = Callable[[str, str, str], RRset | Alias | str | None]
"""Asks the servers of a zone itself, as (zone, name, type); a text says why they did not tell."""


class Lookups:
    """A `mailsync.dns.answer.Resolver` that remembers what it was told for one run.

    ``resolvers`` are asked in turn until one answers; ``direct`` answers for what is planned.
    """

    def __init__(
        self,
        resolvers: Sequence[Server],
        patience: Patience,
        planned: Planned | None = None,
        direct: Direct | None = None,
    ) -> None:
        self._resolvers = tuple(resolvers)
        self._patience = patience
        self._planned = planned or Planned()
        self._direct = direct
        self._lock = Lock()
        self._known: OrderedDict[Key, tuple[float, Resolution]] = OrderedDict()

    def ask(self, name: str, rdtype: str) -> Answer:
        """Give what stands at a name, aliases followed; never raises."""
        return self.resolve(name, rdtype).answer

    def addresses(self, host: str) -> Answer:
        """Give the addresses of a host, IPv4 first; failed or unknown if either family is."""
        both = [self.ask(host, family) for family in ("A", "AAAA")]
        values = tuple(value for answer in both for value in answer.values)
        if values:
            return Answer("found", values)
        return next((answer for answer in both if answer.state != "void"), VOID)

    def resolve(self, name: str, rdtype: str) -> Resolution:
        """Give the same with its circumstances."""
        key = (name.lower(), rdtype)
        with self._lock:
            until, known = self._known.get(key, (0.0, None))
        if known is None or time.monotonic() > until:
            known = self._resolved(*key)
            failed = known.answer.state == "failed"
            until = time.monotonic() + _FAILURE_HOLDS if failed else math.inf
            with self._lock:
                self._known[key] = (until, known)
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        return known

    def _resolved(self, name: str, rdtype: str) -> Resolution:
        for _ in range(_ALIASES_MAX):
            zone = self._planned.zone(name, rdtype)
            if zone is None:
                return self._asked(name, rdtype)
            if self._direct is None:
                reason = "it may be about to be created: no resolver is asked"
                return Resolution(Answer("unknown", reason=reason))
            said = self._direct(zone, name, rdtype)
            if not isinstance(said, Alias):
                return _direct_resolution(said, name)
            name = said.target
        return _failed("a loop of aliases")

    def _asked(self, name: str, rdtype: str) -> Resolution:
        found = _failed("there is no resolver to ask")
        for resolver in self._resolvers:
            found = resolved_by(resolver, name, rdtype, self._patience)
            if found.answer.state in {"found", "void"}:
                break
        return found


def resolved_by(resolver: Server, name: str, rdtype: str, patience: Patience) -> Resolution:
    """Ask one resolver, and follow the aliases in its answer; never raises."""
    reply = ask(resolver, name, rdtype, patience, RECURSIVE)
    if isinstance(reply, Silence):
        return _failed(f"the resolver {resolver} {reply.reason}")
    rcode = reply.rcode()
    if rcode not in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN}:
        text = f"the resolver {resolver} answered {dns.rcode.to_text(rcode)}"
        return replace(_failed(text), servfail=rcode == dns.rcode.SERVFAIL)
    secure = bool(reply.flags & dns.flags.AD)
    try:
        chain = reply.resolve_chaining()  # type: ignore[attr-defined]  # queries' answers have it
    except (dns.exception.DNSException, ValueError):
        return _failed(f"the resolver {resolver} gave an answer that contradicts itself")
    owner = chain.canonical_name.to_text().lower()
    if chain.answer is None:
        return Resolution(VOID, owner, chain.minimum_ttl, secure)
    few = islice(chain.answer, _VALUES_MAX)
    values = sorted(canonical_text(rdtype, value.to_text()) for value in few)
    return Resolution(Answer("found", tuple(values)), owner, chain.minimum_ttl, secure)


def _failed(reason: str) -> Resolution:
    return Resolution(Answer("failed", reason=reason))


def _direct_resolution(said: RRset | str | None, name: str) -> Resolution:
    if isinstance(said, str):
        return _failed(said)
    if said is None:
        return Resolution(VOID, name)
    return Resolution(Answer("found", said.values), name, said.ttl)


def system_resolvers() -> tuple[Server, ...]:
    """Give the resolvers that this machine is set to use; none when it has none."""
    try:
        found = dns.resolver.Resolver()
    except (dns.exception.DNSException, OSError):
        return ()
    return tuple(
        Server(name, name, found.port) for name in map(str, found.nameservers) if _is_address(name)
    )


def dnspython_resolver(resolvers: Iterable[Server], patience: Patience) -> dns.resolver.Resolver:
    """Give the same resolvers as dnspython has them, for what it does by itself."""
    made = dns.resolver.Resolver(configure=False)
    made.nameservers = [dns.nameserver.Do53Nameserver(r.address, r.port) for r in resolvers]
    made.timeout = patience.timeout
    made.lifetime = 2 * patience.timeout
    made.cache = dns.resolver.LRUCache(_REMEMBERED)
    return made


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
