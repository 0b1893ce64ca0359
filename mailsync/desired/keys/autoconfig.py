"""``autoconfig``: where Thunderbird and others look for their server's settings, by HTTPS."""

from __future__ import annotations

from mailsync.desired import reading, structure
from mailsync.desired.context import Context
from mailsync.desired.keys import hosts
from mailsync.desired.laws import one_of
from mailsync.desired.model import Wish
from mailsync.desired.registry import Key
from mailsync.desired.shape import Absent, Address
from mailsync.desired.structure import TTL, Either, Field, Fields, Items
from mailsync.desired.tree import Mapping, Node, Scalar, Sequence

_WHAT = "a host, or addresses"
_HOST = structure.host("a host", "autoconfig.example.net.", but="autoconfig")
_ADDRESSES = Items(Address(), "an address, or a list of them", once=True)


class _Addresses(Items):
    """Addresses, where a host may stand as well."""

    def takes(self, node: Node) -> bool:
        """Take a list, and what looks like an address."""
        alone = isinstance(node, Scalar) and reading.is_address(node.text)
        return alone or isinstance(node, Sequence)


SHAPE = Either(
    Absent(),
    Fields(
        _WHAT,
        {
            "target": Field(_HOST, "The host: the target of a CNAME."),
            "addresses": Field(_ADDRESSES, "Its addresses, instead."),
            "ttl": TTL,
        },
        laws=(one_of(("target",), ("addresses",)),),
    ),
    _Addresses(Address(), "an address, or a list of them", once=True),
    _HOST,
)


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``autoconfig.example.net.``, ``[192.0.2.80]``, the same with a TTL, or ``absent``."""
    name = f"autoconfig.{context.domain}"
    if reading.is_absent(node):
        # It is not said which of them it is now.
        types = ("A", "AAAA", "CNAME")
        return tuple(context.wish("autodiscover", (name, t), (), node.place) for t in types)
    ttl, source = None, node
    if isinstance(node, Mapping):
        target, addresses = node.get("target"), node.get("addresses")
        if (target is None) == (addresses is None):
            message = "write either target or addresses: an alias stands alone (RFC 2181 §10.1)"
            context.faults.add(node.place, message)
            return ()
        ttl, source = context.own_ttl(node), target or addresses or node
        if target is not None:
            return _alias(name, target, node, ttl, context)
    if isinstance(source, Scalar) and not reading.is_address(source.text):
        return _alias(name, source, node, ttl, context)
    found = hosts.addresses(source, context)
    return tuple(
        context.wish("autodiscover", (name, rdtype), values, node.place, ttl)
        for rdtype, values in found.items()
    )


def _alias(
    name: str, source: Node, node: Node, ttl: int | None, context: Context
) -> tuple[Wish, ...]:
    target = context.host(source)
    if target is None:
        return ()
    if target == name:
        context.faults.add(source.place, "autoconfig points to itself: write another host")
        return ()
    return (context.wish("autodiscover", (name, "CNAME"), (target,), node.place, ttl),)


KEY = Key(
    "autoconfig",
    "The host that tells mail clients such as Thunderbird their settings: the target of a CNAME at "
    "autoconfig, or addresses. 'absent' removes it.",
    read,
    shape=SHAPE,
    example="autoconfig.example.net.",
)
