"""The resolver with which lint looks at names elsewhere; names of ours are asked for at home."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from mailsync.desired.model import Desired
from mailsync.dns.answer import Resolver
from mailsync.observe.delegation import Finder
from mailsync.observe.question import Patience
from mailsync.observe.resolving import Lookups, Planned, dnspython_resolver, system_resolvers
from mailsync.observe.zones import Zones


def lookups(
    domains: Iterable[Desired], nameservers: Literal["auto", "none"] | tuple[tuple[str, int], ...]
) -> Resolver:
    """Give a resolver that asks no other for what the files of these domains speak of.

    The zones' own servers are asked for that, which remember nothing; with ``none`` nobody is.
    """
    patience = Patience()
    resolvers = system_resolvers()
    planned = {
        name: desired.zone
        for desired in domains
        for name in (desired.zone, *(wish.name for wish in desired.wishes))
    }
    finder = Finder(dnspython_resolver(resolvers, patience), {}, patience)
    listed = None if isinstance(nameservers, str) else nameservers
    zones = Zones(finder, listed, frozenset(planned.values()))
    direct = None if nameservers == "none" else zones.ask
    return Lookups(resolvers, patience, Planned(planned), direct)
