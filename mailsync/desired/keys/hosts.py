"""``hosts``: the addresses of mail hosts inside the zone."""

from __future__ import annotations

from mailsync.desired import reading, structure
from mailsync.desired.context import Context
from mailsync.desired.model import Wish
from mailsync.desired.registry import Key
from mailsync.desired.shape import Absent, Address
from mailsync.desired.structure import TTL, Either, Field, Fields, Items, Named
from mailsync.desired.tree import Mapping, Node
from mailsync.dns.names import is_host, shown

_WHAT = "an address, or a list of them"


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``{mx1: [192.0.2.10, "2001:db8::10"], old: absent}``."""
    hosts = reading.named(node, context.faults, "a host and its addresses")
    wishes: list[Wish] = []
    for key, value in hosts or ():
        name = context.owner(key, "a host", key.text)
        if name is None:
            continue
        if not is_host(name):
            message = f"{shown(name)} is no host's name: letters, digits, hyphens (RFC 1123 §2.1)"
            context.faults.add(key.place, message)
        elif reading.is_absent(value):
            wishes += [context.wish("host", (name, t), (), key.place) for t in ("A", "AAAA")]
        else:
            wishes += _addresses(name, value, context)
    return tuple(wishes)


def _addresses(name: str, node: Node, context: Context) -> list[Wish]:
    ttl, values = None, node
    if isinstance(node, Mapping):
        ttl, values = context.own_ttl(node), node["addresses"]
    return read_addresses(name, values, context, ttl)


def read_addresses(name: str, node: Node, context: Context, ttl: int | None) -> list[Wish]:
    """Read addresses of both families; a family without an address is not spoken of."""
    return [
        context.wish("host", (name, rdtype), values, node.place, ttl)
        for rdtype, values in addresses(node, context).items()
    ]


def addresses(node: Node, context: Context) -> dict[str, tuple[str, ...]]:
    """Read addresses, by the type of their records."""
    by_type: dict[str, dict[str, None]] = {}
    for item in reading.items(node, context.faults, _WHAT):
        address = reading.address(item, context.faults)
        if address is None:
            continue
        values = by_type.setdefault("A" if address.version == 4 else "AAAA", {})
        if str(address) in values:
            context.faults.add(item.place, f"{address} stands twice")
        values[str(address)] = None
    return {rdtype: tuple(values) for rdtype, values in by_type.items()}


_ADDRESSES = Items(Address(), _WHAT, once=True)
_LONG = {
    "addresses": Field(_ADDRESSES, "Its addresses.", missing=f"write {_WHAT}"),
    "ttl": TTL,
}
SHAPE = Named(
    "a host and its addresses",
    structure.host("a host", "mx1"),
    Either(Absent(), Fields(_WHAT, _LONG), _ADDRESSES),
)

KEY = Key(
    "hosts",
    "Addresses of mail hosts inside the zone, by name; 'absent' removes a host.",
    read,
    shape=SHAPE,
    example='{mx1: [192.0.2.10, "2001:db8::10"]}',
)
