"""How nodes are read: each function gives a plain value, or None after telling what is wrong.

Shapes check by these functions, and keys read by them what has been checked.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from mailsync.desired.faults import Faults, quoted
from mailsync.desired.tree import Mapping, Node, Scalar, Sequence, kind
from mailsync.dns import ttl

ABSENT = "absent"
"""What removes a record that a file names."""

_LISTED = 30  # words that a message still lists
TEXT_MAX = 60_000
"""Characters of one value: what fits into the data of a DNS record (65,535 octets)."""


def text(node: Node, faults: Faults, what: str) -> str | None:
    """Read a scalar that says something; ``what`` names it in messages, such as ``a host``."""
    if not isinstance(node, Scalar) or node.is_null:
        _unexpected(node, faults, what)
        return None
    if len(node.text) > TEXT_MAX:
        faults.add(node.place, f"{what} of {len(node.text)} characters: too long for any record")
        return None
    return node.text


def _unexpected(node: Node, faults: Faults, what: str) -> None:
    if not (isinstance(node, Scalar) and node.told):
        faults.add(node.place, f"{what} is expected here, not {kind(node)}")


def word(node: Node, faults: Faults, what: str, known: Iterable[str], rule: str = "") -> str | None:
    """Read one of the words that are known; ``rule``: the rule of lint that another one breaks."""
    found = text(node, faults, what)
    words = tuple(known)
    if found is not None and found not in words:
        among = f"{what} ({', '.join(words)})" if len(words) <= _LISTED else what
        faults.unknown(node.place, among, found, words, rule)
        return None
    return found


def items(node: Node, faults: Faults, what: str) -> tuple[Node, ...]:
    """Read a list of at least one item; anything else is a list of one."""
    if isinstance(node, Sequence):
        if not node.items:
            faults.add(node.place, f"an empty list: write {what}, or leave out the key")
        return node.items
    return (node,)


def mapping(node: Node, faults: Faults, what: str, known: Iterable[str]) -> Mapping | None:
    """Read a mapping whose keys are all known."""
    found = named(node, faults, what)
    if found is not None:
        keys = tuple(known)
        for key, _ in found:
            if key.text not in keys:
                faults.unknown(key.place, "key", key.text, keys)
    return found


def named(node: Node, faults: Faults, what: str) -> Mapping | None:
    """Read a mapping of at least one entry, with keys of the user's own."""
    if not isinstance(node, Mapping):
        _unexpected(node, faults, what)
        return None
    if not node.entries:
        faults.add(node.place, f"an empty mapping: write {what}, or leave out the key")
        return None
    return node


def is_absent(node: Node) -> bool:
    """Tell whether a node asks for removal."""
    return isinstance(node, Scalar) and node.text == ABSENT and not node.quoted


def integer(node: Node, faults: Faults, what: str, highest: int) -> int | None:
    """Read a whole number from 0 on, in decimal digits without a leading zero."""
    found = text(node, faults, what)
    if found is None:
        return None
    digits = found.isascii() and found.isdigit() and len(found) <= 10
    if not digits or str(int(found)) != found or int(found) > highest:
        faults.add(node.place, f"{quoted(found)} is no {what}: write a number from 0 to {highest}")
        return None
    return int(found)


def duration(node: Node | None, faults: Faults, what: str) -> int | None:
    """Read a duration, in seconds; None also where there is no node."""
    found = None if node is None else text(node, faults, what)
    if node is None or found is None:
        return None
    try:
        return ttl.seconds(found[:80])
    except ttl.BadDuration as error:
        faults.add(node.place, str(error))
        return None


def boolean(node: Node, faults: Faults, what: str) -> bool | None:
    """Read ``true`` or ``false``."""
    found = word(node, faults, what, ("true", "false"))
    return None if found is None else found == "true"


def address(node: Node, faults: Faults) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Read an IPv4 or IPv6 address."""
    found = text(node, faults, "an address")
    if found is None:
        return None
    try:
        result = ipaddress.ip_address(found)
    except ValueError:
        result = None
    if result is None or "%" in found:
        faults.add(node.place, f"{quoted(found)} is no address: write such as 192.0.2.10")
        return None
    return result


def is_address(found: str) -> bool:
    """Tell whether a text is an address where a name should stand."""
    try:
        ipaddress.ip_address(found.strip("[].").removeprefix("IPv6:"))
    except ValueError:
        return False
    return True
