"""``tlsa``: the certificates that mail hosts present (RFC 7672)."""

from __future__ import annotations

from mailsync.desired import reading, structure
from mailsync.desired.context import Context
from mailsync.desired.model import Wish
from mailsync.desired.registry import Key
from mailsync.desired.shape import Absent, Never, Text
from mailsync.desired.structure import TTL, Either, Field, Fields, Items, Named
from mailsync.desired.tree import Mapping, Node, Scalar
from mailsync.dns.names import is_at_or_below, shown
from mailsync.dns.rrset import canonical
from mailsync.mail import dane

_WHAT = "a record, such as '3 1 1 8bd1…'"


def read(node: Node, context: Context) -> tuple[Wish, ...]:
    """Read ``{mx1: "3 1 1 8bd1…", mx2: absent}``: a host to its record, or a list of them."""
    hosts = reading.named(node, context.faults, f"a host and {_WHAT}")
    wishes: list[Wish] = []
    for key, value in hosts or ():
        host = context.host(key)
        if host is None:
            continue
        if not is_at_or_below(host, context.zone):
            message = f"{shown(host)} lies outside the zone: its TLSA records are its owner's"
            context.faults.add(key.place, message)
            continue
        wishes += _host(host, key, value, context)
    return tuple(wishes)


def _host(host: str, key: Scalar, node: Node, context: Context) -> list[Wish]:
    owner = (dane.owner(host), "TLSA")
    if reading.is_absent(node):
        return [context.wish("tlsa", owner, (), key.place)]
    ttl, source = None, node
    if isinstance(node, Mapping):
        ttl, source = context.own_ttl(node), node["values"]
    items = reading.items(source, context.faults, _WHAT)
    values = [_value(item, context) for item in items]
    known = tuple(value for value in values if value is not None)
    if not known or len(known) != len(items):
        return []
    return [context.wish("tlsa", owner, known, key.place, ttl)]


def _value(node: Node, context: Context) -> str | None:
    text = reading.text(node, context.faults, _WHAT)
    if text is None:
        return None
    try:
        record = dane.parse(text)
    except dane.BadTlsa as error:
        context.faults.add(node.place, str(error), "tlsa-usage")
        return None
    for objection in dane.objections(record):
        context.faults.add(node.place, objection, "tlsa-usage")
    # As a zone has it: long data is cut as everywhere.
    return canonical("TLSA", dane.format(record))


_RECORD = Either(
    Never("auto", "auto is not supported yet by this version: write the record"),
    Text(
        _WHAT,
        r"\s*\d{1,3}\s+\d{1,3}\s+\d{1,3}\s+[0-9A-Fa-f\s]+",
        dane.parse,
        "TLSA record",
        ("3 1 1 8bd1…",),
        rule="tlsa-usage",
    ),
)
_RECORDS = Items(_RECORD, _WHAT)
_LONG = {"values": Field(_RECORDS, "Its records.", missing=f"write {_WHAT}"), "ttl": TTL}
SHAPE = Named(
    f"a host and {_WHAT}",
    structure.name("a host", "mx1"),
    Either(Absent(), Fields(_WHAT, _LONG), _RECORDS),
)

KEY = Key(
    "tlsa",
    "The certificates that mail hosts present (DANE): host to record, or to a list of them. A new "
    "certificate's record stands beside the old one's first. 'absent' leaves DANE.",
    read,
    shape=SHAPE,
    example="{mx1: 3 1 1 8bd1b37d6bcd0d0ec4be9c3d9b0b0d1ac2fb7c0f4ec2ffb0a7a8f3bf4f3ae1c2}",
)
