"""The names of addresses, and whether they lead back (RFC 1912 §2.1, RFC 8601 §3 "iprev")."""

from __future__ import annotations

from mailsync.mail.ptr import reverse_name
from mailsync.observe.facts import Reverse
from mailsync.observe.resolving import Lookups

_NAMES_MAX = 5
"""Names of one address that are followed; receivers follow about as many."""


def look(address: str, lookups: Lookups) -> Reverse:
    """Ask for the names of an address, and for the addresses of each."""
    names = lookups.ask(reverse_name(address), "PTR")
    family = "AAAA" if ":" in address else "A"
    forward, aliases = {}, set()
    for name in names.values[:_NAMES_MAX]:
        found = lookups.resolve(name, family)
        forward[name] = found.answer
        if found.owner not in {"", name}:
            aliases.add(name)
    return Reverse(address, names, forward, frozenset(aliases))
