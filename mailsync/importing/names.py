"""How names are written in a file: relative to the domain where that reads better."""

from __future__ import annotations

from mailsync.dns.names import is_at_or_below


def relative(name: str, domain: str) -> str:
    """Write an absolute name as a host or target: ``mx1``, or whole with its final dot.

    The domain itself is written whole, as is what would read like a name that lost its dot.
    """
    if domain in {name, "."} or not is_at_or_below(name, domain):
        return name
    short = name.removesuffix(f".{domain}")
    return name if is_at_or_below(f"{short}.", domain) else short


def owner(name: str, domain: str) -> str:
    """Write an absolute name as a key: ``www``, ``@`` for the domain itself."""
    return "@" if name == domain else relative(name, domain)
